//! The residual stream of a transformer, normalised in front of each branch.

use super::net::{NORM_EPSILON, Net};
use super::weights::Recipe;
use crate::onnx::{Attr, MICROSOFT};

/// The residual stream, with the result of the last branch not yet added: adding it is fused with the next norm.
pub(super) struct Stream {
    residual: String,
    /// Branch result without its bias, and the bias.
    pending: Option<(String, String)>,
}

impl Stream {
    pub fn new(residual: String) -> Self {
        Self { residual, pending: None }
    }

    /// Hands over the result of a branch without its bias, and the bias.
    pub fn branch(&mut self, result: (String, String)) {
        self.pending = Some(result);
    }

    /// Adds what is pending and normalises with the weights `key` (RMS; in v1 a layer norm, with bias), in 32-bit floats.
    pub fn norm(&mut self, net: &mut Net, key: &str) -> String {
        let embed = net.arch.embed;
        let weight = net.norm_weight(key, embed);
        let bias = net.arch.sapiens1.map(|_| {
            let name = format!("{key}.bias");
            net.float_weight(&name, &[embed], Recipe::Stored(name.clone()))
        });
        let Some((branch, added)) = self.pending.take() else {
            return match bias {
                None => net.rms_norm(&self.residual, &weight),
                Some(bias) => net.layer_norm(&self.residual, &weight, &bias),
            };
        };
        let mut inputs = vec![branch.as_str(), &self.residual, &weight];
        inputs.extend(bias.as_deref());
        inputs.push(&added);
        let operator = if bias.is_some() { "SkipLayerNormalization" } else { "SkipSimplifiedLayerNormalization" };
        let outputs = net.b.node(MICROSOFT, operator, &inputs, 4, &[("epsilon", Attr::Float(NORM_EPSILON))]);
        net.b.drop_output(&outputs[1]);
        net.b.drop_output(&outputs[2]);
        self.residual.clone_from(&outputs[3]);
        outputs[0].clone()
    }

    /// Adds what is pending.
    pub fn finish(mut self, net: &mut Net) -> String {
        if let Some((branch, bias)) = self.pending.take() {
            let branch = net.b.op("Add", &[&branch, &bias], &[]);
            self.residual = net.b.op("Add", &[&self.residual, &branch], &[]);
        }
        self.residual
    }
}
