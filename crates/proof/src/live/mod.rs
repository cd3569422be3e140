//! The live proof: the real program, real durable PostgreSQL, real faults. Clients record what they
//! ask and are told, and the [`crate::checker`] decides.

mod audit;
mod client;
mod dice;
mod finish;
mod inject;
mod mutants;
mod notice;
mod processes;
mod proxy;
mod recorder;
mod report;
mod run;
mod schedule;
mod shopper;
mod stage;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context as _, Result};
use kernel::{Clock as _, SystemClock};
use serde::Serialize;

use self::{
    mutants::Caught,
    report::{Report, write},
    run::{Setup, prove},
};
use crate::checker::{self, Snapshot};

/// What `proof live` is told.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// The program to run.
    #[arg(long, default_value = "target/release/oxcart")]
    oxcart: PathBuf,
    /// A build with the feature `mutants`: the mutation check comes first.
    #[arg(long)]
    mutants: Option<PathBuf>,
    /// For how long things go wrong.
    #[arg(long, default_value_t = 300)]
    seconds: u64,
    /// How many `kill -9` there are in that time.
    #[arg(long, default_value_t = 60)]
    kills: u32,
    /// Simultaneous shoppers.
    #[arg(long, default_value_t = 24)]
    clients: u32,
    /// The seed; the same one gives the same plan of faults.
    #[arg(long)]
    seed: Option<u64>,
    /// How long the run with each mutant takes, in seconds.
    #[arg(long, default_value_t = 12)]
    mutant_seconds: u64,
    /// Only the mutation check.
    #[arg(long, requires = "mutants")]
    only_mutants: bool,
    /// A part of the proof that has failed already: the verdict is FAIL, whatever comes.
    #[arg(long)]
    failed_before: Option<String>,
    /// Run nothing: judge the history and the database in this directory once more.
    #[arg(long)]
    judge: Option<PathBuf>,
    /// Where histories and reports go.
    #[arg(long, default_value = "target/proof")]
    out: PathBuf,
}

/// What `latest.json` holds.
#[derive(Debug, Serialize)]
struct Proof<'a> {
    verdict: &'static str,
    line: &'a str,
    failed_before: Option<&'a str>,
    mutants: &'a [Caught],
    #[serde(flatten)]
    live: Option<&'a Report>,
}

/// Runs the live proof as told.
pub fn run(options: &Options) -> Result<ExitCode> {
    if let Some(dir) = &options.judge {
        return judge_again(dir);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("start the runtime")?;
    std::fs::create_dir_all(&options.out)
        .with_context(|| format!("make {}", options.out.display()))?;
    let seed = options.seed.unwrap_or_else(seed_of_now);
    println!("proof: seed {seed}");
    let caught = match &options.mutants {
        Some(binary) => {
            println!("\nmutation check: what the checker finds when a guard is removed");
            let length = Duration::from_secs(options.mutant_seconds);
            runtime.block_on(mutants::check(binary, &options.out, seed, length))?
        }
        None => Vec::new(),
    };
    let live = if options.only_mutants {
        None
    } else {
        println!(
            "\nlive: {} s, {} kills, {} shoppers, {}",
            options.seconds,
            options.kills,
            options.clients,
            options.oxcart.display()
        );
        Some(runtime.block_on(prove(&setup(options, seed)))?)
    };
    conclude(options, &caught, live.as_ref())
}

/// Another look at what a run left behind.
fn judge_again(dir: &Path) -> Result<ExitCode> {
    let history = recorder::read(&dir.join("history.jsonl"))?;
    let snapshot = std::fs::read(dir.join("snapshot.json")).context("read the snapshot")?;
    let snapshot: Snapshot = serde_json::from_slice(&snapshot).context("read the snapshot")?;
    let verdict = checker::judge(&history, &snapshot);
    verdict.violations.iter().for_each(|violation| println!("  VIOLATION  {violation}"));
    println!("{:#?}", verdict.counts);
    let clean = verdict.is_clean();
    println!("proof: {} {}", if clean { "PASS" } else { "FAIL" }, verdict.summary());
    Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn setup(options: &Options, seed: u64) -> Setup {
    Setup {
        binary: options.oxcart.clone(),
        seed,
        length: Duration::from_secs(options.seconds),
        kills: options.kills,
        shoppers: options.clients,
        mutant: None,
        out: options.out.clone(),
        name: format!("live-{seed}"),
    }
}

/// Prints the verdict, as the last line, and writes it down.
fn conclude(options: &Options, caught: &[Caught], live: Option<&Report>) -> Result<ExitCode> {
    let kept = live.is_none_or(|report| report.verdict.is_clean());
    let before = options.failed_before.as_deref();
    let passed = kept && before.is_none() && caught.iter().all(|mutant| mutant.right);
    let verdict = if passed { "PASS" } else { "FAIL" };
    let mut parts = Vec::new();
    if let Some(report) = live {
        report.print();
        parts.push(report.line());
    }
    if !caught.is_empty() {
        let right = caught.iter().filter(|mutant| mutant.right).count();
        parts.push(format!("mutation check {right} of {}", caught.len()));
    }
    parts.extend(before.map(|part| format!("{part} FAILED")));
    let line = format!("proof: {verdict} {}", parts.join("; "));
    let latest = Proof { verdict, line: &line, failed_before: before, mutants: caught, live };
    write(&options.out.join("latest.json"), &latest)?;
    println!("\n{line}");
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn seed_of_now() -> u64 {
    u64::try_from(SystemClock.now().as_millisecond()).unwrap_or(0) % 1_000_000_000
}
