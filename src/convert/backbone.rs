//! The backbone: window tokenizer of the 4K model, transformer blocks (those of v1 in [`super::sapiens1`]), final norm.

use super::attention::{Tables, attention, rope_tables};
use super::net::Net;
use super::patch::patch_embed;
use super::sapiens1;
use super::stream::Stream;
use super::weights::Recipe;
use crate::checkpoint::{Layer, Source};
use crate::geometry::Size;
use crate::onnx::{Attr, Dim, Element};

/// The final tokens and the feature map, both 32-bit floats.
pub(super) struct Tokens {
    pub featmap: String,
}

/// Builds everything up to `tokens` and `featmap`.
pub(super) fn build(net: &mut Net, grid: Size) -> Tokens {
    let arch = net.arch;
    let (embed, prefix) = (arch.embed, arch.prefix_tokens());
    let mut stream = match arch.sapiens1 {
        Some(v1) => sapiens1::build(net, v1, grid),
        None => blocks(net, grid),
    };
    net.b.scope("norm");
    let tokens = stream.norm(net, &format!("{}ln1", arch.prefix));
    let tokens = net.b.rename(&tokens, "tokens");
    let count = prefix + grid.area();
    let (start, end, axis) = (net.b.shape(&[prefix as i64]), net.b.shape(&[count as i64]), net.b.shape(&[1]));
    let patches = net.b.op("Slice", &[&tokens, &start, &end, &axis], &[]);
    let planes = net.b.op("Transpose", &[&patches], &[("perm", Attr::Ints(&[0, 2, 1]))]);
    let featmap = net.reshape(&planes, &[0, embed as i64, grid.height as i64, grid.width as i64]);
    let featmap = net.b.rename(&featmap, "featmap");
    net.b.value("tokens", Element::F32, &[Dim::Batch, Dim::Fixed(count), Dim::Fixed(embed)]);
    net.b.value(
        "featmap",
        Element::F32,
        &[Dim::Batch, Dim::Fixed(embed), Dim::Fixed(grid.height), Dim::Fixed(grid.width)],
    );
    Tokens { featmap }
}

/// Everything in front of the last norm.
fn blocks(net: &mut Net, grid: Size) -> Stream {
    let arch = net.arch;
    let (embed, prefix) = (arch.embed, arch.prefix_tokens());
    let patches = patch_embed(net);
    let patches = match &arch.tokenizer {
        Some(_) => tokenizer(net, &patches),
        None => patches,
    };

    net.b.scope("prefix");
    let names = [format!("{}cls_token", arch.prefix), format!("{}storage_tokens", arch.prefix)];
    let both = Recipe::computed(move |source: &Source| {
        let mut tokens = source.read(&names[0])?;
        tokens.extend(source.read(&names[1])?);
        Ok(tokens)
    });
    let tokens = net.float_weight("prefix_tokens", &[1, prefix, embed], both);
    let tokens = net.expand_batch(&tokens, &patches, &[prefix as i64, embed as i64]);
    let x = net.b.op("Concat", &[&tokens, &patches], &[("axis", Attr::Int(1))]);

    let tables = rope_tables(net, grid, &patches);
    let mut stream = Stream::new(x);
    for (i, &layer) in arch.layers.iter().enumerate() {
        let key = format!("{}blocks.{i}.", arch.prefix);
        net.b.scope(key.trim_end_matches('.'));
        block(net, &mut stream, &key, layer, Some(&tables));
    }
    stream
}

/// 4K: each window of 4x4 patches becomes one token.
fn tokenizer(net: &mut Net, patches: &str) -> String {
    let (arch, input) = (net.arch, net.info.input);
    let Some(tokenizer) = &arch.tokenizer else { return patches.to_owned() };
    let (embed, window) = (arch.embed as i64, tokenizer.window as i64);
    let (h, w) = ((input.height / arch.patch) as i64 / window, (input.width / arch.patch) as i64 / window);
    let prefix = format!("{}tokenizer.", arch.prefix);
    net.b.scope("tokenizer");
    let x = net.reshape(patches, &[0, h, window, w, window, embed]);
    let x = net.b.op("Transpose", &[&x], &[("perm", Attr::Ints(&[0, 1, 3, 2, 4, 5]))]);
    let x = net.reshape(&x, &[-1, window * window, embed]);
    let cls = Recipe::Stored(format!("{prefix}w_cls"));
    let cls = net.float_weight(&format!("{prefix}w_cls"), &[1, 1, arch.embed], cls);
    let cls = net.expand_batch(&cls, &x, &[1, embed]);
    let x = net.b.op("Concat", &[&cls, &x], &[("axis", Attr::Int(1))]);
    let name = format!("{prefix}local_pos_embed");
    let position = Recipe::Stored(name.clone());
    let position = net.float_weight(&name, &[1, tokenizer.window * tokenizer.window + 1, arch.embed], position);
    let x = net.b.op("Add", &[&x, &position], &[]);
    let mut stream = Stream::new(x);
    for (i, &layer) in tokenizer.layers.iter().enumerate() {
        let key = format!("{prefix}blocks.{i}.");
        net.b.scope(key.trim_end_matches('.'));
        block(net, &mut stream, &key, layer, None);
    }
    let x = stream.finish(net);
    let (start, end, axis) = (net.b.shape(&[0]), net.b.shape(&[1]), net.b.shape(&[1]));
    let x = net.b.op("Slice", &[&x, &start, &end, &axis], &[]);
    net.reshape(&x, &[-1, h * w, embed])
}

/// One transformer block. With tables: QK norm, rotation and layer scale; without: a plain block of the tokenizer.
fn block(net: &mut Net, stream: &mut Stream, key: &str, layer: Layer, tables: Option<&Tables>) {
    let (embed, hidden) = (net.arch.embed, layer.ffn_hidden);
    let x = stream.norm(net, &format!("{key}ln1"));
    let seen = attention(net, &x, key, layer, tables);
    stream.branch(seen);

    let x = stream.norm(net, &format!("{key}ln2"));
    let x = net.narrow(&x);
    let w12 = format!("{key}ffn.w12");
    let gate = net.linear_rows(&x, &w12, ".gate", 0..hidden, embed);
    let up = net.linear_rows(&x, &w12, ".up", hidden..2 * hidden, embed);
    let gate = net.silu(&gate);
    let x = net.b.op("Mul", &[&gate, &up], &[]);
    let w3 = format!("{key}ffn.w3");
    let x = net.matmul(&x, &w3, "", 0..embed, hidden, None);
    let bias = format!("{w3}.bias");
    let bias = net.float_weight(&bias, &[embed], Recipe::Stored(bias.clone()));
    let made = (net.widen(&x), bias);
    stream.branch(made);
}
