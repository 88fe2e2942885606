//! `sapiens inspect`.

use crate::console::say;
use sapiens::Result;
use sapiens::checkpoint::Hints;
use sapiens::engine::{Description, describe_with};
use sapiens::spec::ModelFraming;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    /// A .safetensors or .pth checkpoint or an .onnx graph.
    file: PathBuf,
    /// Attention heads, where a Sapiens v1 checkpoint of an unusual width does not say.
    #[arg(long)]
    heads: Option<usize>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> Result<ExitCode> {
    let description = describe_with(&args.file, Hints { heads: args.heads, ..Hints::default() })?;
    if args.json {
        let text = serde_json::to_string_pretty(&description)
            .map_err(|e| sapiens::Error::invalid(format!("the description cannot be written as JSON: {e}")))?;
        say!("{text}");
    } else {
        print(&description);
    }
    Ok(ExitCode::SUCCESS)
}

fn print(d: &Description) {
    let info = &d.info;
    let tasks: Vec<_> = info.tasks.iter().map(|t| t.name()).collect();
    let mut rows = vec![
        ("kind", d.kind.clone()),
        ("family", d.family.clone()),
        ("task", if tasks.is_empty() { d.task.clone() } else { tasks.join(", ") }),
        ("size", info.size.clone()),
        ("parameters", format!("{:.4} B ({})", info.parameters as f64 / 1e9, info.parameters)),
        ("input", format!("{} (height x width)", info.input)),
        ("framing", info.framing.to_string()),
        ("RoPE", info.rope.to_string()),
        ("stored as", d.dtype.clone()),
        ("licence", info.licence.to_string()),
    ];
    if let Some(backbone) = &d.backbone {
        rows.insert(5, ("backbone", backbone.clone()));
    }
    if tasks.is_empty() {
        // A detector has neither, and its last row says what it sees.
        rows.retain(|(name, _)| !["framing", "RoPE", "input"].contains(name));
    }
    if info.framing == ModelFraming::Sapiens1 {
        rows.retain(|(name, _)| *name != "RoPE");
    }
    if info.winograd > 0 {
        rows.push(("winograd", format!("{} convolutions of the heads", info.winograd)));
    }
    for head in &d.heads {
        rows.push(("head", head.clone()));
    }
    if let Some(found) = &info.certificate {
        rows.push((
            "measured",
            format!(
                "against {} on {}, {} pictures ({}), ONNX Runtime {}",
                found.reference, found.device, found.pictures, found.source, found.onnxruntime
            ),
        ));
        rows.extend(found.tasks.iter().map(|task| ("", task.to_string())));
    }
    for (name, value) in rows {
        say!("{name:11} {value}");
    }
}
