//! PyTorch files: every kind of tensor is read as it is, nothing is executed, and what is damaged is named.

use sapiens::checkpoint::{Arch, Checkpoint, DType, Source};
use sapiens::{Error, ErrorKind};
use std::path::PathBuf;
use testkit::{Archive, Expected, Pickle};

fn data(name: &str) -> PathBuf {
    testkit::data_dir().join("detector").join(name)
}

fn open(bytes: Vec<u8>) -> Result<Checkpoint, Error> {
    Checkpoint::from_bytes(bytes)
}

#[track_caller]
fn refused(bytes: Vec<u8>, kind: ErrorKind, fragments: &[&str]) {
    let error = open(bytes).err().expect("an error");
    assert_eq!(error.kind(), kind, "{error}");
    let message = error.to_string();
    fragments.iter().for_each(|fragment| assert!(message.contains(fragment), "`{fragment}` in: {message}"));
}

/// Two by three floats 0 to 5 in storage `0`, and the pickle that names them `w`.
fn simple() -> Archive {
    Archive::new("model").with("data.pkl", &Pickle::tensor("w", 6, 0, &[2, 3], &[3, 1])).with("data/0", &floats(6))
}

fn floats(count: usize) -> Vec<u8> {
    (0..count).flat_map(|v| (v as f32).to_le_bytes()).collect()
}

#[test]
fn every_kind_of_tensor() {
    let expected = Checkpoint::open(data("pth_cases.safetensors")).unwrap();
    for file in ["pth_cases.pth", "pth_bare.pth"] {
        let found = Checkpoint::open(data(file)).unwrap();
        assert_eq!(found.names().collect::<Vec<_>>(), expected.names().collect::<Vec<_>>(), "{file}");
        for name in expected.names() {
            let (a, b) = (found.info(name).unwrap(), expected.info(name).unwrap());
            assert_eq!((a.dtype, &a.shape, a.bytes), (b.dtype, &b.shape, b.bytes), "{file} {name}");
            if a.dtype.is_float() {
                let values = found.read_f32(name).unwrap();
                assert_eq!(values, expected.read_f32(name).unwrap(), "{file} {name}");
                let middle = values.len() / 3..values.len() - values.len() / 4;
                assert_eq!(found.read_f32_range(name, middle.clone()).unwrap(), values[middle], "{file} {name}");
                assert!(found.read_f32_range(name, 0..values.len() + 1).is_err());
            } else {
                assert!(a.strides.is_none());
                let [mut raw, mut same] = [vec![0; a.bytes as usize], vec![0; a.bytes as usize]];
                found.read_at(a.offset, &mut raw).unwrap();
                expected.read_at(b.offset, &mut same).unwrap();
                assert_eq!(raw, same, "{file} {name}");
                assert_eq!(found.read_f32(name).unwrap_err().kind(), ErrorKind::Unsupported);
            }
        }
        for (name, in_order) in [("f32", true), ("view_offset", true), ("parameter", true), ("transposed", false)] {
            assert_eq!(found.info(name).unwrap().strides.is_none(), in_order, "{name}");
        }
        for (name, strides) in [("channels_last", vec![60, 1, 15, 3]), ("expanded", vec![0, 0]), ("strided", vec![4])] {
            assert_eq!(found.info(name).unwrap().strides, Some(strides), "{name}");
        }
    }
    let found = Checkpoint::open(data("pth_cases.pth")).unwrap();
    let (f32, bf16) = (found.info("f32").unwrap(), found.info("bf16").unwrap());
    assert_eq!((f32.dtype, bf16.dtype), (DType::F32, DType::BF16));
    // Storages lie at multiples of 64, so that they can be used in place.
    assert_eq!(f32.offset % 64, 0);
}

#[test]
fn a_detector_as_it_is_distributed() {
    let found = Checkpoint::open(data("rtmdet.pth")).unwrap();
    assert_eq!(found.names().count(), 512);
    let shared =
        ["0", "1", "2"].map(|level| found.info(&format!("bbox_head.cls_convs.{level}.0.conv.weight")).unwrap());
    assert!(shared[0] == shared[1] && shared[1] == shared[2]);
    let batches = found.info("backbone.stem.0.bn.num_batches_tracked").unwrap();
    assert!(batches.shape.is_empty() && batches.dtype.to_string() == "I64");
}

#[test]
fn a_model_of_this_family_loads_from_pth_like_from_safetensors() {
    let tensors = testkit::golden_tensors("pose");
    let archive = testkit::pth_bytes(&tensors);
    let source = Source::from_bytes(archive).unwrap();
    Arch::derive(&source).unwrap();
    for tensor in &tensors {
        assert_eq!(source.read(&tensor.name).unwrap(), tensor.data, "{}", tensor.name);
        assert!(source.location(&tensor.name).is_some(), "{} lies in place", tensor.name);
    }
}

#[test]
fn nothing_is_executed() {
    let found = Checkpoint::open(data("pth_hostile.pth")).unwrap();
    assert_eq!(found.read_f32("f32").unwrap(), Expected::open(data("pth_cases.safetensors")).f32("f32"));
    assert_eq!(found.names().collect::<Vec<_>>(), ["f32"]);
    for folder in [".", "..", "/tmp"] {
        assert!(!PathBuf::from(folder).join("libsapiens_pth_evil").exists());
    }
}

#[test]
fn other_formats_are_refused_with_advice() {
    let read = |name| std::fs::read(data(name)).unwrap();
    refused(read("pth_legacy.pth"), ErrorKind::UnknownModel, &["before version 1.6", "save it again", ".safetensors"]);
    refused(read("pth_torchscript.pt2"), ErrorKind::UnknownModel, &["TorchScript", ".safetensors"]);
    for name in ["serialized_exported_program.json", "archive_format"] {
        let exported = Archive::new("m").with(name, b"{}");
        refused(exported.bytes(), ErrorKind::UnknownModel, &["torch.export", "not a checkpoint", ".pth"]);
    }
    refused(b"\x80\x04\x95\x10\0\0\0\0\0\0\0}\x94.".to_vec(), ErrorKind::UnknownModel, &["Python pickle"]);
    let other = Archive::new("word").with("document.xml", b"<x/>");
    refused(other.bytes(), ErrorKind::UnknownModel, &["without `data.pkl`"]);
    for pickle in [&b"}."[..], b"K\x01.", b"}X\x05\x00\x00\x00epochK\x01s."] {
        let empty = Archive::new("m").with("data.pkl", pickle);
        refused(empty.bytes(), ErrorKind::UnknownModel, &["no state dict", "state_dict"]);
    }
}

#[test]
fn the_folder_may_have_any_name_and_the_wrappers_are_known() {
    for folder in ["archive", "model", "a b"] {
        let archive = Archive { folder: folder.into(), ..simple() };
        assert_eq!(open(archive.bytes()).unwrap().read_f32("w").unwrap(), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    }
    for wrapper in ["state_dict", "model", "model_state_dict", "module"] {
        let pickle = Pickle::wrapped(wrapper, &Pickle::tensor("w", 6, 2, &[2, 2], &[1, 2]));
        let found = open(simple().with("data.pkl", &pickle).bytes()).unwrap();
        assert_eq!(found.read_f32("w").unwrap(), [2.0, 4.0, 3.0, 5.0]);
    }
}

#[test]
fn truncated_anywhere() {
    let whole = std::fs::read(data("pth_cases.pth")).unwrap();
    for length in (4..whole.len()).step_by(97) {
        refused(whole[..length].to_vec(), ErrorKind::CorruptModel, &["damaged", "cut short"]);
    }
}

#[test]
fn tensors_that_cannot_be() {
    let with = |pickle: Vec<u8>| simple().with("data.pkl", &pickle).bytes();
    let corrupt = ErrorKind::CorruptModel;
    refused(with(Pickle::tensor("w", 7, 0, &[2, 3], &[3, 1])), corrupt, &["`w`", "24 bytes instead of 28"]);
    refused(with(Pickle::tensor("w", 6, 1, &[2, 3], &[3, 1])), corrupt, &["`w`", "byte 28", "which has 24"]);
    refused(with(Pickle::tensor("w", 6, 0, &[2, 3], &[4, 1])), corrupt, &["`w`", "byte 28"]);
    refused(with(Pickle::tensor("w", 6, 0, &[2, 3], &[3])), corrupt, &["2 extents and 1 strides"]);
    refused(with(Pickle::tensor("w", 6, -1, &[2, 3], &[3, 1])), corrupt, &["begins before"]);
    refused(with(Pickle::tensor("w", 6, 0, &[-2, 3], &[3, 1])), corrupt, &["no numbers from 0 on"]);
    refused(with(Pickle::tensor("w", 6, 0, &[1 << 40, 1 << 40], &[0, 0])), corrupt, &["impossible shape"]);
    refused(with(Pickle::tensor("w", 6, 0, &[2], &[i64::MAX])), corrupt, &["impossible shape"]);
    // One element stands for terabytes.
    refused(with(Pickle::tensor("w", 6, 0, &[1 << 40], &[0])), corrupt, &["repeated out of 24"]);
    refused(with(Pickle::class("QInt8Storage")), corrupt, &["`w`", "`QInt8Storage` cannot be read"]);
    let elsewhere = Archive::new("m").with("data.pkl", &Pickle::tensor("w", 6, 0, &[2, 3], &[3, 1]));
    refused(elsewhere.bytes(), corrupt, &["`w`", "no entry `data/0`"]);
    // An empty one needs nothing.
    let empty = open(with(Pickle::tensor("w", 6, 0, &[0, 3], &[3, 1]))).unwrap();
    assert!(empty.read_f32("w").unwrap().is_empty());
}

#[test]
fn archives_that_are_not_those_of_pytorch() {
    let with = |name: &str, bytes: &[u8]| simple().with(name, bytes).bytes();
    refused(with("byteorder", b"big"), ErrorKind::Unsupported, &["big-endian"]);
    refused(with("byteorder", b"middle"), ErrorKind::CorruptModel, &["`middle`"]);
    assert!(open(with("byteorder", b"little\n")).is_ok());
    let twice = Archive { twice: true, ..simple() };
    refused(twice.bytes(), ErrorKind::CorruptModel, &["two entries `model/data.pkl`"]);
    // Nothing is inflated, so no entry can be larger than the file.
    let compressed = Archive { method: 8, ..simple() };
    refused(compressed.bytes(), ErrorKind::Unsupported, &["compressed"]);
    let bomb = Archive { claimed: Some(u32::MAX - 1), ..simple() };
    refused(bomb.bytes(), ErrorKind::CorruptModel, &["damaged"]);
    refused(with("data.pkl", &vec![b'N'; (32 << 20) + 1]), ErrorKind::CorruptModel, &["not plausible"]);
    let nested = [&b")"[..], &vec![0x85; 2_000_000], b"."].concat();
    refused(with("data.pkl", &nested), ErrorKind::UnknownModel, &["no state dict"]);
    let same = Pickle::both(&Pickle::entry("w", 6, 0, &[6], &[1]), &Pickle::entry("w", 6, 0, &[6], &[1]));
    refused(with("data.pkl", &same), ErrorKind::CorruptModel, &["two tensors `w`"]);
}

/// Any damaged byte is an error or a sound file, never a panic, and no memory beyond the file.
#[test]
fn damaged_bytes_do_not_panic() {
    let whole = std::fs::read(data("pth_bare.pth")).unwrap();
    let mut refused = 0;
    for at in 0..whole.len() {
        for value in [0, b'R', 0xff, whole[at] ^ 1] {
            let mut bytes = whole.clone();
            bytes[at] = value;
            match open(bytes) {
                Ok(found) => found.names().for_each(|name| drop(found.read_f32(name))),
                Err(_) => refused += 1,
            }
        }
    }
    assert!(refused > whole.len() / 4, "{refused}");
}
