//! The processes that are measured: pinned to a core, asked when they are ready, and read in `/proc`.

use std::fs;
use std::io::Seek;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::thread::{CpuSet, sched_setaffinity};

use crate::http::Connection;

/// The core of the server.
const SERVER_CORE: usize = 0;
/// The core of the load.
const LOAD_CORE: usize = 1;
/// In one second, as `/proc` counts time, on every Linux.
const TICKS: u64 = 100;
/// How long a server may take until it is ready.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is asked.
const ASK_EVERY: Duration = Duration::from_millis(1);

/// Keeps the calling thread on the core of the load.
pub(crate) fn pin_load() {
    let mut cores = CpuSet::new();
    cores.set(LOAD_CORE);
    // It fails where there is one core, and is told apart from a measurement by `shape`.
    sched_setaffinity(None, &cores).ok();
}

/// A command that will run on the core of the server.
pub(crate) fn pinned(program: &str) -> Command {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", &SERVER_CORE.to_string(), program]);
    command
}

/// A server on its core; killed when dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    address: SocketAddr,
    started_in: Duration,
}

impl Process {
    /// Starts `command`, and waits until what listens at `address` says it is ready.
    pub(crate) async fn start(mut command: Command, address: SocketAddr) -> Result<Self> {
        let begun = Instant::now();
        let mut said = tempfile::tempfile()?;
        let output = said.try_clone()?;
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(output).spawn();
        let child = child.with_context(|| format!("{command:?} cannot be run"))?;
        let mut process = Self { child, address, started_in: Duration::ZERO };
        while !is_ready(address).await {
            if process.child.try_wait()?.is_some() {
                said.rewind()?;
                bail!("{}", std::io::read_to_string(said)?.trim());
            }
            ensure!(begun.elapsed() < PATIENCE, "{command:?} does not get ready");
            tokio::time::sleep(ASK_EVERY).await;
        }
        process.started_in = begun.elapsed();
        Ok(process)
    }

    /// Where it listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// How long it took from its start until it was ready.
    pub(crate) const fn started_in(&self) -> Duration {
        self.started_in
    }

    /// Processor time it has used.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        cpu(self.child.id())
    }

    /// Memory it holds, in octets: its resident set.
    pub(crate) fn resident(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kibibytes * 1024)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

async fn is_ready(address: SocketAddr) -> bool {
    let Ok(mut connection) = Connection::open(address).await else { return false };
    connection.get("/health/ready", "").await.is_ok_and(|answer| answer.status == 200)
}

/// Processor time `processes` have used together.
pub(crate) fn cpu_of(processes: &[u32]) -> Result<Duration> {
    // One that has ended meanwhile is counted in its parent's children.
    Ok(processes.iter().filter_map(|id| cpu(*id).ok()).sum())
}

/// Processor time a process and those of its children that have ended have used, their kernel's included.
fn cpu(id: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat"))?;
    // The program's name stands in parentheses and may hold anything.
    let (_, rest) = stat.rsplit_once(')').context("no name in /proc/PID/stat")?;
    // utime, stime, cutime and cstime of proc(5), counted from behind the name.
    let ticks: u64 = rest.split_whitespace().skip(11).take(4).map(str::parse::<u64>).sum::<Result<_, _>>()?;
    Ok(Duration::from_millis(ticks * 1000 / TICKS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_grows_with_work() {
        let before = cpu(std::process::id()).unwrap();
        let mut number = 1u64;
        while cpu(std::process::id()).unwrap() < before + Duration::from_millis(20) {
            number = std::hint::black_box(number.wrapping_mul(3));
        }
    }
}
