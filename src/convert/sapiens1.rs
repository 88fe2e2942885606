//! The blocks of Sapiens v1: patches with their positions, one matrix for queries, keys and values, a GELU between two layers.

use super::net::Net;
use super::patch::{patch_embed, positions};
use super::stream::Stream;
use super::weights::Recipe;
use crate::checkpoint::{Layer, Sapiens1};
use crate::geometry::Size;
use crate::onnx::Attr;

/// Builds everything in front of the last norm.
pub(super) fn build(net: &mut Net, v1: Sapiens1, grid: Size) -> Stream {
    let arch = net.arch;
    let patches = patch_embed(net);
    let x = if v1.has_cls { with_cls(net, &patches, v1, grid) } else { patches };
    let mut stream = Stream::new(x);
    for (i, &layer) in arch.layers.iter().enumerate() {
        let key = format!("{}layers.{i}.", arch.prefix);
        net.b.scope(key.trim_end_matches('.'));
        let x = stream.norm(net, &format!("{key}ln1"));
        let seen = attention(net, &x, &key);
        stream.branch(seen);
        let x = stream.norm(net, &format!("{key}ln2"));
        let made = feed_forward(net, &x, &key, layer);
        stream.branch(made);
    }
    stream
}

/// Puts the CLS token, with the first row of the positions, in front.
fn with_cls(net: &mut Net, patches: &str, v1: Sapiens1, grid: Size) -> String {
    net.b.scope("prefix");
    let embed = net.arch.embed;
    let name = format!("{}cls_token", net.arch.prefix);
    let [token, prefix] = [name.clone(), net.arch.prefix.clone()];
    let cls = Recipe::computed(move |source| {
        let mut token = source.read(&token)?;
        let rows = positions(source, &prefix, v1, grid, embed)?;
        token.iter_mut().zip(rows).for_each(|(t, p)| *t += p);
        Ok(token)
    });
    let cls = net.float_weight(&name, &[1, 1, embed], cls);
    let cls = net.expand_batch(&cls, patches, &[1, embed as i64]);
    net.b.op("Concat", &[&cls, patches], &[("axis", Attr::Int(1))])
}

/// The attention branch without the bias of its last product, and that bias.
fn attention(net: &mut Net, x: &str, key: &str) -> (String, String) {
    let (embed, heads) = (net.arch.embed, net.arch.heads);
    let x = net.narrow(x);
    let qkv = format!("{key}attn.qkv");
    let [q, k, v] = [(".q", 0), (".k", 1), (".v", 2)]
        .map(|(part, i)| net.linear_rows(&x, &qkv, part, i * embed..(i + 1) * embed, embed));
    let x = net.attention(&q, &k, &v, heads);
    last_product(net, &x, &format!("{key}attn.proj"), embed)
}

/// The branch of the FFN, as [`attention`].
fn feed_forward(net: &mut Net, x: &str, key: &str, layer: Layer) -> (String, String) {
    let x = net.narrow(x);
    let x = net.linear(&x, &format!("{key}ffn.layers.0.0"), net.arch.embed, layer.ffn_hidden);
    let x = net.gelu(&x);
    last_product(net, &x, &format!("{key}ffn.layers.1"), layer.ffn_hidden)
}

fn last_product(net: &mut Net, x: &str, key: &str, inputs: usize) -> (String, String) {
    let embed = net.arch.embed;
    let x = net.matmul(x, key, "", 0..embed, inputs, None);
    let bias = format!("{key}.bias");
    let bias = net.float_weight(&bias, &[embed], Recipe::Stored(bias.clone()));
    (net.widen(&x), bias)
}
