//! A graph whose picture comes as floats instead of bytes: what a device that has computed it hands on.

use super::Element;
use super::proto::ModelProto;

/// Operators that move elements without looking at them.
const MOVES: [&str; 4] = ["Reshape", "Transpose", "Slice", "Pad"];

/// Changes the input `input` from bytes to floats of the same values, up to where the graph casts it itself. `false`, and
/// nothing changed, for an input that is not of bytes or that something else than moves and casts looks at.
pub fn widen_input(model: &mut ModelProto, input: &str) -> bool {
    let Some(graph) = &mut model.graph else { return false };
    let mut ways = vec![input.to_owned()];
    while let Some(value) = ways.pop() {
        // Bytes that leave the graph stay bytes.
        if graph.output.iter().any(|output| output.name == value) {
            return false;
        }
        for node in graph.node.iter().filter(|node| node.input.contains(&value)) {
            match node.op_type.as_str() {
                "Cast" => {}
                moves if MOVES.contains(&moves) && node.input.first() == Some(&value) => {
                    ways.extend(node.output.iter().cloned());
                }
                _ => return false,
            }
        }
    }
    let declared = graph.input.iter_mut().find(|declared| declared.name == input);
    match declared.and_then(|declared| declared.r#type.as_mut()?.tensor_type.as_mut()) {
        Some(tensor) if tensor.elem_type == Element::U8 as i32 => {
            tensor.elem_type = Element::F32 as i32;
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Attr, Builder, Dim};
    use super::*;

    fn graph(last: &str) -> ModelProto {
        let mut b = Builder::new();
        let image = b.input("image", Element::U8, &[Dim::Batch, Dim::Fixed(4)]);
        let moved = b.op("Transpose", &[&image], &[("perm", Attr::Ints(&[1, 0]))]);
        let y = b.op(last, &[&moved], &[("to", Attr::Int(Element::F32 as i64))]);
        let y = b.rename(&y, "y");
        b.output(&y, Element::F32, &[Dim::Fixed(4), Dim::Batch]);
        b.finish("test", &[])
    }

    #[test]
    fn only_pictures_that_are_moved_and_cast_become_floats() {
        let element = |model: &ModelProto| {
            let input = &model.graph.as_ref().unwrap().input[0];
            input.r#type.as_ref().unwrap().tensor_type.as_ref().unwrap().elem_type
        };
        let mut model = graph("Cast");
        assert!(widen_input(&mut model, "image") && element(&model) == Element::F32 as i32);
        assert!(!widen_input(&mut model, "image"), "it has floats now");
        for (mut model, input) in [(graph("Neg"), "image"), (graph("Transpose"), "image"), (graph("Cast"), "none")] {
            assert!(!widen_input(&mut model, input) && element(&model) == Element::U8 as i32);
        }
    }
}
