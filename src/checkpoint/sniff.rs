//! What a file that is no checkpoint looks like, by its first bytes.

/// Bytes to read for [`looks_like`].
pub(super) const SNIFF_BYTES: usize = 64;

/// A description with advice, or `None` when the bytes tell nothing.
pub(super) fn looks_like(start: &[u8]) -> Option<&'static str> {
    let text = start.trim_ascii_start();
    let starts = |what: &str| text.len() >= what.len() && text[..what.len()].eq_ignore_ascii_case(what.as_bytes());
    if starts("version https://git-lfs") {
        return Some("a Git LFS pointer, not the file itself: fetch it with `git lfs pull`");
    }
    if starts("<!doctype") || starts("<html") || starts("<?xml") {
        return Some("a web page, probably an error page or a login page saved under this name: download it again");
    }
    // Its first object is a number that PyTorch chose.
    if start.starts_with(b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19") {
        return Some(
            "a PyTorch .pth in the format from before version 1.6: use the .safetensors file of the model, or save it again \
             with a newer PyTorch: torch.save(torch.load(\"old.pth\", weights_only=True), \"new.pth\")",
        );
    }
    if start.len() > 2 && start[0] == 0x80 && (2..=5).contains(&start[1]) {
        return Some("a Python pickle: use the .safetensors or .pth file of the model");
    }
    if start.starts_with(b"GGUF") || start.starts_with(b"ggml") {
        return Some("a GGUF language model");
    }
    if start.starts_with(b"\x89HDF") {
        return Some("an HDF5 file");
    }
    if start.get(4..8) == Some(b"TFL3") {
        return Some("a TensorFlow Lite model");
    }
    if [&b"\xff\xd8\xff"[..], b"\x89PNG", b"RIFF", b"GIF8", b"BM"].iter().any(|magic| start.starts_with(magic)) {
        return Some("an image");
    }
    // ONNX is a protobuf without a magic number: field 1 (ir_version, a small number), then a string or sub-message.
    if start.len() > 2 && start[0] == 0x08 && (1..=32).contains(&start[1]) && start[2] & 7 == 2 {
        return Some("an ONNX model, not a checkpoint");
    }
    if text.first() == Some(&b'{') {
        return Some("a JSON file, perhaps the index or the configuration that lies next to the weights");
    }
    let printable = |b: &u8| (0x20..0x7f).contains(b) || b.is_ascii_whitespace();
    (start.len() >= 16 && start.iter().all(printable)).then_some("a text file")
}
