//! Checkpoints are untrusted: whatever their shapes say, the answer is a plan or an error, never a panic.

use sapiens::ErrorKind;
use sapiens::checkpoint::Source;
use sapiens::convert::{ConvertOptions, in_memory, plan, plan_detector};
use sapiens::geometry::Size;
use testkit::{Bundle, Dtype, Spec, Tensor, make_checkpoint, safetensors_bytes};

/// xorshift: the same damage in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n.max(1) as u64) as usize
    }
}

/// One kind of damage to one tensor, the file itself staying sound.
fn damage(tensors: &mut Vec<Tensor>, random: &mut Random) {
    let i = random.below(tensors.len());
    match random.below(6) {
        0 => drop(tensors.swap_remove(i)),
        1 => tensors[i].shape = vec![0; random.below(5)],
        2 => tensors[i].shape.reverse(),
        3 => tensors[i].shape.push(1),
        4 => {
            if let Some(dim) = tensors[i].shape.first_mut() {
                *dim = [0, 1, 2, 3, 5, 1 << 20][random.below(6)].min(1 + 2 * *dim);
            }
        }
        _ => {
            let other = tensors[random.below(tensors.len())].shape.clone();
            tensors[i].shape = other;
        }
    }
    for tensor in tensors {
        let elements = tensor.shape.iter().product();
        tensor.data.resize(elements, 0.5);
    }
}

fn rounds() -> usize {
    std::env::var("SAPIENS_FUZZ_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(150)
}

#[test]
fn shapes_that_make_no_sense_never_panic() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for task in ["pretrain", "pretrain_4k", "pose", "pointmap", "albedo", "detector"] {
        let mut spec = Spec::tiny(task, 3);
        (spec.layers, spec.tokenizer_layers) = (2, 1);
        let is_detector = task == "detector";
        let bundle = Bundle::tiny().with_detector(&[16, 8], &[(8, 1), (8, 3)], 3);
        let sound = if is_detector { bundle.tensors.clone() } else { make_checkpoint(&spec) };
        let (mut planned, mut refused) = (0, 0);
        for round in 0..rounds() {
            let mut tensors = sound.clone();
            (0..1 + random.below(2)).for_each(|_| damage(&mut tensors, &mut random));
            let bytes = match is_detector {
                true => Bundle { tensors, ..bundle.clone() }.bytes(),
                false => safetensors_bytes(&tensors, Dtype::F32, &[]),
            };
            let input = (task != "pretrain_4k").then_some(Size::new(spec.image.1, spec.image.0));
            let options = ConvertOptions { input, ..Default::default() };
            let made = Source::from_bytes(bytes).and_then(|source| {
                let plan = if is_detector { plan_detector(&source, &options)? } else { plan(&source, &options)? };
                in_memory(plan, &source, &mut |_, _, _| Ok(()))
            });
            match made {
                Ok(_) => planned += 1,
                Err(error) => {
                    refused += 1;
                    let kind = error.kind();
                    assert!(
                        matches!(
                            kind,
                            ErrorKind::CorruptModel
                                | ErrorKind::UnknownModel
                                | ErrorKind::Unsupported
                                | ErrorKind::InvalidArgument
                        ),
                        "{task}, round {round}: {error:?}"
                    );
                }
            }
        }
        println!("{task}: {planned} planned, {refused} refused");
        assert!(refused > planned, "{task}: the damage does nothing");
    }
}

/// Bytes of the file flipped anywhere, the header first of all.
#[test]
fn flipped_bytes_never_panic() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let mut spec = Spec::tiny("pose", 3);
    spec.layers = 1;
    let sound = safetensors_bytes(&make_checkpoint(&spec), Dtype::F16, &[("format", "pt")]);
    let header = 8 + u64::from_le_bytes(sound[..8].try_into().unwrap()) as usize;
    for _ in 0..20 * rounds() {
        let mut bytes = sound.clone();
        for _ in 0..1 + random.below(3) {
            let at = if random.below(8) == 0 { random.below(8) } else { 8 + random.below(header - 8) };
            bytes[at] = [b'0', b'9', b'"', b'[', b',', b'-', 0, 255, random.below(256) as u8][random.below(9)];
        }
        if random.below(6) == 0 {
            bytes.truncate(random.below(bytes.len()));
        }
        let _ = Source::from_bytes(bytes).and_then(|source| plan(&source, &ConvertOptions::default()).map(|_| ()));
    }
}
