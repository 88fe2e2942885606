//! Checkpoints that are damaged, or that are something else: one clear error each.

use sapiens::checkpoint::{Arch, Checkpoint, Source, model_info};
use sapiens::{Error, ErrorKind};
use testkit::{Dtype, Spec, Tensor, make_checkpoint, safetensors_bytes};

/// Everything a model goes through before it is converted.
fn load(bytes: Vec<u8>) -> Result<(), Error> {
    let source = Source::from_bytes(bytes)?;
    let arch = Arch::derive(&source)?;
    model_info(&source, &arch).map(drop)
}

#[track_caller]
fn refused(bytes: Vec<u8>, kind: ErrorKind, fragments: &[&str]) {
    let error = load(bytes).unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    let message = error.to_string();
    fragments.iter().for_each(|fragment| assert!(message.contains(fragment), "`{fragment}` in: {message}"));
}

fn file(header: &str, data_bytes: usize) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &vec![0; data_bytes]].concat()
}

fn pose() -> Vec<Tensor> {
    make_checkpoint(&Spec::tiny("pose", 1))
}

fn bytes(tensors: &[Tensor]) -> Vec<u8> {
    safetensors_bytes(tensors, Dtype::F32, &[])
}

/// Tensors of these names, with one element each.
fn named(names: &[&str]) -> Vec<u8> {
    let tensor = |name: &&str| Tensor { name: name.to_string(), shape: vec![1], data: vec![0.0] };
    bytes(&names.iter().map(tensor).collect::<Vec<_>>())
}

#[test]
fn truncated_anywhere() {
    let whole = bytes(&pose());
    load(whole.clone()).unwrap();
    let header = 8 + u64::from_le_bytes(whole[..8].try_into().unwrap()) as usize;
    for length in [9, header - 1] {
        refused(whole[..length].to_vec(), ErrorKind::CorruptModel, &["header should have", "cut short"]);
    }
    for length in [header, header + 1, whole.len() / 2, whole.len() - 1] {
        refused(whole[..length].to_vec(), ErrorKind::CorruptModel, &["tensor `", "ends at byte", "cut short"]);
    }
    refused(whole[..5].to_vec(), ErrorKind::CorruptModel, &["5 bytes"]);
}

#[test]
fn trailing_bytes() {
    refused([bytes(&pose()), vec![0; 3]].concat(), ErrorKind::CorruptModel, &["3 bytes at the end"]);
}

#[test]
fn header_length_beyond_the_file_or_absurd() {
    let mut whole = bytes(&pose());
    whole[..8].copy_from_slice(&90_000_000u64.to_le_bytes());
    refused(whole.clone(), ErrorKind::CorruptModel, &["90000000 bytes", "cut short"]);
    whole[..8].copy_from_slice(&1_000_000_000u64.to_le_bytes());
    refused(whole.clone(), ErrorKind::CorruptModel, &["1000000000 bytes", "not plausible"]);
    whole[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    refused(whole, ErrorKind::UnknownModel, &["not a safetensors file"]);
}

#[test]
fn header_that_is_not_json() {
    refused(file("{\"a\": nonsense}", 0), ErrorKind::CorruptModel, &["header is damaged"]);
    refused(file("{\"a\": {\"dtype\": \"F32\"}}", 0), ErrorKind::CorruptModel, &["header is damaged", "shape"]);
}

#[test]
fn overlapping_offsets() {
    let header = r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#;
    refused(file(header, 12), ErrorKind::CorruptModel, &["`b` overlaps `a`", "4 bytes"]);
}

#[test]
fn out_of_range_offsets() {
    let header = r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[800,808]}}"#;
    refused(file(header, 8), ErrorKind::CorruptModel, &["`a` ends at byte"]);
    let header = r#"{"a":{"dtype":"F32","shape":[0],"data_offsets":[18446744073709551615,18446744073709551615]}}"#;
    refused(file(header, 8), ErrorKind::CorruptModel, &["`a`", "impossible"]);
}

#[test]
fn gap_between_tensors() {
    let header = r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#;
    refused(file(header, 8), ErrorKind::CorruptModel, &["4 bytes before tensor `a`"]);
}

#[test]
fn offsets_that_do_not_match_the_shape() {
    let header = r#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#;
    refused(file(header, 8), ErrorKind::CorruptModel, &["`a`", "[3]", "12 bytes", "[0, 8]"]);
    let header = r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[8,4]}}"#;
    refused(file(header, 8), ErrorKind::CorruptModel, &["`a`", "[8, 4]"]);
    let header = r#"{"a":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,0]}}"#;
    refused(file(header, 0), ErrorKind::CorruptModel, &["`a`", "impossible shape"]);
}

#[test]
fn unknown_element_type() {
    let header = r#"{"a":{"dtype":"Q4_K","shape":[1],"data_offsets":[0,4]}}"#;
    refused(file(header, 4), ErrorKind::CorruptModel, &["`a`", "`Q4_K`"]);
}

#[test]
fn known_element_type_that_is_no_float() {
    let whole = bytes(&pose());
    let length = u64::from_le_bytes(whole[..8].try_into().unwrap()) as usize;
    let header = std::str::from_utf8(&whole[8..8 + length]).unwrap();
    let entry = header.find("\"backbone.ln1.weight\"").unwrap();
    let changed = format!("{}{}", &header[..entry], header[entry..].replacen("F32", "I32", 1));
    let bytes = [&whole[..8], changed.as_bytes(), &whole[8 + length..]].concat();
    refused(bytes, ErrorKind::Unsupported, &["`backbone.ln1.weight`", "I32"]);
}

#[test]
fn missing_tensor_is_named_with_its_shape() {
    for (name, shape) in [
        ("backbone.blocks.9.attn.wv.weight", "[16, 32]"),
        ("backbone.blocks.0.attn.q_norm.weight", "[D]"),
        ("backbone.storage_tokens", "[1, S, 32]"),
        ("backbone.blocks.17.ffn.w12.bias", "[256]"),
        ("backbone.cls_token", "[1, 1, 32]"),
        ("backbone.patch_embed.projection.weight", "[E, 3, 16, 16]"),
        ("decode_head.conv_layers.3.bias", "[16]"),
    ] {
        let mut tensors = pose();
        tensors.retain(|t| t.name != name);
        refused(bytes(&tensors), ErrorKind::CorruptModel, &[&format!("tensor `{name}` is missing"), shape]);
    }
}

#[test]
fn missing_block_or_last_layer_of_a_head() {
    let mut tensors = pose();
    tensors.retain(|t| !t.name.starts_with("backbone.blocks.5."));
    refused(bytes(&tensors), ErrorKind::CorruptModel, &["`backbone.blocks.5.ln1.weight` is missing"]);
    let mut tensors = pose();
    tensors.retain(|t| !t.name.contains("conv_pose"));
    refused(bytes(&tensors), ErrorKind::CorruptModel, &["`decode_head.conv_pose.weight`"]);
}

#[test]
fn misshapen_tensor_is_named_with_the_right_shape() {
    for (name, shape, right) in [
        ("backbone.blocks.4.attn.proj.weight", vec![64, 16], "[32, 32]"),
        ("backbone.blocks.4.ln2.weight", vec![4, 8], "[32]"),
        ("decode_head.deconv_layers.3.weight", vec![24, 64, 2, 2], "[24, C, 4, 4]"),
        ("decode_head.conv_pose.weight", vec![16, 308, 1, 1], "[C, 16, 1, 1]"),
    ] {
        let mut tensors = pose();
        tensors.iter_mut().find(|t| t.name == name).unwrap().shape = shape.clone();
        let fragments = [&format!("tensor `{name}` has shape {shape:?}"), right];
        refused(bytes(&tensors), ErrorKind::CorruptModel, &fragments);
    }
}

#[test]
fn zero_extents_and_odd_head_widths() {
    let mut tensors = pose();
    let q_norm = tensors.iter_mut().find(|t| t.name == "backbone.blocks.0.attn.q_norm.weight").unwrap();
    (q_norm.shape, q_norm.data) = (vec![0], vec![]);
    refused(bytes(&tensors), ErrorKind::CorruptModel, &["q_norm.weight` has shape [0]"]);
    let q_norm = tensors.iter_mut().find(|t| t.name == "backbone.blocks.0.attn.q_norm.weight").unwrap();
    (q_norm.shape, q_norm.data) = (vec![5], vec![1.0; 5]);
    refused(bytes(&tensors), ErrorKind::CorruptModel, &["multiple of 4 that divides 32"]);
}

#[test]
fn periods_that_are_not_positive() {
    let mut tensors = pose();
    tensors.iter_mut().find(|t| t.name.ends_with("periods")).unwrap().data = vec![1.0, f32::NAN];
    refused(bytes(&tensors), ErrorKind::CorruptModel, &["rope_embed.periods", "NaN"]);
}

#[test]
fn unexpected_tensors_are_listed_but_a_mask_token_is_harmless() {
    let mut tensors = pose();
    tensors.push(Tensor { name: "backbone.mask_token".into(), shape: vec![1, 32], data: vec![0.0; 32] });
    load(bytes(&tensors)).unwrap();
    tensors.push(Tensor { name: "decode_head.extra.weight".into(), shape: vec![1], data: vec![0.0] });
    refused(bytes(&tensors), ErrorKind::UnknownModel, &["do not belong", "(1)", "`decode_head.extra.weight`"]);
}

#[test]
fn half_of_a_gate_and_up_pair_is_missing() {
    let mut tensors = testkit::to_transformers(&pose());
    tensors.retain(|t| t.name != "model.model.layer.2.mlp.up_proj.weight");
    refused(bytes(&tensors), ErrorKind::CorruptModel, &["`backbone.blocks.2.ffn.w12.weight` is missing", "[256, 32]"]);
}

#[test]
fn bundle_metadata() {
    let demo = std::fs::read("assets/demo/demo_bundle.safetensors").unwrap();
    let replaced = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let at = demo.windows(from.len()).position(|w| w == from.as_bytes()).unwrap();
        let mut bytes = demo.clone();
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
        bytes
    };
    load(demo.clone()).unwrap();
    refused(replaced("256x192", "256x19b"), ErrorKind::CorruptModel, &["input_size", "256x19b"]);
    refused(replaced("256x192", "512x192"), ErrorKind::CorruptModel, &["512x192", "scale branch"]);
    refused(replaced("\"version\":\"2\"", "\"version\":\"9\""), ErrorKind::Unsupported, &["version 9"]);
    refused(replaced("\"rope\":\"fp32\"", "\"rope\":\"fp99\""), ErrorKind::CorruptModel, &["rope", "fp99"]);
}

#[test]
fn other_models_are_named() {
    for (names, what) in [
        (
            &["backbone.stage1.0.conv.weight", "bbox_head.rtm_cls.0.weight", "neck.out_convs.0.conv.weight"][..],
            "RTMDet",
        ),
        (
            &["bbox_predictor.layers.0.weight", "class_labels_classifier.weight", "model.encoder.layers.0.fc1.weight"],
            "DETR",
        ),
        (&["model.embed_tokens.weight", "model.layers.0.self_attn.q_proj.weight"], "LLaMA"),
        (&["text_model.embeddings.token_embedding.weight", "vision_model.embeddings.class_embedding"], "CLIP"),
        (&["model.diffusion_model.input_blocks.0.0.weight"], "Stable Diffusion"),
        (&["embeddings.cls_token", "embeddings.register_tokens", "layer.0.attention.q_proj.weight"], "DINOv3"),
        (&["cls_token", "storage_tokens", "blocks.0.attn.qkv.weight", "blocks.0.ls1.gamma"], "DINOv3"),
        (&["embeddings.patch_embeddings.projection.weight", "encoder.layer.0.layer_scale1.lambda1"], "DINOv2"),
        (&["blocks.0.attn.qkv.weight", "blocks.0.ls1.gamma", "pos_embed"], "DINOv2"),
        (&["layer1.0.conv1.weight", "layer4.0.conv1.weight", "fc.weight"], "ResNet"),
    ] {
        refused(named(names), ErrorKind::UnknownModel, &["not a Sapiens checkpoint", "looks like", what]);
    }
    refused(named(&["weight", "bias"]), ErrorKind::UnknownModel, &["not a Sapiens checkpoint", "`bias`, `weight`"]);
    refused(file("{}", 0), ErrorKind::UnknownModel, &["no tensors at all"]);
}

#[test]
fn files_of_other_kinds_are_named() {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab\nsize 12345\n";
    for (start, what) in [
        (pointer.as_bytes(), "Git LFS pointer"),
        (b"<!DOCTYPE html>\n<html lang=\"en\"><head>", "web page"),
        (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M", "PyTorch .pth in the format from before version 1.6"),
        (b"\x08\x0a\x12\x07pytorch\x1a\x052.9.1:\x80\x80\x01", "ONNX"),
        (b"{\"metadata\": {\"total_size\": 123}, \"weight_map\": {", "JSON"),
        (b"just some notes about a model", "text file"),
    ] {
        refused(start.to_vec(), ErrorKind::UnknownModel, &["not a safetensors file", what]);
    }
    let cut = b"PK\x03\x04\x00\x00\x08\x08\x00\x00archive/data.pkl".to_vec();
    refused(cut, ErrorKind::CorruptModel, &["PyTorch .pth is damaged", "cut short"]);
}

#[test]
fn empty_file_folder_and_missing_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("empty.safetensors");
    std::fs::write(&path, b"").unwrap();
    let error = Checkpoint::open(&path).err().unwrap();
    assert_eq!((error.kind(), error.path()), (ErrorKind::CorruptModel, Some(path.as_path())));
    assert!(error.to_string().contains("empty"), "{error}");
    let error = Checkpoint::open(dir.path()).err().unwrap();
    assert!(error.kind() == ErrorKind::InvalidArgument && error.to_string().contains("folder"), "{error}");
    let error = Checkpoint::open(dir.path().join("none.safetensors")).err().unwrap();
    assert!(error.kind() == ErrorKind::NotFound && error.to_string().contains("none.safetensors"), "{error}");
}

#[test]
fn every_error_of_a_file_names_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.safetensors");
    let mut tensors = pose();
    tensors.pop();
    std::fs::write(&path, bytes(&tensors)).unwrap();
    let error = Arch::derive(&Source::open(&path).unwrap()).unwrap_err();
    assert_eq!(error.path(), Some(path.as_path()));
}

/// Any single damaged byte of the header is an error or a sound file, never a panic.
#[test]
fn damaged_headers_do_not_panic() {
    let spec = Spec { layers: 2, ..Spec::tiny("pointmap", 1) };
    let whole = bytes(&make_checkpoint(&spec));
    let header = 8 + u64::from_le_bytes(whole[..8].try_into().unwrap()) as usize;
    let mut refused = 0;
    for at in (0..header).step_by(7) {
        for value in [b'9', b'"', 0xff] {
            let mut bytes = whole.clone();
            bytes[at] = value;
            refused += usize::from(load(bytes).is_err());
        }
    }
    assert!(refused > header / 7, "{refused}");
}
