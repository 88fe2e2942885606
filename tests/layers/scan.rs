//! Just enough of Rust's grammar to find every path that leaves a file: comments and literals are skipped, `use`
//! trees are expanded, `crate`, `self` and `super` are resolved against the module the path stands in.

/// A piece of source text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// Identifier or keyword.
    Word(String),
    /// `::`.
    Sep,
    /// A string literal of any kind.
    Text(String),
    /// Any other character.
    Mark(char),
}

impl Token {
    /// Whether it is this identifier or keyword.
    pub fn is(&self, word: &str) -> bool {
        matches!(self, Self::Word(text) if text == word)
    }
}

/// A token and its line, from 1.
pub type Placed = (Token, usize);

/// A path as written at one place, resolved to start at the crate root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Segments from the crate root; `*` last for a glob or an alias of a whole module.
    pub path: Vec<String>,
    /// The name it gets in this module, if it comes from a `use`.
    pub name: Option<String>,
    /// Line, from 1.
    pub line: usize,
}

/// Splits a source text.
pub fn tokens(source: &str) -> Vec<Placed> {
    let text: Vec<char> = source.chars().collect();
    let at = |index: usize| text.get(index).copied().unwrap_or('\0');
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let (mut found, mut i, mut line) = (Vec::new(), 0, 1);
    while i < text.len() {
        let start = i;
        let placed_line = line;
        match at(i) {
            '/' if at(i + 1) == '/' => {
                while i < text.len() && at(i) != '\n' {
                    i += 1;
                }
            }
            '/' if at(i + 1) == '*' => {
                let mut depth = 0;
                while i < text.len() {
                    match (at(i), at(i + 1)) {
                        ('/', '*') => (depth, i) = (depth + 1, i + 2),
                        ('*', '/') => (depth, i) = (depth - 1, i + 2),
                        _ => i += 1,
                    }
                    if depth == 0 {
                        break;
                    }
                }
            }
            '"' => {
                i = end_of_string(&text, i);
                found.push((Token::Text(text[start..i].iter().collect()), placed_line));
            }
            // A character literal; otherwise a lifetime, whose name follows as a word.
            '\'' if at(i + 1) == '\\' || at(i + 2) == '\'' => {
                i += if at(i + 1) == '\\' { 3 } else { 2 };
                while i < text.len() && at(i) != '\'' {
                    i += 1;
                }
                i += 1;
            }
            c if is_word(c) => {
                while is_word(at(i)) {
                    i += 1;
                }
                let word: String = text[start..i].iter().collect();
                let hashes = text[i..].iter().take_while(|c| **c == '#').count();
                if matches!(word.as_str(), "r" | "br" | "cr") && at(i + hashes) == '"' {
                    let close: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
                    i += hashes + 1;
                    while i < text.len() && !text[i..].starts_with(&close) {
                        i += 1;
                    }
                    i = (i + close.len()).min(text.len());
                    found.push((Token::Text(text[start..i].iter().collect()), placed_line));
                } else if word == "r" && hashes == 1 && is_word(at(i + 1)) {
                    i += 1; // a raw identifier: its name follows
                } else {
                    found.push((Token::Word(word), placed_line));
                }
            }
            ':' if at(i + 1) == ':' => {
                i += 2;
                found.push((Token::Sep, placed_line));
            }
            c => {
                i += 1;
                if !c.is_whitespace() {
                    found.push((Token::Mark(c), placed_line));
                }
            }
        }
        line += text[start..i.min(text.len())].iter().filter(|c| **c == '\n').count();
    }
    found
}

fn end_of_string(text: &[char], open: usize) -> usize {
    let mut i = open + 1;
    while i < text.len() && text[i] != '"' {
        i += if text[i] == '\\' { 2 } else { 1 };
    }
    (i + 1).min(text.len())
}

/// The module a file holds: `task/pose.rs` is task::pose, `task/mod.rs` is task, `lib.rs` the root.
pub fn module_of(file: &str) -> Vec<String> {
    let mut parts: Vec<String> = file.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    let is_bin = parts[0] == "bin";
    if parts.last().is_some_and(|last| last == "mod" || (last == "lib" && !is_bin)) {
        parts.pop();
    }
    parts
}

/// Every path in the file that starts with `crate`, `self`, `super` or the name of this library, and every `use`.
pub fn references(tokens: &[Placed], module: &[String]) -> Vec<Reference> {
    let mut found = Vec::new();
    let mut inline: Vec<(String, usize)> = Vec::new();
    let (mut depth, mut i) = (0, 0);
    while i < tokens.len() {
        let (token, _) = &tokens[i];
        match token {
            Token::Mark('{') => {
                depth += 1;
                if let [.., (Token::Word(keyword), _), (Token::Word(name), _)] = &tokens[..i]
                    && keyword == "mod"
                {
                    inline.push((name.clone(), depth));
                }
            }
            Token::Mark('}') => {
                if inline.last().is_some_and(|(_, opened)| *opened == depth) {
                    inline.pop();
                }
                depth = depth.saturating_sub(1);
            }
            Token::Word(word) => {
                let here: Vec<String> =
                    module.iter().cloned().chain(inline.iter().map(|(name, _)| name.clone())).collect();
                let continues = tokens.get(i + 1).is_some_and(|(next, _)| *next == Token::Sep);
                let begins = i == 0 || tokens[i - 1].0 != Token::Sep;
                let is_use = word == "use";
                let starts_path =
                    matches!(word.as_str(), "crate" | "self" | "super" | "sapiens") && continues && begins;
                if is_use || starts_path {
                    let mut leaves = Vec::new();
                    let end = tree(tokens, i + usize::from(is_use), &[], &mut leaves);
                    found.extend(leaves.into_iter().filter_map(|leaf| resolve(leaf, &here, is_use)));
                    i = end.max(i + 1);
                    continue;
                }
            }
            _ => {}
        }
        i += 1;
    }
    found
}

/// Expands one (use) tree from `i`; returns where it ends.
fn tree(tokens: &[Placed], mut i: usize, prefix: &[String], leaves: &mut Vec<Reference>) -> usize {
    let mut path = prefix.to_vec();
    loop {
        let Some((token, line)) = tokens.get(i) else { return i };
        match token {
            Token::Sep => i += 1, // a leading `::`
            Token::Mark('*') => path.push("*".into()),
            Token::Word(word) if word == "self" && !prefix.is_empty() => {} // the prefix itself
            Token::Word(word) => path.push(word.clone()),
            Token::Mark('{') => {
                i += 1;
                while tokens.get(i).is_some_and(|(token, _)| *token != Token::Mark('}')) {
                    let end = tree(tokens, i, &path, leaves);
                    i = end.max(i + usize::from(end == i));
                    i += usize::from(tokens.get(i).is_some_and(|(token, _)| *token == Token::Mark(',')));
                }
                return i + 1;
            }
            _ => return i,
        }
        if *token == Token::Sep {
            continue;
        }
        i += 1;
        let goes_on = tokens.get(i).is_some_and(|(next, _)| *next == Token::Sep)
            && tokens.get(i + 1).is_some_and(|(next, _)| matches!(next, Token::Word(_) | Token::Mark('{' | '*')));
        if goes_on {
            i += 1;
            continue;
        }
        let mut name = path.last().cloned();
        if tokens.get(i).is_some_and(|(next, _)| next.is("as")) {
            if let Some((Token::Word(alias), _)) = tokens.get(i + 1) {
                name = Some(alias.clone());
            }
            i += 2;
        }
        leaves.push(Reference { path, name, line: *line });
        return i;
    }
}

/// Makes a path start at the crate root; None if it leads to another crate.
fn resolve(leaf: Reference, here: &[String], is_use: bool) -> Option<Reference> {
    let in_bin = here.first().is_some_and(|first| first == "bin");
    let first = leaf.path.first()?.as_str();
    let mut path: Vec<String> = match first {
        "crate" if in_bin => vec!["bin".into()],
        "crate" | "sapiens" => Vec::new(),
        "self" => here.to_vec(),
        "super" => here[..here.len().saturating_sub(1)].to_vec(),
        // A plain `use a::b`: a module below this one, or another crate; whoever asks can tell by the name.
        _ if is_use => here.iter().cloned().chain([first.to_owned()]).collect(),
        _ => return None,
    };
    for segment in &leaf.path[1..] {
        if segment == "super" {
            path.pop();
        } else {
            path.push(segment.clone());
        }
    }
    if path.is_empty() {
        path.push("*".into()); // the crate root under another name
    }
    Some(Reference { path, name: leaf.name.filter(|_| is_use), line: leaf.line })
}
