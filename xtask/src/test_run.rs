//! `cargo xtask test`: runs the steps in order, stops at the first that fails, and sums up in one closing line.

use crate::fetch::has_openvino;
use crate::process::{self, Fault};
use crate::test_steps::{Action, Host, STEPS, Step};
use std::ffi::OsString;

/// How many tests passed, failed, or were marked `#[ignore]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Passed.
    pub passed: usize,
    /// Failed.
    pub failed: usize,
    /// Not run.
    pub ignored: usize,
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
    }

    /// What a line of `cargo test` adds: `test result: ok. 3 passed; 0 failed; 1 ignored; ...`.
    fn read(&mut self, line: &str) {
        let Some(rest) = line.strip_prefix("test result: ") else { return };
        let rest = rest.split_once(". ").map_or(rest, |(_, counts)| counts);
        for part in rest.split(';') {
            let mut words = part.split_whitespace();
            let (Some(Ok(count)), Some(word)) = (words.next().map(str::parse::<usize>), words.next()) else { continue };
            match word {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                "ignored" => self.ignored += count,
                _ => {}
            }
        }
    }
}

/// What earlier steps found out for later ones.
#[derive(Default)]
pub struct Run {
    variables: Vec<(&'static str, OsString)>,
}

impl Run {
    /// Sets an environment variable for the tests of all later steps.
    pub fn set(&mut self, name: &'static str, value: impl Into<OsString>) {
        self.variables.push((name, value.into()));
    }
}

/// Runs all steps. A blocked one fails the run, unless `allow_blocked` or its host is not asked of every machine.
pub fn run(allow_blocked: bool) -> Result<(), Fault> {
    let mut run = Run::default();
    let mut sum = Counts::default();
    let mut blocked: Vec<String> = Vec::new();
    let mut missing: Vec<Host> = Vec::new();
    let mut times = Vec::new();
    let mut fault = None;
    for (index, step) in STEPS.iter().enumerate() {
        println!("\n== {} of {}: {}", index + 1, STEPS.len(), step.name);
        if let Some(host) = step.host.filter(|host| missing.contains(host)) {
            println!("BLOCKED: {}: the {host:?} host is missing", step.name);
            blocked.push(step.name.to_owned());
            continue;
        }
        let mut counts = Counts::default();
        let (result, time) = process::timed(|| perform(step, &mut run, &mut counts));
        sum.add(counts);
        times.push((step.name, time));
        let what = match &result {
            Ok(()) => "ok",
            Err(Fault::Blocked(_)) => "BLOCKED",
            Err(Fault::Failed(_)) => "FAILED",
        };
        println!("-- {}: {what}, {}", step.name, process::readable(time));
        match result {
            Ok(()) => sum.passed += 1,
            Err(Fault::Blocked(message))
                if step.host == Some(Host::OpenVino) && !has_openvino() || allow_blocked && step.host.is_some() =>
            {
                println!("BLOCKED: {}: {message}", step.name);
                missing.extend(step.host);
                blocked.push(step.name.to_owned());
            }
            Err(error) => {
                // A step of tests has counted its failures already.
                sum.failed += usize::from(counts.failed == 0);
                fault = Some((step.name, what, error));
                break;
            }
        }
    }

    println!("\ntimes");
    for (name, time) in &times {
        println!("  {name:<20} {:>12}", process::readable(*time));
    }
    if !blocked.is_empty() {
        println!("BLOCKED, not checked on this machine: {}", blocked.join(", "));
    }
    if sum.ignored > 0 {
        println!("ignored: {} tests", sum.ignored);
    }
    if let Some((name, what, error)) = &fault {
        println!("{what} at the step `{name}`: {error}");
    }
    println!("{} passed, {} failed", sum.passed, sum.failed);
    // The closing line is the last one: the exit status says the rest.
    if fault.is_some() {
        std::process::exit(1)
    }
    Ok(())
}

fn perform(step: &Step, run: &mut Run, counts: &mut Counts) -> Result<(), Fault> {
    let variables = step.variables.iter().copied();
    match step.action {
        Action::Cargo(arguments) => process::run(process::cargo(arguments).envs(variables)),
        Action::CargoTest(arguments) => {
            let mut command = process::cargo(arguments);
            command.envs(variables).envs(run.variables.iter().map(|(name, value)| (*name, value)));
            let ended_well = process::watch(&mut command, |line| counts.read(line))?;
            if !ended_well {
                Err(Fault::failed(format!("{} tests failed, or did not compile", counts.failed)))
            } else if counts.passed == 0 {
                Err(Fault::failed(format!("no test ran: `{}`", process::line_of(&command))))
            } else {
                Ok(())
            }
        }
        Action::Call(function) => function(run).map(|more| counts.add(more)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_results_of_all_binaries_are_summed() {
        let mut counts = Counts::default();
        for line in [
            "running 4 tests",
            "test geometry::tests::round_trip ... ok",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.01s",
            "test result: FAILED. 10 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.50s",
        ] {
            counts.read(line);
        }
        assert_eq!(counts, Counts { passed: 13, failed: 2, ignored: 1 });
    }

    #[test]
    fn a_step_without_tests_does_not_pass() {
        let mut run = Run::default();
        let mut counts = Counts::default();
        let none = Action::CargoTest(&["--version"]);
        let step = Step { name: "none", action: none, variables: &[], host: None };
        let fault = perform(&step, &mut run, &mut counts).unwrap_err();
        assert!(fault.to_string().starts_with("no test ran"), "{fault}");
    }
}
