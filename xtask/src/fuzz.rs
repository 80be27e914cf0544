//! `cargo xtask fuzz`: what strangers send, made up by libFuzzer for a minute a target. `xtask/fuzz` says what must hold.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::{run, tell_and_run};

/// What coverage-guided fuzzing needs of the compiler; all of it is in stable Rust. The tools that are around it want a nightly for
/// sanitizers, of which code without `unsafe` has no use.
const FLAGS: [&str; 6] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "--cfg=fuzzing",
];
/// How long a target is worked on.
const SECONDS: &str = "60";
/// How often in `cargo xtask test`: a few more than there are seeds, so that none rots.
const RUNS: &str = "500";
/// The longest input, in octets.
const LONGEST: &str = "4096";

/// `[TARGET] [--seconds N]`.
pub(crate) fn run_with(root: &Path, mut arguments: impl Iterator<Item = String>) -> Result<()> {
    let (mut only, mut seconds) = (None, SECONDS.to_owned());
    while let Some(argument) = arguments.next() {
        if argument == "--seconds" {
            seconds = arguments.next().context("--seconds takes a number")?;
        } else {
            only = Some(argument);
        }
    }
    let program = build(root)?;
    let targets = targets(root)?;
    if let Some(only) = only.as_ref().filter(|only| !targets.contains(only)) {
        bail!("there is no target {only:?}: {}", targets.join(", "));
    }
    for target in targets.iter().filter(|target| only.as_ref().is_none_or(|only| only == *target)) {
        fuzz(root, &program, target, &["-max_total_time", &seconds])?;
    }
    Ok(())
}

/// Builds every target and runs each a few times, on its seeds and a little beyond.
pub(crate) fn briefly(root: &Path) -> Result<()> {
    run(root, "cargo", &["fmt", "--check", "--manifest-path", "xtask/fuzz/Cargo.toml"])?;
    let program = build(root)?;
    targets(root)?.iter().try_for_each(|target| fuzz(root, &program, target, &["-runs", RUNS]))
}

fn build(root: &Path) -> Result<PathBuf> {
    let folder = root.join("target/fuzz");
    // A target of its own, so that programs which only build are not instrumented.
    let host = crate::process::read(root, "rustc", &["--print", "host-tuple"])?;
    let host = host.trim();
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--release", "--locked", "--manifest-path", "xtask/fuzz/Cargo.toml", "--target", host]);
    tell_and_run(cargo.current_dir(root).env("RUSTFLAGS", FLAGS.join(" ")).env("CARGO_TARGET_DIR", &folder))?;
    Ok(folder.join(host).join("release/otp-fuzz"))
}

/// The targets, each of which has its seeds.
fn targets(root: &Path) -> Result<Vec<String>> {
    let seeds = fs::read_dir(root.join("xtask/fuzz/seeds"))?;
    let mut names =
        seeds.map(|seed| Ok(seed?.file_name().to_string_lossy().into_owned())).collect::<Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

/// Works on one target, from its seeds and what earlier runs have come to.
fn fuzz(root: &Path, program: &Path, target: &str, [until, amount]: &[&str; 2]) -> Result<()> {
    let (corpus, found) = (root.join("target/fuzz/corpus").join(target), root.join("target/fuzz/found").join(target));
    fs::create_dir_all(&corpus)?;
    fs::create_dir_all(&found)?;
    let mut fuzzer = Command::new(program);
    fuzzer.args([
        format!("{until}={amount}"),
        format!("-max_len={LONGEST}"),
        "-timeout=20".into(),
        "-rss_limit_mb=2048".into(),
    ]);
    fuzzer.args(["-print_final_stats=1".into(), format!("-artifact_prefix={}/", found.display())]);
    fuzzer.arg(corpus).arg(root.join("xtask/fuzz/seeds").join(target));
    tell_and_run(fuzzer.env("OTP_FUZZ", target)).with_context(|| {
        format!("put what was found in {} into xtask/fuzz/seeds/{target}, where it is run from now on", found.display())
    })
}
