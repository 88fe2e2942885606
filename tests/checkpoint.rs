//! Checkpoints of all kinds are recognised, and their tensors read.

use sapiens::checkpoint::{
    Arch, Checkpoint, DType, Head, HeadNorm, Naming, Source, model_info, official, official_sizes,
};
use sapiens::geometry::Size;
use sapiens::spec::{DetectorFamily, DetectorInfo, HeatmapCodec, Licence, ModelFraming, Precision, Rope, Task};
use testkit::{Dtype, Spec, golden_checkpoint, golden_tensors, make_checkpoint, safetensors_bytes, to_transformers};

fn task_of(name: &str) -> Task {
    if name.contains("pretrain") { Task::Features } else { name.parse().unwrap() }
}

fn numbers(value: &serde_json::Value) -> Vec<usize> {
    serde_json::from_value(value.clone()).unwrap()
}

#[test]
fn all_27_official_models_are_recognised_by_their_key_tables() {
    let dir = tempfile::tempdir().unwrap();
    let manifests = testkit::manifests();
    assert_eq!(manifests.len(), 27);
    for manifest in manifests {
        let name = &manifest.name;
        let path = dir.path().join(format!("{name}.safetensors"));
        testkit::write_sparse(&path, &manifest.tensors);
        let source = Source::open(&path).unwrap();
        let arch = Arch::derive(&source).unwrap();
        let info = model_info(&source, &arch).unwrap();

        let (size, task) = name.rsplit_once('_').unwrap();
        let image = numbers(&manifest.summary["image"]);
        assert_eq!(info.tasks, [task_of(task)], "{name}");
        assert_eq!(info.size, size.replace('_', "-"), "{name}");
        assert_eq!(info.parameters, manifest.summary["params"].as_u64().unwrap(), "{name}");
        assert_eq!(info.input, Size::new(image[1], image[0]), "{name}");
        assert_eq!((info.framing, info.heatmap, info.rope), (ModelFraming::Official, HeatmapCodec::Udp, Rope::Bf16));
        assert_eq!((info.licence, info.precision), (Licence::Sapiens2, Precision::Fp32));
        check_arch(name, &arch, &manifest.summary["arch"]);
        check_head(name, &arch, &manifest.summary["head"]);
        std::fs::remove_file(&path).unwrap();
    }
}

#[test]
fn the_official_sizes_are_those_of_the_key_tables() {
    let mut tables = 0;
    for manifest in testkit::manifests().into_iter().filter(|m| !m.name.contains("4k")) {
        let (size, task) = manifest.name.rsplit_once('_').unwrap();
        let task = task_of(task);
        assert!(official_sizes(task).contains(&size), "{size} {task}");
        let source = official(size, task).unwrap().unwrap();
        let tensor = |name: &str| (name.to_owned(), source.checkpoint().info(name).unwrap().shape.clone());
        let found: std::collections::BTreeMap<_, _> = source.checkpoint().names().map(tensor).collect();
        let table = manifest.tensors.into_iter().filter(|(name, ..)| !name.ends_with("rope_embed.periods"));
        let expected: std::collections::BTreeMap<_, _> = table.map(|(name, shape, _)| (name, shape)).collect();
        assert_eq!(found, expected, "{size} {task}");
        tables += 1;
    }
    assert_eq!(tables, Task::ALL.into_iter().map(|task| official_sizes(task).len()).sum::<usize>());
    assert!(official("0.1b", Task::Pose).unwrap().is_none() && official("7b", Task::Pose).unwrap().is_none());
}

fn check_arch(name: &str, arch: &Arch, expected: &serde_json::Value) {
    let number = |key: &str| expected[key].as_u64().unwrap() as usize;
    assert_eq!(arch.embed, number("embed_dims"), "{name}");
    assert_eq!(arch.heads, number("num_heads"), "{name}");
    assert_eq!(arch.layers.len(), number("num_layers"), "{name}");
    for (i, layer) in arch.layers.iter().enumerate() {
        let is_grouped = i >= 8 && i + 8 < arch.layers.len();
        assert_eq!(layer.kv_heads, if is_grouped { arch.heads / 2 } else { arch.heads }, "{name} {i}");
        assert_eq!(layer.ffn_hidden, number("feedforward_channels"), "{name} {i}");
    }
    assert_eq!((arch.patch, arch.storage_tokens, arch.prefix_tokens()), (16, 8, 9), "{name}");
    assert_eq!(arch.rope_periods.as_ref().unwrap().len(), arch.head_dim / 4, "{name}");
    let tokenizer = name.contains("4k").then(|| number("num_tokenizer_layers"));
    assert_eq!(arch.tokenizer.as_ref().map(|t| t.layers.len()), tokenizer, "{name}");
}

fn check_head(name: &str, arch: &Arch, expected: &serde_json::Value) {
    if expected.is_null() {
        assert!(arch.heads_by_task.is_empty(), "{name}");
        return;
    }
    let [(_, head)] = arch.heads_by_task.as_slice() else { panic!("{name}: one head") };
    let outputs = |convs: &[sapiens::checkpoint::Conv]| convs.iter().map(|c| c.output).collect::<Vec<_>>();
    match head {
        Head::Deconv { deconv, conv, .. } => {
            assert_eq!(outputs(deconv), numbers(&expected["deconv_out_channels"]), "{name}");
            assert_eq!(outputs(conv), numbers(&expected["conv_out_channels"]), "{name}");
        }
        Head::PixelShuffle { upsample, conv, norm, scale, .. } => {
            let up: Vec<_> = upsample.iter().map(|c| c.output / 4).collect();
            assert_eq!(up, numbers(&expected["upsample_channels"]), "{name}");
            assert_eq!(outputs(conv), numbers(&expected["conv_out_channels"]), "{name}");
            assert_eq!(*norm == HeadNorm::ChannelRms, name.contains("albedo"), "{name}");
            assert_eq!(scale.is_some(), name.contains("pointmap"), "{name}");
            if let Some(scale) = scale {
                assert_eq!(outputs(&scale.convs), numbers(&expected["scale_conv_out_channels"]), "{name}");
                let mut linear = vec![scale.linears[0].input];
                linear.extend(scale.linears.iter().map(|l| l.output));
                assert_eq!(linear, numbers(&expected["scale_final_layer"]), "{name}");
                assert_eq!(scale.cells, 48, "{name}");
            }
        }
    }
    let out = match arch.tasks()[0] {
        Task::Pose => 308,
        Task::Seg => 29,
        Task::Matting => 4,
        _ => 3,
    };
    assert_eq!(head.out(), out, "{name}");
}

#[test]
fn the_tiny_references_are_custom_sizes_and_the_pointmap_finds_its_input() {
    for name in testkit::GOLDEN {
        let source = Source::open(golden_checkpoint(name)).unwrap();
        let arch = Arch::derive(&source).unwrap();
        let info = model_info(&source, &arch).unwrap();
        let input = match name {
            "pretrain_4k" => "4096x3072",
            "pointmap" => "256x192",
            _ => "1024x768",
        };
        assert_eq!((info.size.as_str(), info.input.to_string().as_str()), ("custom", input), "{name}");
        assert_eq!((arch.embed, arch.head_dim, arch.heads, arch.layers.len()), (32, 8, 4, 18), "{name}");
        let kv: Vec<_> = arch.layers.iter().map(|l| l.kv_heads).collect();
        assert_eq!(kv[7..11], [4, 2, 2, 4], "{name}");
        let dtype = match name {
            "pose_bf16" => DType::BF16,
            "pose_fp16" => DType::F16,
            _ => DType::F32,
        };
        assert_eq!(source.main_dtype(), Some(dtype), "{name}");
    }
}

#[test]
fn the_pointmap_refuses_an_input_that_its_scale_branch_does_not_fit() {
    let arch = Arch::derive(&Source::open(golden_checkpoint("pointmap")).unwrap()).unwrap();
    arch.check_input(Size::new(192, 256)).unwrap();
    let message = arch.check_input(Size::new(768, 1024)).unwrap_err().to_string();
    assert!(message.contains("1024x768") && message.contains("256x192"), "{message}");
    let message = arch.check_input(Size::new(100, 128)).unwrap_err().to_string();
    assert!(message.contains("multiples of 16"), "{message}");
    let arch = Arch::derive(&Source::open(golden_checkpoint("pretrain_4k")).unwrap()).unwrap();
    assert!(arch.check_input(Size::new(96, 128)).unwrap_err().to_string().contains("multiples of 64"));
    assert_eq!(arch.grid(Size::new(384, 512)), Size::new(6, 8));
}

#[test]
fn transformers_names_give_the_same_architecture_and_values() {
    for task in ["pretrain", "pose", "seg", "normal", "pointmap", "matting"] {
        let tensors: Vec<_> = make_checkpoint(&Spec::tiny(task, 5));
        let original = Source::from_bytes(safetensors_bytes(&tensors, Dtype::F32, &[])).unwrap();
        let renamed = Source::from_bytes(safetensors_bytes(&to_transformers(&tensors), Dtype::F32, &[])).unwrap();
        assert_eq!((original.naming(), renamed.naming()), (Naming::Original, Naming::Transformers), "{task}");
        let (mut a, b) = (Arch::derive(&original).unwrap(), Arch::derive(&renamed).unwrap());
        assert!(a.rope_periods.is_some() && b.rope_periods.is_none(), "transformers drops the periods");
        a.rope_periods = None;
        assert_eq!(a, b, "{task}");
        assert_eq!(original.checkpoint().parameters(), renamed.checkpoint().parameters(), "{task}");
        for tensor in tensors.iter().filter(|t| !t.name.ends_with("periods")) {
            assert_eq!(renamed.shape(&tensor.name).as_ref(), Some(&tensor.shape), "{}", tensor.name);
            assert_eq!(renamed.read(&tensor.name).unwrap(), tensor.data, "{}", tensor.name);
            let is_split = tensor.name.contains("ffn.w12");
            assert_eq!(renamed.location(&tensor.name).is_none(), is_split, "{}", tensor.name);
        }
    }
}

#[test]
fn ranges_cross_the_seam_between_gate_and_up() {
    let tensors = make_checkpoint(&Spec::tiny("pose", 5));
    let source = Source::from_bytes(safetensors_bytes(&to_transformers(&tensors), Dtype::F32, &[])).unwrap();
    let name = "backbone.blocks.3.ffn.w12.weight";
    let all = &tensors.iter().find(|t| t.name == name).unwrap().data;
    let half = all.len() / 2;
    for range in [0..5, half - 3..half + 4, half..half, half + 1..all.len()] {
        assert_eq!(source.read_range(name, range.clone()).unwrap(), all[range.clone()], "{range:?}");
    }
    assert!(source.read_range(name, 0..all.len() + 1).is_err());
}

#[test]
fn half_types_are_read_exactly_and_locations_are_where_the_bytes_are() {
    let tensors = golden_tensors("seg");
    for (dtype, round) in [
        (Dtype::F16, (|v| half::f16::from_f32(v).to_f32()) as fn(f32) -> f32),
        (Dtype::BF16, |v| half::bf16::from_f32(v).to_f32()),
        (Dtype::F32, |v| v),
    ] {
        let bytes = safetensors_bytes(&tensors, dtype, &[]);
        let checkpoint = Checkpoint::from_bytes(bytes.clone()).unwrap();
        for tensor in &tensors {
            let rounded: Vec<f32> = tensor.data.iter().map(|&v| round(v)).collect();
            assert_eq!(checkpoint.read_f32(&tensor.name).unwrap(), rounded, "{}", tensor.name);
            let info = checkpoint.info(&tensor.name).unwrap();
            let mut raw = vec![0; info.bytes as usize];
            checkpoint.read_at(info.offset, &mut raw).unwrap();
            assert_eq!(raw, bytes[info.offset as usize..][..raw.len()]);
        }
    }
}

#[test]
fn several_threads_read_the_same_file() {
    let tensors = golden_tensors("pose");
    let source = Source::open(golden_checkpoint("pose")).unwrap();
    std::thread::scope(|scope| {
        for offset in 0..4 {
            let (tensors, source) = (&tensors, &source);
            scope.spawn(move || {
                for tensor in tensors.iter().skip(offset).chain(&tensors[..offset]) {
                    assert_eq!(source.read(&tensor.name).unwrap(), tensor.data, "{}", tensor.name);
                }
            });
        }
    });
}

#[test]
fn the_hash_is_that_of_the_file_and_can_be_stopped() {
    let checkpoint = Checkpoint::open("assets/demo/demo_bundle.safetensors").unwrap();
    let mut calls = Vec::new();
    let hash = checkpoint.sha256_with(&mut |done, total| {
        calls.push((done, total));
        Ok(())
    });
    let bytes = std::fs::read("assets/demo/demo_bundle.safetensors").unwrap();
    assert_eq!(hash.unwrap(), Checkpoint::from_bytes(bytes).unwrap().sha256().unwrap());
    assert!(calls.len() > 3 && calls.last() == Some(&(checkpoint.bytes(), checkpoint.bytes())));
    let stopped = checkpoint.sha256_with(&mut |_, _| Err(sapiens::Error::new(sapiens::ErrorKind::Cancelled, "stop")));
    assert_eq!(stopped.unwrap_err().kind(), sapiens::ErrorKind::Cancelled);
}

#[test]
fn the_hash_of_known_bytes() {
    // An empty header: 8 bytes of length 2, then `{}`.
    let checkpoint = Checkpoint::from_bytes(&b"\x02\0\0\0\0\0\0\0{}"[..]).unwrap();
    assert_eq!(checkpoint.sha256().unwrap(), "411a485216e432ece6b9af94fa32154cf79a2a56d4f81266baa50063f45092bd");
    assert_eq!(checkpoint.parameters(), 0);
}

#[test]
fn the_demo_bundle_has_six_heads_and_a_detector() {
    let source = Source::open("assets/demo/demo_bundle.safetensors").unwrap();
    let arch = Arch::derive(&source).unwrap();
    let info = model_info(&source, &arch).unwrap();
    assert_eq!(info.tasks, Task::ALL[1..7]);
    assert_eq!(info.input, Size::new(192, 256));
    assert_eq!((info.framing, info.heatmap, info.rope), (ModelFraming::Stretch, HeatmapCodec::Udp, Rope::Fp32));
    assert_eq!((info.licence, info.precision, info.size.as_str()), (Licence::MitApache, Precision::Fp16, "custom"));
    // It is part of the library: small.
    assert!(arch.is_bundle && arch.prefix == "backbone." && source.checkpoint().bytes() <= 8_000_000);
    for (task, head) in &arch.heads_by_task {
        assert_eq!(head.prefix(), format!("decode_heads.{task}."));
    }
    let scale = arch.head(Task::Pointmap).unwrap().scale().unwrap();
    assert_eq!((scale.cells, scale.linears.len()), (4, 3));
    assert_eq!(arch.head(Task::Pose).unwrap().upscale(), 4);
    // It has what official models have, so that what is tested with it holds for them: grouped queries, the albedo head's
    // own norm, several convolutions behind the enlargement.
    let kv: Vec<usize> = arch.layers.iter().map(|l| l.kv_heads).collect();
    assert!(kv.contains(&arch.heads) && kv.contains(&(arch.heads / 2)), "{kv:?}");
    for task in [Task::Normal, Task::Pointmap, Task::Albedo, Task::Matting] {
        let Some(Head::PixelShuffle { conv, norm, .. }) = arch.head(task) else { panic!("{task}") };
        assert_eq!((*norm == HeadNorm::ChannelRms, conv.len()), (task == Task::Albedo, 3), "{task}");
    }
    assert_eq!(
        info.detector,
        Some(DetectorInfo { family: DetectorFamily::Bundle, input: Size::new(256, 256), stride: 8 })
    );
    assert_eq!(arch.detector.as_ref().map(Head::out), Some(5));
}
