//! PyTorch `.pth` files, written without the library under test: a zip archive and a pickle, both also wrong on purpose.

use crate::file::Tensor;

/// A zip archive as PyTorch writes it: entries stored at multiples of 64.
#[derive(Debug, Clone)]
pub struct Archive {
    /// Folder of all entries.
    pub folder: String,
    /// Names in the folder, and bytes.
    pub entries: Vec<(String, Vec<u8>)>,
    /// Compression that the entries claim to have.
    pub method: u16,
    /// Writes the first entry again.
    pub twice: bool,
    /// Size that the first entry claims to have.
    pub claimed: Option<u32>,
}

impl Archive {
    /// An empty one.
    pub fn new(folder: &str) -> Self {
        Self { folder: folder.into(), entries: Vec::new(), method: 0, twice: false, claimed: None }
    }

    /// Adds or replaces an entry.
    pub fn with(mut self, name: &str, bytes: &[u8]) -> Self {
        self.entries.retain(|(known, _)| known != name);
        self.entries.push((name.into(), bytes.to_vec()));
        self.entries.sort_by_key(|(name, _)| name != "data.pkl");
        self
    }

    /// The file.
    pub fn bytes(&self) -> Vec<u8> {
        let (mut file, mut directory, mut count) = (Vec::new(), Vec::new(), 0u16);
        let again = self.entries.first().filter(|_| self.twice);
        for (index, (name, bytes)) in self.entries.iter().chain(again).enumerate() {
            let name = format!("{}/{name}", self.folder);
            let size = self.claimed.filter(|_| index == 0).unwrap_or(bytes.len() as u32);
            let offset = file.len() as u32;
            let padding = (64 - (file.len() + 30 + name.len()) % 64) % 64;
            let common = |extra: u16| {
                let mut fields = Vec::new();
                [10, 0, self.method, 0, 0].iter().for_each(|v: &u16| fields.extend(v.to_le_bytes()));
                [0, size, size].iter().for_each(|v: &u32| fields.extend(v.to_le_bytes()));
                [name.len() as u16, extra].iter().for_each(|v| fields.extend(v.to_le_bytes()));
                fields
            };
            file.extend(
                [&b"PK\x03\x04"[..], &common(padding as u16), name.as_bytes(), &vec![0; padding], bytes].concat(),
            );
            directory.extend([&b"PK\x01\x02\x0a\x00"[..], &common(0), &[0; 10], &offset.to_le_bytes()].concat());
            directory.extend(name.as_bytes());
            count += 1;
        }
        let (start, length) = (file.len() as u32, directory.len() as u32);
        file.extend(directory);
        file.extend([&b"PK\x05\x06\0\0\0\0"[..], &count.to_le_bytes(), &count.to_le_bytes()].concat());
        file.extend([&length.to_le_bytes()[..], &start.to_le_bytes(), &[0; 2]].concat());
        file
    }
}

/// Pickles of tensors.
#[derive(Debug)]
pub struct Pickle;

impl Pickle {
    /// A state dict of one tensor in the storage `0` of so many floats.
    pub fn tensor(name: &str, elements: i64, offset: i64, shape: &[i64], strides: &[i64]) -> Vec<u8> {
        [&b"\x80\x02}"[..], &Self::entry(name, elements, offset, shape, strides), b"s."].concat()
    }

    /// Name and tensor, as they stand in a dictionary.
    pub fn entry(name: &str, elements: i64, offset: i64, shape: &[i64], strides: &[i64]) -> Vec<u8> {
        let numbers = [tuple(shape), tuple(strides)].concat();
        [text(name), rebuilt("FloatStorage", "0", elements, offset, &numbers)].concat()
    }

    /// A state dict of a tensor `w` in a storage of this class.
    pub fn class(class: &str) -> Vec<u8> {
        let numbers = [tuple(&[6]), tuple(&[1])].concat();
        [&b"\x80\x02}"[..], &text("w"), &rebuilt(class, "0", 6, 0, &numbers), b"s."].concat()
    }

    /// A dictionary of two entries.
    pub fn both(one: &[u8], other: &[u8]) -> Vec<u8> {
        [b"\x80\x02}(", one, other, b"u."].concat()
    }

    /// The object of a pickle under a key.
    pub fn wrapped(key: &str, pickle: &[u8]) -> Vec<u8> {
        [&b"\x80\x02}"[..], &text(key), &pickle[2..pickle.len() - 1], b"s."].concat()
    }
}

/// A `.pth` of these tensors, each in its own storage.
pub fn pth_bytes(tensors: &[Tensor]) -> Vec<u8> {
    let mut pickle = b"\x80\x02ccollections\nOrderedDict\n)R(".to_vec();
    let mut archive = Archive::new("archive");
    for (index, tensor) in tensors.iter().enumerate() {
        let shape: Vec<i64> = tensor.shape.iter().map(|&n| n as i64).collect();
        let strides: Vec<i64> = (0..shape.len()).map(|d| shape[d + 1..].iter().product()).collect();
        let numbers = [tuple(&shape), tuple(&strides)].concat();
        pickle.extend(text(&tensor.name));
        pickle.extend(rebuilt("FloatStorage", &index.to_string(), tensor.data.len() as i64, 0, &numbers));
        let bytes: Vec<u8> = tensor.data.iter().flat_map(|v| v.to_le_bytes()).collect();
        archive.entries.push((format!("data/{index}"), bytes));
    }
    pickle.extend(b"u.");
    archive.with("data.pkl", &pickle).bytes()
}

fn rebuilt(class: &str, key: &str, elements: i64, offset: i64, numbers: &[u8]) -> Vec<u8> {
    let mut bytes = b"ctorch._utils\n_rebuild_tensor_v2\n((".to_vec();
    bytes.extend([text("storage"), format!("ctorch\n{class}\n").into_bytes(), text(key), text("cpu")].concat());
    bytes.extend([&number(elements)[..], b"tQ", &number(offset), numbers].concat());
    bytes.extend(b"\x89ccollections\nOrderedDict\n)RtR");
    bytes
}

fn text(text: &str) -> Vec<u8> {
    [b"X", &(text.len() as u32).to_le_bytes()[..], text.as_bytes()].concat()
}

fn number(value: i64) -> Vec<u8> {
    format!("I{value}\n").into_bytes()
}

fn tuple(values: &[i64]) -> Vec<u8> {
    [&b"("[..], &values.iter().flat_map(|v| number(*v)).collect::<Vec<_>>(), b"t"].concat()
}
