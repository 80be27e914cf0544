//! Measures the service beside the fewest durable writes its work needs: `cargo xtask bench`.

mod bare;
mod codes;
mod http;
mod load;
mod mailbox;
mod measure;
mod process;
mod report;
mod scenario;
mod seed;
mod service;
mod stores;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::{Parser, Subcommand};

use bare::Keeping;
use measure::Length;
use scenario::{Bench, Part, Report};
use stores::Engine;

/// How fast the service is, beside the fewest durable writes its work needs.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench")]
struct Cli {
    /// Which stores
    #[arg(long, value_delimiter = ',', default_values = ["sqlite", "postgres", "postgres-redis"])]
    only: Vec<Engine>,
    /// What of them
    #[arg(long, value_delimiter = ',', default_values = ["cycles", "footprint", "growth", "analytics"])]
    parts: Vec<Part>,
    /// Runs of each measurement; the figures are medians
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    runs: u64,
    /// Seconds of each run
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// One run of 3 seconds
    #[arg(long, conflicts_with_all = ["runs", "seconds"])]
    quick: bool,
    /// Where to write every figure as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    #[command(subcommand)]
    program: Option<Program>,
}

#[derive(Debug, Subcommand)]
enum Program {
    /// Runs a bare server
    Bare {
        /// What it keeps its rows in
        keeping: Keeping,
        /// Where it listens
        #[arg(long)]
        listen: SocketAddr,
        /// Where its rows are
        #[arg(long, default_value = "")]
        database: String,
        /// Where it counts
        #[arg(long, default_value = "")]
        kv: String,
    },
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    match &cli.program {
        Some(Program::Bare { keeping, listen, database, kv }) => {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(bare::serve(*keeping, *listen, database, kv))
        }
        None => {
            // The load is this one worker's; stores and servers are started from the main thread, which
            // is not pinned, and so neither are they.
            let mut runtime = tokio::runtime::Builder::new_multi_thread();
            let runtime = runtime.worker_threads(1).on_thread_start(process::pin_load).enable_all().build()?;
            runtime.block_on(bench(&cli))
        }
    }
}

async fn bench(cli: &Cli) -> Result<()> {
    let (runs, seconds) = if cli.quick { (1, 3) } else { (cli.runs, cli.seconds) };
    let length = Length { runs: usize::try_from(runs)?, span: Duration::from_secs(seconds) };
    let bench = Bench { length, mailbox: mailbox::open().await? };
    let mut report = Report::default();
    for engine in &cli.only {
        for part in &cli.parts {
            eprintln!("{engine}: {part:?}");
            if let Err(error) = bench.measure(*engine, *part, &mut report).await {
                println!("{engine}, {part:?}: not measured: {error:#}");
            }
        }
    }
    println!("{}", report::tables(&report));
    if let Some(file) = &cli.json {
        std::fs::write(file, serde_json::to_vec_pretty(&report)?)?;
    }
    Ok(())
}
