//! The pickle machine: protocols 0 to 5 as documented in Python's `pickletools`, without any call. What a function would have
//! made is known for those few that make tensors, and opaque for all others.

use super::corrupt;
use super::object::{Id, Object, Objects};
use super::rebuild;
use crate::error::Result;
use std::collections::HashMap;

/// More objects than the largest training state has.
const MAX_OBJECTS: usize = 2 << 20;
/// The one opaque object.
const OPAQUE: Id = 0;
/// The one empty tuple.
const EMPTY: Id = 1;

/// Runs a pickle to its end.
///
/// # Errors
/// `CorruptModel` with the byte at which it makes no sense.
pub(super) fn load(bytes: &[u8]) -> Result<Objects> {
    let objects = Objects { all: vec![Object::Opaque, Object::Tuple(Vec::new())], root: OPAQUE };
    let mut machine = Machine { bytes, at: 0, objects, stack: Vec::new(), marks: Vec::new(), memo: HashMap::new() };
    loop {
        let start = machine.at;
        match machine.step() {
            Some(Step::Next) if machine.objects.all.len() <= MAX_OBJECTS => {}
            Some(Step::Stop(root)) => {
                machine.objects.root = root;
                return Ok(machine.objects);
            }
            Some(Step::Next) => return Err(corrupt(format!("its pickle has more than {MAX_OBJECTS} objects"))),
            None => return Err(corrupt(format!("its pickle makes no sense at byte {start} of {}", bytes.len()))),
        }
    }
}

enum Step {
    Next,
    Stop(Id),
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    objects: Objects,
    stack: Vec<Id>,
    /// Heights of the stack at open marks.
    marks: Vec<usize>,
    memo: HashMap<u64, Id>,
}

impl<'a> Machine<'a> {
    /// One instruction; `None` where it cannot be.
    fn step(&mut self) -> Option<Step> {
        let code = self.take(1)?[0];
        match code {
            b'.' => return Some(Step::Stop(self.pop()?)),
            0x80 => drop(self.take(1).filter(|version| version[0] <= 5)?),
            0x95 => drop(self.take(8)?),
            b'(' => self.marks.push(self.stack.len()),
            b'0' => match self.marks.last() {
                Some(&mark) if mark == self.stack.len() => drop(self.marks.pop()),
                _ => drop(self.pop()?),
            },
            b'1' => drop(self.pop_mark()?),
            b'2' => self.stack.push(self.top()?),
            // None, truth values, numbers that are not needed, bytes.
            b'N' | 0x88 | 0x89 => self.stack.push(OPAQUE),
            b'G' => self.skip(8)?,
            b'F' => {
                self.line()?;
                self.stack.push(OPAQUE);
            }
            b'B' => self.skip_counted(4)?,
            b'C' | 0x8a => self.skip_counted(1)?,
            0x8b => self.skip_counted(4)?,
            0x8e | 0x96 => self.skip_counted(8)?,
            0x82 => self.skip(1)?,
            0x83 => self.skip(2)?,
            0x84 => self.skip(4)?,
            b'K' | b'M' | b'J' | b'I' | b'L' => self.integer(code)?,
            b'X' | b'T' => self.counted_text(4)?,
            0x8c | b'U' => self.counted_text(1)?,
            0x8d => self.counted_text(8)?,
            b'V' | b'S' => {
                let text = self.line()?.trim_matches(['\'', '"']).to_owned();
                self.push(Object::Text(text));
            }
            b')' => self.stack.push(EMPTY),
            b't' | 0x85..=0x87 | b'l' | b']' => self.sequence(code)?,
            b'a' | b'e' => self.append(code)?,
            b'}' => self.push(Object::Dict(Vec::new())),
            b'd' => {
                let items = self.pop_mark()?;
                self.push(Object::Dict(pairs(&items)?));
            }
            b's' | b'u' => self.set_items(code)?,
            // Sets: their members are gone, which a tensor never is.
            0x8f => self.stack.push(OPAQUE),
            0x90 => drop(self.pop_mark()?),
            0x91 => {
                self.pop_mark()?;
                self.stack.push(OPAQUE);
            }
            b'p' | b'q' | b'r' | 0x94 => self.put(code)?,
            b'g' | b'h' | b'j' => {
                let index = self.memo_index(code, b"ghj")?;
                self.stack.push(*self.memo.get(&index)?);
            }
            _ => self.call(code)?,
        }
        Some(Step::Next)
    }

    /// Everything that would run code in Python, and persistent names.
    fn call(&mut self, code: u8) -> Option<()> {
        match code {
            b'c' => {
                let (module, name) = (self.line()?.to_owned(), self.line()?.to_owned());
                self.push(Object::Global(module, name));
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let (Object::Text(module), Object::Text(name)) = (self.objects.get(module), self.objects.get(name))
                else {
                    return None;
                };
                let global = Object::Global(module.clone(), name.clone());
                self.push(global);
            }
            b'R' | 0x81 => {
                let (arguments, callable) = (self.pop()?, self.pop()?);
                match rebuild::call(&self.objects, callable, arguments) {
                    rebuild::Made::New(object) => self.push(object),
                    rebuild::Made::Known(id) => self.stack.push(id),
                }
            }
            0x92 => {
                for _ in 0..3 {
                    self.pop()?;
                }
                self.stack.push(OPAQUE);
            }
            b'i' => {
                self.line()?;
                self.line()?;
                self.pop_mark()?;
                self.stack.push(OPAQUE);
            }
            b'o' => {
                self.pop_mark()?;
                self.stack.push(OPAQUE);
            }
            // The state of an object says nothing about tensors.
            b'b' => {
                self.pop()?;
                self.top()?;
            }
            b'Q' => {
                let id = self.pop()?;
                let object = rebuild::storage(&self.objects, id);
                self.push(object);
            }
            b'P' => {
                self.line()?;
                self.stack.push(OPAQUE);
            }
            _ => return None,
        }
        Some(())
    }

    fn integer(&mut self, code: u8) -> Option<()> {
        let value = match code {
            b'K' => i64::from(self.take(1)?[0]),
            b'M' => i64::from(u16::from_le_bytes(self.take(2)?.try_into().ok()?)),
            b'J' => i64::from(i32::from_le_bytes(self.take(4)?.try_into().ok()?)),
            _ => match self.line()?.trim_end_matches('L').parse() {
                Ok(value) => value,
                Err(_) => {
                    self.stack.push(OPAQUE);
                    return Some(());
                }
            },
        };
        self.push(Object::Int(value));
        Some(())
    }

    fn counted_text(&mut self, width: usize) -> Option<()> {
        let length = self.count(width)?;
        let object = match std::str::from_utf8(self.take(length)?) {
            Ok(text) => Object::Text(text.to_owned()),
            Err(_) => Object::Opaque,
        };
        self.push(object);
        Some(())
    }

    fn sequence(&mut self, code: u8) -> Option<()> {
        let object = match code {
            b't' => Object::Tuple(self.pop_mark()?),
            b'l' => Object::List(self.pop_mark()?),
            b']' => Object::List(Vec::new()),
            _ => {
                let mut items = Vec::new();
                for _ in 0x84..code {
                    items.push(self.pop()?);
                }
                items.reverse();
                Object::Tuple(items)
            }
        };
        self.push(object);
        Some(())
    }

    /// Items for the list below them; lists that are of no interest swallow theirs.
    fn append(&mut self, code: u8) -> Option<()> {
        let items = if code == b'a' { vec![self.pop()?] } else { self.pop_mark()? };
        let list = self.top()? as usize;
        if let Object::List(known) = self.objects.all.get_mut(list)? {
            known.extend(items);
        }
        Some(())
    }

    fn set_items(&mut self, code: u8) -> Option<()> {
        let items = if code == b's' {
            let (value, key) = (self.pop()?, self.pop()?);
            vec![key, value]
        } else {
            self.pop_mark()?
        };
        let (items, dict) = (pairs(&items)?, self.top()? as usize);
        if let Object::Dict(known) = self.objects.all.get_mut(dict)? {
            known.extend(items);
        }
        Some(())
    }

    fn put(&mut self, code: u8) -> Option<()> {
        let index = if code == 0x94 { self.memo.len() as u64 } else { self.memo_index(code, b"pqr")? };
        self.memo.insert(index, self.top()?);
        Some(())
    }

    /// An index written as a line, a byte or four bytes.
    fn memo_index(&mut self, code: u8, codes: &[u8; 3]) -> Option<u64> {
        match codes.iter().position(|known| *known == code)? {
            0 => self.line()?.parse().ok(),
            1 => Some(self.take(1)?[0].into()),
            _ => Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?).into()),
        }
    }

    fn skip(&mut self, bytes: usize) -> Option<()> {
        self.take(bytes)?;
        self.stack.push(OPAQUE);
        Some(())
    }

    fn skip_counted(&mut self, width: usize) -> Option<()> {
        let length = self.count(width)?;
        self.skip(length)
    }

    fn count(&mut self, width: usize) -> Option<usize> {
        let mut bytes = [0; 8];
        bytes[..width].copy_from_slice(self.take(width)?);
        usize::try_from(u64::from_le_bytes(bytes)).ok()
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(count)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    fn line(&mut self) -> Option<&'a str> {
        let rest = self.bytes.get(self.at..)?;
        let length = rest.iter().position(|b| *b == b'\n')?;
        self.at += length + 1;
        std::str::from_utf8(&rest[..length]).ok()
    }

    fn push(&mut self, object: Object) {
        // Ids are 32 bits, and the loop above ends long before.
        self.stack.push(self.objects.all.len() as Id);
        self.objects.all.push(object);
    }

    fn top(&self) -> Option<Id> {
        let floor = self.marks.last().copied().unwrap_or(0);
        self.stack.get(floor..)?.last().copied()
    }

    /// Never takes what lies below an open mark.
    fn pop(&mut self) -> Option<Id> {
        let top = self.top()?;
        self.stack.pop();
        Some(top)
    }

    /// Everything above the last mark.
    fn pop_mark(&mut self) -> Option<Vec<Id>> {
        let mark = self.marks.pop().filter(|mark| *mark <= self.stack.len())?;
        Some(self.stack.split_off(mark))
    }
}

fn pairs(items: &[Id]) -> Option<Vec<(Id, Id)>> {
    let (pairs, rest) = items.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|&[key, value]| (key, value)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(bytes: &[u8]) -> Object {
        let objects = load(bytes).unwrap();
        objects.root().clone()
    }

    #[test]
    fn numbers_texts_and_containers() {
        for (bytes, value) in [(&b"K\x05."[..], 5), (b"M\x00\x01.", 256), (b"J\xff\xff\xff\xff.", -1), (b"I42\n.", 42)]
        {
            assert_eq!(root(bytes), Object::Int(value));
        }
        assert_eq!(root(b"X\x03\x00\x00\x00abc."), Object::Text("abc".into()));
        assert_eq!(root(b"\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00\x8c\x02hi\x94."), Object::Text("hi".into()));
        assert_eq!(root(b"S'abc'\n."), Object::Text("abc".into()));
        assert!(matches!(root(b"](K\x01K\x02e."), Object::List(items) if items.len() == 2));
        assert!(matches!(root(b"K\x01K\x02K\x03\x87."), Object::Tuple(items) if items.len() == 3));
        assert!(matches!(root(b"}K\x01K\x02s."), Object::Dict(entries) if entries.len() == 1));
        // What was put into the memo is the object itself, which still grows.
        assert!(matches!(root(b"}q\x07K\x01K\x02s0h\x07."), Object::Dict(entries) if entries.len() == 1));
        assert_eq!(root(b"\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x40."), Object::Opaque);
    }

    #[test]
    fn functions_are_never_called() {
        assert_eq!(root(b"cposix\nsystem\nX\x02\x00\x00\x00ls\x85R."), Object::Opaque);
        assert_eq!(root(b"(S'ls'\nios\nsystem\n."), Object::Opaque);
        assert_eq!(root(b"(cos\nsystem\nS'ls'\no."), Object::Opaque);
        assert_eq!(root(b"cposix\nsystem\n."), Object::Global("posix".into(), "system".into()));
    }

    #[test]
    fn nonsense_is_an_error_with_its_place() {
        for bytes in [
            &b""[..],
            b".",
            b"K",
            b"K\x01",
            b"h\x09.",
            b"t.",
            b"K\x01(a.",
            b"(0.",
            b"}(K\x01u.",
            b"X\xff\xff\xff\xffa.",
            b"\x8d\xff\xff\xff\xff\xff\xff\xff\xff.",
            b"\x80\x09K\x01.",
            b"\xff.",
            b"c\xff\n\xff\n.",
            b"R.",
            b"\x93.",
            b"K\x01(0(1.K",
        ] {
            let _ = load(bytes).map(|found| assert!(found.all.len() < 9, "{bytes:?}"));
        }
        let error = load(b"K\x01t.").unwrap_err().to_string();
        assert!(error.contains("byte 2 of 4"), "{error}");
        // A mark below which the stack was emptied.
        assert!(load(b"K\x01(00t.").is_err());
    }

    #[test]
    fn depth_and_size_cost_no_stack_and_no_memory() {
        let deep = [&b")"[..], &vec![0x85; 1_000_000], b"."].concat();
        assert!(matches!(root(&deep), Object::Tuple(_)));
        assert!(matches!(root(&[&b"]"[..], &b"]a".repeat(10), b"."].concat()), Object::List(_)));
        // An index of the memo is a name, not a size.
        assert_eq!(root(b"K\x01r\xff\xff\xff\xff0j\xff\xff\xff\xff."), Object::Int(1));
        let many = [&b"K\x01".repeat(MAX_OBJECTS + 1)[..], b"."].concat();
        assert!(load(&many).unwrap_err().to_string().contains("objects"));
    }
}
