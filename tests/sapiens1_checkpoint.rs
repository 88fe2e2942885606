//! Checkpoints of Sapiens v1: all official ones are recognised by names and shapes, what these do not say is asked for, and what
//! cannot be evaluated is refused by name.

use sapiens::checkpoint::{Arch, Head, Hints, Naming, Source, model_info};
use sapiens::convert::{ConvertOptions, plan};
use sapiens::geometry::Size;
use sapiens::spec::{HeatmapCodec, Licence, ModelFraming, Precision, Rope, Task};
use sapiens::{Error, ErrorKind, Result};
use testkit::{Dtype, GOLDEN1, Tensor, golden_tensors1, safetensors_bytes};

const TINY: Hints = Hints { heads: Some(4), patch_padding: None };

fn source(tensors: &[Tensor], metadata: &[(&str, &str)]) -> Source {
    Source::from_bytes(safetensors_bytes(tensors, Dtype::F32, metadata)).unwrap()
}

#[track_caller]
fn refused<T>(result: Result<T>, kind: ErrorKind, fragments: &[&str]) {
    let error: Error = result.err().expect("an error");
    let message = error.to_string();
    assert_eq!(error.kind(), kind, "{message}");
    fragments.iter().for_each(|fragment| assert!(message.contains(fragment), "`{fragment}` in: {message}"));
}

#[test]
fn all_42_official_models_are_recognised_by_their_key_tables() {
    let dir = tempfile::tempdir().unwrap();
    let manifests = testkit::manifests1();
    assert_eq!(manifests.len(), 42);
    for manifest in manifests {
        let (name, expected) = (&manifest.name, &manifest.summary);
        let number = |key: &str| expected[key].as_u64().unwrap() as usize;
        let path = dir.path().join("model.safetensors");
        testkit::write_sparse(&path, &manifest.tensors);
        let source = Source::open(&path).unwrap();
        assert_eq!(source.naming(), Naming::Sapiens1, "{name}");
        let arch = Arch::derive(&source).unwrap_or_else(|e| panic!("{name}: {e}"));
        let info = model_info(&source, &arch).unwrap();

        let task = match expected["task"].as_str().unwrap() {
            "pretrain" => Task::Features,
            task => task.parse().unwrap(),
        };
        assert_eq!(info.tasks, [task], "{name}");
        assert_eq!(info.size, expected["size"].as_str().unwrap(), "{name}");
        assert_eq!(info.parameters, expected["params"].as_u64().unwrap(), "{name}");
        let [height, width]: [usize; 2] = serde_json::from_value(expected["image_hw"].clone()).unwrap();
        assert_eq!(info.input, Size::new(width, height), "{name}");
        assert_eq!((info.framing, info.heatmap, info.rope), (ModelFraming::Sapiens1, HeatmapCodec::Udp, Rope::Fp32));
        assert_eq!((info.licence, info.precision), (Licence::Sapiens1, Precision::Fp32), "{name}");

        assert_eq!((arch.embed, arch.heads), (number("embed"), number("heads")), "{name}");
        assert_eq!((arch.layers.len(), arch.layers[0].ffn_hidden), (number("layers"), 4 * arch.embed), "{name}");
        let v1 = arch.sapiens1.unwrap();
        assert_eq!(v1.padding, number("patch_padding"), "{name}");
        assert_eq!(v1.has_cls, task == Task::Features, "{name}");
        assert_eq!((arch.prefix_tokens(), v1.input()), (usize::from(v1.has_cls), info.input), "{name}");
        match arch.heads_by_task.as_slice() {
            [] => assert_eq!(task, Task::Features, "{name}"),
            [(_, head @ Head::Deconv { deconv, conv, .. })] => {
                let outputs = |convs: &[sapiens::checkpoint::Conv]| convs.iter().map(|c| c.output).collect::<Vec<_>>();
                let numbers = |key: &str| serde_json::from_value::<Vec<usize>>(expected[key].clone()).unwrap();
                assert_eq!(head.out(), number("outputs"), "{name}");
                assert_eq!((outputs(deconv), outputs(conv)), (numbers("deconv"), numbers("conv")), "{name}");
            }
            _ => panic!("{name}: one head of transposed convolutions"),
        }
        std::fs::remove_file(&path).unwrap();
    }
}

#[test]
fn pretrained_models_come_in_three_forms() {
    let whole = golden_tensors1("pretrain");
    let without: Vec<_> = whole.iter().filter(|t| !t.name.starts_with("neck.")).cloned().collect();
    let bare: Vec<_> = without
        .iter()
        .map(|t| Tensor { name: t.name.strip_prefix("backbone.").unwrap().to_owned(), ..t.clone() })
        .collect();
    for (tensors, prefix) in [(&whole, "backbone."), (&without, "backbone."), (&bare, "")] {
        for bytes in [safetensors_bytes(tensors, Dtype::F32, &[]), testkit::pth_bytes(tensors)] {
            let source = Source::from_bytes(bytes).unwrap().with_hints(TINY);
            let arch = Arch::derive(&source).unwrap();
            assert_eq!((arch.prefix.as_str(), arch.tasks()), (prefix, vec![Task::Features]));
            assert_eq!(arch.sapiens1.unwrap().grid, Size::new(8, 8));
            let info = model_info(&source, &arch).unwrap();
            let elements: usize = tensors.iter().map(|t| t.data.len()).sum();
            assert_eq!((info.size.as_str(), info.parameters), ("custom", elements as u64));
        }
    }
}

#[test]
fn the_number_of_heads_is_known_given_or_asked_for() {
    let tensors = golden_tensors1("pose17");
    let with = |heads, metadata: &[(&str, &str)]| {
        Arch::derive(&source(&tensors, metadata).with_hints(Hints { heads, ..Hints::default() }))
    };
    refused(with(None, &[]), ErrorKind::Unsupported, &["heads", "width 32", "1024 (16)", "--heads", "metadata"]);
    assert_eq!(with(None, &[("heads", "8")]).unwrap().heads, 8);
    let arch = with(Some(4), &[("heads", "8")]).unwrap();
    assert_eq!((arch.heads, arch.head_dim, arch.layers[0].kv_heads), (4, 8, 4));
    for heads in [0, 5, 64] {
        refused(with(Some(heads), &[]), ErrorKind::InvalidArgument, &["heads", &heads.to_string(), "divisor", "32"]);
    }
    refused(with(None, &[("heads", "5")]), ErrorKind::CorruptModel, &["heads", "divisor"]);
    refused(with(None, &[("heads", "many")]), ErrorKind::CorruptModel, &["`heads` is `many`", "number"]);
    let sapiens2 = Source::open(testkit::golden_checkpoint("pose")).unwrap().with_hints(TINY);
    refused(Arch::derive(&sapiens2), ErrorKind::InvalidArgument, &["heads", "Sapiens2"]);
}

#[test]
fn the_padding_follows_from_the_task_unless_it_is_given() {
    let padding = |name: &str, hint, metadata: &[(&str, &str)]| {
        let source = source(&golden_tensors1(name), metadata).with_hints(Hints { patch_padding: hint, ..TINY });
        Arch::derive(&source).map(|arch| arch.sapiens1.unwrap().padding)
    };
    for name in GOLDEN1 {
        let expected = testkit::expected1(name).metadata["patch_padding"].parse::<usize>().unwrap();
        assert_eq!(padding(name, None, &[]).unwrap(), expected, "{name}");
        assert_eq!(padding(name, Some(1), &[("patch_padding", "3")]).unwrap(), 1, "{name}");
        assert_eq!(padding(name, None, &[("patch_padding", "3")]).unwrap(), 3, "{name}");
    }
    refused(padding("seg", Some(8), &[]), ErrorKind::InvalidArgument, &["patch padding", "8", "7"]);
    refused(padding("seg", None, &[("patch_padding", "8")]), ErrorKind::CorruptModel, &["patch padding", "8"]);
}

#[test]
fn the_grid_of_the_positions() {
    let mut tensors = golden_tensors1("pose17");
    let table = tensors.iter_mut().find(|t| t.name == "backbone.pos_embed").unwrap();
    (table.shape, table.data) = (vec![1, 50, 32], vec![0.5; 50 * 32]);
    let derive = |metadata: &[(&str, &str)]| Arch::derive(&source(&tensors, metadata).with_hints(TINY));
    refused(derive(&[]), ErrorKind::CorruptModel, &["`backbone.pos_embed`", "50 rows", "square", "input_size"]);
    refused(derive(&[("input_size", "96x96")]), ErrorKind::CorruptModel, &["50 rows"]);
    let arch = derive(&[("input_size", "160x80")]).unwrap();
    assert_eq!((arch.sapiens1.unwrap().grid, arch.default_input()), (Size::new(5, 10), Some(Size::new(80, 160))));
}

#[test]
fn what_is_missing_or_too_much_is_named() {
    let tensors = golden_tensors1("pose17");
    let derive = |tensors: &[Tensor]| Arch::derive(&source(tensors, &[]).with_hints(TINY));
    derive(&tensors).unwrap();
    for tensor in &tensors {
        let rest: Vec<_> = tensors.iter().filter(|t| t.name != tensor.name).cloned().collect();
        match derive(&rest) {
            // One transposed convolution less is a smaller head.
            Ok(arch) => {
                assert_eq!(tensor.name, "head.deconv_layers.3.weight");
                assert_eq!(arch.head(Task::Pose).unwrap().upscale(), 2);
            }
            // Without a layer in a list, what comes behind it does not fit.
            Err(error) if tensor.name.starts_with("head.") => assert!(error.to_string().contains("`head."), "{error}"),
            Err(error) => {
                assert!(error.to_string().contains(&format!("`{}`", tensor.name)), "{}: {error}", tensor.name)
            }
        }
        let wrong = |t: &Tensor| match t.name == tensor.name {
            true => Tensor {
                shape: [&[2], &t.shape[..]].concat(),
                data: [t.data.clone(), t.data.clone()].concat(),
                ..t.clone()
            },
            false => t.clone(),
        };
        let misshapen: Vec<_> = tensors.iter().map(wrong).collect();
        refused(derive(&misshapen), ErrorKind::CorruptModel, &[&format!("`{}`", tensor.name), "shape"]);
    }
    let with = |name: &str| {
        let extra = Tensor { name: name.into(), shape: vec![16], data: vec![1.0; 16] };
        derive(&[&tensors[..], &[extra]].concat())
    };
    refused(with("backbone.layers.0.attn.gamma.weight"), ErrorKind::UnknownModel, &["attn.gamma.weight", "Sapiens v1"]);
    refused(with("neck.mask_token"), ErrorKind::UnknownModel, &["`neck.mask_token`"]);
    refused(with("decode_head.conv_seg.weight"), ErrorKind::UnknownModel, &["`head.*`", "`decode_head.*`"]);
    let batch_norm = with("head.conv_layers.1.running_mean");
    refused(batch_norm, ErrorKind::Unsupported, &["batch norm", "`head.conv_layers.1.running_mean`", "instance norm"]);
}

#[test]
fn tasks_sizes_and_options_that_it_does_not_have() {
    let source = source(&golden_tensors1("depth"), &[]).with_hints(TINY);
    let with = |options: ConvertOptions| plan(&source, &options);
    let rope = ConvertOptions { rope: Some(Rope::Bf16), ..Default::default() };
    refused(with(rope), ErrorKind::InvalidArgument, &["rope", "Sapiens v1"]);
    let pose = ConvertOptions { tasks: Some(vec![Task::Pose]), ..Default::default() };
    refused(with(pose), ErrorKind::Unsupported, &["`pose`", "it has depth"]);
    let odd = ConvertOptions { input: Some(Size::new(100, 128)), ..Default::default() };
    refused(with(odd), ErrorKind::InvalidArgument, &["128x100", "multiples of 16"]);
}
