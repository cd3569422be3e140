//! What is printed in the end, and the same as JSON.

use std::{collections::BTreeMap, path::Path, time::Duration};

use anyhow::{Context as _, Result};
use serde::Serialize;

use super::{inject::Tally, schedule::Fault};
use crate::checker::Verdict;

/// A run and what came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The seed: it gives the same plan of faults again.
    pub seed: u64,
    /// For how long there were faults.
    pub seconds: u64,
    /// How many clients there were.
    pub clients: u32,
    /// Kills that took place.
    pub kills: u32,
    /// Faults that took place, by kind.
    pub faults: BTreeMap<&'static str, u32>,
    /// After each kind of kill: until an order could be placed or read again.
    pub recovery: BTreeMap<&'static str, Recovery>,
    /// How often the program was started.
    pub program_starts: u32,
    /// How often PostgreSQL was started again.
    pub postgres_restarts: u32,
    /// What the checker found.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Where the history is: a line of JSON a request.
    pub history: String,
    /// Where the final database is, as the checker saw it.
    pub snapshot: String,
    /// Where each fault is noted.
    pub faults_log: String,
}

/// Times, in milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Recovery {
    /// How many.
    pub count: usize,
    /// The shortest.
    pub min_ms: u64,
    /// Half of them were no longer.
    pub median_ms: u64,
    /// The longest.
    pub max_ms: u64,
}

impl Recovery {
    fn of(times: &[Duration]) -> Option<Self> {
        let mut millis: Vec<u64> =
            times.iter().map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)).collect();
        millis.sort_unstable();
        Some(Self {
            count: millis.len(),
            min_ms: *millis.first()?,
            median_ms: *millis.get(millis.len() / 2)?,
            max_ms: *millis.last()?,
        })
    }
}

/// The times after each kind of kill.
pub fn recovery(tally: &Tally) -> BTreeMap<&'static str, Recovery> {
    let of =
        |(fault, times): (&Fault, &Vec<Duration>)| Some((fault.as_str(), Recovery::of(times)?));
    tally.recoveries.iter().filter_map(of).collect()
}

impl Report {
    /// Prints it.
    pub fn print(&self) {
        let counts = &self.verdict.counts;
        println!("\nfaults");
        for (fault, count) in &self.faults {
            println!("  {count:>5}  {fault}");
        }
        println!("\nrecovery, until an order was placed or read again   min      median   max");
        for (kill, times) in &self.recovery {
            println!(
                "  {kill:<38} × {:>3}  {:>7} ms {:>7} ms {:>7} ms",
                times.count, times.min_ms, times.median_ms, times.max_ms
            );
        }
        println!(
            "\n{} requests, {} of them without an answer; oxcart was started {} times, PostgreSQL \
             again {} times",
            counts.requests, counts.lost_answers, self.program_starts, self.postgres_restarts
        );
        println!(
            "{} keys, {} asked again, {} acknowledged; {} times \"not enough\"; {} reads",
            counts.keys,
            counts.keys_retried,
            counts.keys_acknowledged,
            counts.shortages,
            counts.reads
        );
        let orders: Vec<String> =
            counts.orders.iter().map(|(state, count)| format!("{count} {state}")).collect();
        println!("orders: {}; {} movements of stock", orders.join(", "), counts.movements);
        for violation in &self.verdict.violations {
            println!("  VIOLATION  {violation}");
        }
        println!("history: {}", self.history);
    }

    /// On one line, without a verdict.
    pub fn line(&self) -> String {
        let counts = &self.verdict.counts;
        let orders: usize = counts.orders.values().sum();
        let faults: u32 = self.faults.values().sum();
        let found = self.verdict.summary();
        format!(
            "seed {}, {} s, {} kills of {faults} faults, {} requests, {orders} orders{}{found}",
            self.seed,
            self.seconds,
            self.kills,
            counts.requests,
            if found.is_empty() { "" } else { "; found: " },
        )
    }
}

/// Writes a value as JSON.
pub fn write(path: &Path, value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value).context("make JSON")?;
    std::fs::write(path, text).with_context(|| format!("write {}", path.display()))
}
