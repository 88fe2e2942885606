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
    /// The host it looks for or runs on, if not every machine has that: blocked when it is missing.
    pub host: Option<Host>,
}

/// What some steps need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    /// A build of ONNX Runtime with WebGPU, and a Vulkan driver. Without it the run fails, unless that was allowed.
    WebGpu,
    /// A build of ONNX Runtime with OpenVINO. On a platform that none is pinned for, the run says so and goes on.
    OpenVino,
}

const fn step(name: &'static str, action: Action) -> Step {
    Step { name, action, variables: &[], host: None }
}

/// Every check. Tests with `webgpu` or `openvino` in their path need that host, the others none but ONNX Runtime.
pub const STEPS: &[Step] = &[
    step("format", Action::Cargo(&["fmt", "--all", "--check"])),
    step("repository size", Action::Call(actions::repository_size)),
    step("clippy", Action::Cargo(&["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"])),
    step("fetch ONNX Runtime", Action::Call(actions::fetch_pypi)),
    step("fetch CoreCLR", Action::Call(actions::fetch_coreclr)),
    Step { host: Some(Host::WebGpu), ..step("WebGPU host", Action::Call(actions::find_webgpu_host)) },
    Step { host: Some(Host::OpenVino), ..step("OpenVINO host", Action::Call(actions::find_openvino_host)) },
    step(
        "tests",
        Action::CargoTest(&["test", "--workspace", "--no-fail-fast", "--", "--skip", "webgpu", "--skip", "openvino"]),
    ),
    Step {
        host: Some(Host::OpenVino),
        ..step("tests on OpenVINO", Action::CargoTest(&["test", "--test", "openvino", "--no-fail-fast", "openvino"]))
    },
    Step {
        host: Some(Host::WebGpu),
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
