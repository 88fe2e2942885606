//! A stand-in for Unreal's header tool: writes `NAME.generated.h` for a header, and names what the real one would refuse.

use std::path::{Path, PathBuf};

/// Writes one forwarding header per line of `includes.txt` ("PATH FILE") into `to`; gives the folder to look for includes in.
pub fn engine(declarations: &Path, to: &Path) -> PathBuf {
    let table = std::fs::read_to_string(declarations.join("includes.txt")).unwrap();
    let include = to.join("engine");
    for line in table.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (path, file) = line.split_once(' ').unwrap();
        let header = include.join(path);
        std::fs::create_dir_all(header.parent().unwrap()).unwrap();
        let target = declarations.join(file);
        assert!(target.is_file(), "includes.txt: no {file}");
        std::fs::write(header, format!("#pragma once\n#include \"{}\"\n", target.display())).unwrap();
    }
    include
}

/// What `GENERATED_BODY()` on a line stands for.
struct Body {
    line: usize,
    name: String,
    base: Option<String>,
}

fn bodies(text: &str) -> Vec<Body> {
    let mut found = Vec::new();
    let mut last = None;
    for (index, line) in text.lines().enumerate() {
        let is_type = line.starts_with("class ") || line.starts_with("struct ");
        if is_type && !line.ends_with(';') {
            let mut sides = line.splitn(2, " : ");
            let name = sides.next().unwrap().split(' ').next_back().unwrap().to_owned();
            let base =
                sides.next().map(|base| base.trim_start_matches("public ").split(',').next().unwrap().to_owned());
            last = Some((name, base));
        }
        if line.trim() == "GENERATED_BODY()" {
            let (name, base) = last.take().expect("GENERATED_BODY() without a type");
            found.push(Body { line: index + 1, name, base });
        }
    }
    found
}

/// Writes the generated header of `header` into `to`, if it has one.
pub fn generate(header: &Path, to: &Path) {
    let text = std::fs::read_to_string(header).unwrap();
    let stem = header.file_stem().unwrap().to_str().unwrap();
    if !text.contains(&format!("{stem}.generated.h")) {
        return;
    }
    let mut out = format!("#undef CURRENT_FILE_ID\n#define CURRENT_FILE_ID {stem}\n");
    for Body { line, name, base } in bodies(&text) {
        let base = base.map_or(String::new(), |base| format!("using Super = {base}; using ThisClass = {name};"));
        let object = if name.starts_with('U') {
            "static UClass* StaticClass();"
        } else {
            "static UScriptStruct* StaticStruct();"
        };
        let after = if name.starts_with('U') { "private:" } else { "public:" };
        out += &format!("#define {stem}_{line}_GENERATED_BODY public: {base} {object} {after}\n");
    }
    std::fs::write(to.join(format!("{stem}.generated.h")), out).unwrap();
}

/// Types that Blueprints do not know, as whole words.
const NOT_IN_BLUEPRINTS: [&str; 9] =
    ["uint16", "uint32", "uint64", "int8", "int16", "size_t", "std::", "TSharedPtr", "TOptional"];

/// What the header tool would refuse, and what the engine's coding standard asks of reflected types.
pub fn faults(header: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(header).unwrap();
    let stem = header.file_stem().unwrap().to_str().unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    let mut say = |line: usize, what: &str| found.push(format!("{}:{}: {what}", header.display(), line + 1));
    let includes: Vec<usize> = (0..lines.len()).filter(|&i| lines[i].starts_with("#include")).collect();
    let is_reflected = lines.iter().any(|line| line.starts_with("UCLASS(") || line.starts_with("USTRUCT("));
    let generated = format!("#include \"{stem}.generated.h\"");
    if is_reflected && includes.last().is_none_or(|&last| lines[last] != generated) {
        say(0, "the generated header must be included last");
    }
    for (i, line) in lines.iter().enumerate() {
        let next = lines.get(i + 1).copied().unwrap_or_default();
        let is_macro = ["UPROPERTY(", "UFUNCTION("].iter().any(|word| line.trim_start().starts_with(word));
        if is_macro {
            let for_blueprints = line.contains("Blueprint");
            if for_blueprints && !line.contains("Category") {
                say(i, "what Blueprints see needs a Category");
            }
            if for_blueprints
                && NOT_IN_BLUEPRINTS
                    .iter()
                    .any(|word| next.trim_start().split(['<', ' ', ',', '(']).any(|w| w.starts_with(word)))
            {
                say(i + 1, "a type that Blueprints do not know");
            }
            if next.trim().is_empty() {
                say(i, "a macro without a declaration on the next line");
            }
        }
        for (macro_name, prefixes) in [("UCLASS(", "UA"), ("USTRUCT(", "F"), ("UENUM(", "E")] {
            if line.starts_with(macro_name) {
                let mut words = next.trim_start_matches("enum ").split(' ').filter(|word| !word.ends_with("_API"));
                let name = words.nth(1).unwrap_or_default();
                if !name.starts_with(|c: char| prefixes.contains(c)) {
                    say(i + 1, "the prefix of the name is not the engine's");
                }
            }
        }
        if line.contains("bool ") && line.trim_end().ends_with(';') && !line.contains('(') && !line.contains("bool b") {
            say(i, "a boolean begins with b");
        }
    }
    found
}
