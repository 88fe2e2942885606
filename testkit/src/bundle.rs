//! Bundles: one backbone, several heads, and a person detector that a test makes as it needs it.

use crate::file::{Dtype, Expected, Tensor, safetensors_bytes};
use crate::weights::{Spec, make_checkpoint, random_values};
use std::collections::BTreeMap;

/// In front of all tensor names of a detector.
pub const DETECTOR: &str = "decode_heads.detector.";

/// The tensors of a bundle in fp32, and what its header says.
#[derive(Debug, Clone)]
pub struct Bundle {
    pub tensors: Vec<Tensor>,
    pub metadata: BTreeMap<String, String>,
}

impl Bundle {
    /// The model embedded in the library, without a detector.
    pub fn demo() -> Self {
        let path = crate::data_dir().join("../../assets/demo/demo_bundle.safetensors");
        let file = Expected::open(path);
        let names = file.names().filter(|name| !name.starts_with(DETECTOR));
        let tensor = |name: &str| Tensor { name: name.to_string(), shape: file.shape(name), data: file.f32(name) };
        let mut metadata = file.metadata.clone();
        metadata.remove("detector_input_size");
        Self { tensors: names.map(tensor).collect(), metadata }
    }

    /// A small bundle with one head, pose.
    pub fn tiny() -> Self {
        let spec = Spec { layers: 2, ..Spec::tiny("pose", 3) };
        let mut tensors = make_checkpoint(&spec);
        for tensor in &mut tensors {
            tensor.name = tensor.name.replace("decode_head.", "decode_heads.pose.");
        }
        let entries = [("format", "sapiens2-bundle"), ("version", "1"), ("input_size", "128x96"), ("rope", "fp32")];
        Self { tensors, metadata: entries.map(|(k, v)| (k.to_string(), v.to_string())).into() }
    }

    /// With a random detector: the channels behind its transposed convolutions, then channels and kernel of its
    /// convolutions.
    pub fn with_detector(mut self, up: &[usize], conv: &[(usize, usize)], seed: u64) -> Self {
        let mut channels = self.tensor("backbone.cls_token").shape[2];
        let mut keys = Vec::new();
        for (i, &output) in up.iter().enumerate() {
            keys.push((format!("deconv_layers.{}.weight", 3 * i), vec![channels, output, 4, 4]));
            channels = output;
        }
        let last = conv.iter().enumerate().map(|(i, layer)| (format!("conv_layers.{}", 3 * i), *layer));
        for (key, (output, kernel)) in last.chain([("conv_detector".to_string(), (5, 1))]) {
            keys.push((format!("{key}.weight"), vec![output, channels, kernel, kernel]));
            keys.push((format!("{key}.bias"), vec![output]));
            channels = output;
        }
        self.tensors.extend(keys.into_iter().map(|(key, shape)| {
            let name = format!("{DETECTOR}{key}");
            Tensor { data: random_values(&name, &shape, seed), name, shape }
        }));
        self
    }

    /// With a detector that answers the same everywhere, whatever it sees: these are its five maps.
    pub fn with_constant_detector(self, maps: [f32; 5]) -> Self {
        let mut bundle = self.with_detector(&[8], &[(8, 1)], 1);
        bundle.tensor(&format!("{DETECTOR}conv_detector.weight")).data.fill(0.0);
        bundle.tensor(&format!("{DETECTOR}conv_detector.bias")).data = maps.to_vec();
        bundle
    }

    /// With another entry in the header.
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.metadata.insert(key.to_string(), value.to_string());
        self
    }

    /// A tensor by name.
    pub fn tensor(&mut self, name: &str) -> &mut Tensor {
        self.tensors.iter_mut().find(|t| t.name == name).unwrap_or_else(|| panic!("no tensor `{name}`"))
    }

    /// The file, in fp32.
    pub fn bytes(&self) -> Vec<u8> {
        let metadata: Vec<(&str, &str)> = self.metadata.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        safetensors_bytes(&self.tensors, Dtype::F32, &metadata)
    }
}
