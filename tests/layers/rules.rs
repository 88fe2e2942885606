//! The order of the rooms, as a table, and what breaks it.

use super::scan::{Placed, Reference, Token, module_of, references, tokens};
use std::collections::BTreeMap;

/// Every top-level module and its layer. A file outside these rooms is an error: a new room must be given a place.
pub const ROOMS: &[(&str, u8)] = &[
    ("error", 1),
    ("file", 1),
    ("geometry", 1),
    ("assign", 1),
    ("image", 2),
    ("spec", 2),
    ("skeleton", 2),
    ("preprocess", 3),
    ("task", 3),
    ("detect", 3),
    ("track", 3),
    ("avatar", 3),
    ("onnx", 3),
    ("checkpoint", 3),
    ("convert", 3),
    ("runtime", 3),
    ("measure", 3),
    ("video", 3),
    ("engine", 4),
    ("export", 4),
    ("dataset", 4),
    ("eval", 4),
    ("live", 4),
    ("render", 4),
    ("ffi", 5),
    ("bin", 5),
];

/// Layer 3 is flat: each of its rooms imports layers 1 and 2, and beyond that only what stands here.
const ALLOWED_IN_LAYER_3: &[(&str, &str)] = &[
    ("task", "preprocess::placement"),
    ("detect", "preprocess::placement"),
    ("track", "preprocess::placement"),
    ("track", "task::pose"), // keypoints as they are delivered
    ("avatar", "preprocess::placement"),
    ("convert", "onnx"),
    ("convert", "checkpoint"),
    ("runtime", "onnx"), // the graph that copies tensors
];

/// Forbidden although the layers would allow it.
const NEVER: &[(&str, &str)] = &[("export", "engine")];

/// Modules of `task` that decode one task; the others there are shared by them.
const TASKS: &[&str] = &["features", "pose", "seg", "normal", "pointmap", "albedo", "matting", "depth"];

/// Rooms in which foreign code is called.
const UNSAFE_ROOMS: &[&str] = &["ffi", "runtime"];

/// A file of `src/`: its path below it, and its text.
pub type File = (String, String);

/// Everything that breaks the order, one line each.
pub fn violations(files: &[File]) -> Vec<String> {
    let scanned: Vec<_> = files.iter().map(|(file, text)| (file, module_of(file), tokens(text))).collect();
    let mut exports = BTreeMap::new();
    for (_, module, tokens) in &scanned {
        for Reference { path, name, .. } in references(tokens, module) {
            let public_name: Vec<String> = module.iter().cloned().chain(name).collect();
            if public_name.len() > module.len() && path.starts_with(module) && path != public_name {
                exports.insert(public_name, path);
            }
        }
    }
    let mut found = Vec::new();
    for (file, module, tokens) in &scanned {
        let Some(room) = module.first() else { continue }; // the root names all rooms
        let mut say = |line: usize, what: String| found.push(format!("src/{file}:{line}: {what}"));
        let Some(layer) = layer_of(room) else {
            say(1, format!("`{room}` is not a room of the house: give it a layer in tests/layers/rules.rs"));
            continue;
        };
        for reference in references(tokens, module) {
            let path = real_path(&reference.path, &exports);
            // `use serde::...` reads like a module below this one, which is always allowed.
            if let Some(what) = breach(module, layer, &path) {
                say(reference.line, format!("{what} (`{}`)", path.join("::")));
            }
        }
        for (line, what) in forbidden_words(tokens, room) {
            say(line, what);
        }
    }
    found
}

/// Follows re-exports to where a name is defined, so that a short path cannot hide a room.
fn real_path(path: &[String], exports: &BTreeMap<Vec<String>, Vec<String>>) -> Vec<String> {
    let mut path = path.to_vec();
    for _ in 0..8 {
        let Some((length, target)) = (1..=path.len()).find_map(|length| Some((length, exports.get(&path[..length])?)))
        else {
            break;
        };
        path = target.iter().chain(&path[length..]).cloned().collect();
    }
    path
}

fn layer_of(room: &str) -> Option<u8> {
    ROOMS.iter().find(|(name, _)| *name == room).map(|(_, layer)| *layer)
}

/// What is wrong with `path` being named in `module`.
fn breach(module: &[String], layer: u8, path: &[String]) -> Option<String> {
    let (room, other) = (module[0].as_str(), path[0].as_str());
    if other == "*" {
        return Some("names the whole crate, which hides what it uses".into());
    }
    if room == other {
        return if room == "task" { between_tasks(module, path) } else { None };
    }
    let Some(other_layer) = layer_of(other) else {
        return Some(format!("`{other}` is neither a room nor re-exported by lib.rs"));
    };
    if other_layer > layer {
        return Some(format!("`{room}` (layer {layer}) imports `{other}` (layer {other_layer})"));
    }
    if NEVER.contains(&(room, other)) {
        return Some(format!("`{room}` must never import `{other}`"));
    }
    let joined = path.join("::");
    let is_allowed = |(from, to): &(&str, &str)| {
        *from == room && joined.strip_prefix(to).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    if layer == 3 && other_layer == 3 && !ALLOWED_IN_LAYER_3.iter().any(is_allowed) {
        return Some(format!("`{room}` imports `{other}`, its neighbour in layer 3"));
    }
    None
}

/// A task's file imports no other task, a shared file of that room no task at all; `task/mod.rs` names them all.
fn between_tasks(module: &[String], path: &[String]) -> Option<String> {
    let (own, other) = (module.get(1)?.as_str(), path.get(1)?.as_str());
    (own != other && TASKS.contains(&other)).then(|| format!("`task::{own}` imports the task `{other}`"))
}

/// Words that belong to certain rooms: `ort`, `unsafe`, foreign interfaces.
fn forbidden_words(tokens: &[Placed], room: &str) -> Vec<(usize, String)> {
    let token = |index: usize| tokens.get(index).map(|(token, _)| token);
    let mut found = Vec::new();
    for (i, (this, line)) in tokens.iter().enumerate() {
        let Token::Word(word) = this else { continue };
        let before = i.checked_sub(1).and_then(token);
        let after = token(i + 1);
        let what = match word.as_str() {
            // `ort::`, `::ort::`, `use ort as`, `extern crate ort`; but not a field or `runtime::ort`.
            "ort" | "ort_sys" if room != "runtime" => {
                let is_inside_path = before == Some(&Token::Sep)
                    && matches!(i.checked_sub(2).and_then(token), Some(Token::Word(word)) if word != "use");
                let is_crate = after == Some(&Token::Sep) || before.is_some_and(|t| t.is("use") || t.is("crate"));
                (is_crate && !is_inside_path).then(|| format!("`{word}` outside runtime"))
            }
            "unsafe" if !UNSAFE_ROOMS.contains(&room) => Some("`unsafe` outside ffi and runtime".into()),
            "no_mangle" | "export_name" if !UNSAFE_ROOMS.contains(&room) => {
                Some(format!("`{word}` outside ffi and runtime"))
            }
            "extern" if !UNSAFE_ROOMS.contains(&room) => {
                let is_foreign =
                    matches!(after, Some(Token::Text(_) | Token::Mark('{'))) || after.is_some_and(|t| t.is("fn"));
                is_foreign.then(|| "`extern` outside ffi and runtime".into())
            }
            _ => None,
        };
        found.extend(what.map(|what| (*line, what)));
    }
    found
}

/// Names of two or more words found in the skeleton's source, spelled without separators and in lower case.
pub fn fact_names(text: &str) -> Vec<String> {
    let literals = tokens(text).into_iter().filter_map(|(token, _)| match token {
        Token::Text(text) => Some(text),
        _ => None,
    });
    let is_name_char = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ' ');
    let mut names: Vec<String> = Vec::new();
    for literal in literals {
        // One literal can hold a whole table of names.
        for name in literal.split(|c: char| !is_name_char(c)).map(str::trim) {
            let has_words = name.split(['_', '-']).filter(|part| part.len() > 1).count() > 1 && !name.contains(' ');
            if has_words && name.len() >= 8 && name.starts_with(|c: char| c.is_ascii_alphabetic()) {
                names.push(plain(name));
            }
        }
    }
    names.sort();
    names.dedup();
    names
}

/// Where a binding states a model fact itself instead of asking the library. The enumerators of the C header are no such fact,
/// nor is another spelling of one beside it: `left_hand = SAPIENS_KEYPOINT_GROUP_LEFT_HAND`.
pub fn facts_in_binding(file: &str, text: &str, names: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let is_separator = |c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-');
    for (index, line) in text.lines().enumerate() {
        let enumerators: Vec<&str> = line.split(is_separator).filter(|word| word.starts_with("SAPIENS_")).collect();
        for word in line.split(is_separator) {
            let plain_word = plain(word);
            if !word.is_empty() && enumerators.iter().any(|name| plain(name).ends_with(&plain_word)) {
                continue;
            }
            let is_fact = word == "308" || names.iter().any(|name| plain_word.contains(name.as_str()));
            if is_fact {
                found.push(format!("{file}:{}: the model fact `{word}` in a binding", index + 1));
            }
        }
    }
    found
}

fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}
