//! What CI checks, in order: add a line here.

use crate::process::Fault;
use crate::test_actions as actions;
use crate::test_run::{Counts, Run};

/// What a step does.
pub enum Action {
    /// A cargo command that succeeds.
    Cargo(&'static [&'static str]),
    /// `cargo test` with these arguments and the hosts' variables; at least one test must run. Its tests are counted.
    CargoTest(&'static [&'static str]),
    /// A function; it may add tests to the sum.
    Call(fn(&mut Run) -> Result<Counts, Fault>),
}

/// One step.
pub struct Step {
    /// Shown, and named when it fails.
    pub name: &'static str,
    /// What it does.
    pub action: Action,
    /// Variables set for it alone.
    pub variables: &'static [(&'static str, &'static str)],
    /// Whether it runs on the WebGPU host: blocked when that is missing.
    pub needs_webgpu: bool,
}

const fn step(name: &'static str, action: Action) -> Step {
    Step { name, action, variables: &[], needs_webgpu: false }
}

/// Every check. Tests with `webgpu` in their path need the WebGPU host, the others none but ONNX Runtime.
pub const STEPS: &[Step] = &[
    step("format", Action::Cargo(&["fmt", "--all", "--check"])),
    step("repository size", Action::Call(actions::repository_size)),
    step("clippy", Action::Cargo(&["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"])),
    step("fetch ONNX Runtime", Action::Call(actions::fetch_pypi)),
    step("fetch CoreCLR", Action::Call(actions::fetch_coreclr)),
    Step { needs_webgpu: true, ..step("WebGPU host", Action::Call(actions::find_webgpu_host)) },
    step("tests", Action::CargoTest(&["test", "--workspace", "--no-fail-fast", "--", "--skip", "webgpu"])),
    Step {
        needs_webgpu: true,
        ..step(
            "tests on WebGPU",
            Action::CargoTest(&["test", "--lib", "--bins", "--tests", "--no-fail-fast", "webgpu"]),
        )
    },
    Step {
        variables: &[("RUSTDOCFLAGS", "-D warnings")],
        ..step("documentation", Action::Cargo(&["doc", "--workspace", "--no-deps", "--quiet"]))
    },
    step("demo", Action::Call(actions::demo)),
    step("demo model", Action::Call(actions::eval_demo)),
    step("package", Action::Call(crate::package::check)),
];
