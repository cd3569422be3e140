//! The deterministic simulation: what can be tried out of a seed is tried, and judged after every
//! step by somebody who keeps books of his own.
//!
//! - [`scenario`] is the language, [`generate`] writes scenarios out of seeds;
//! - [`auditor`] keeps its own books from commands and answers and compares them with what is seen;
//! - [`models`] plays scenarios on the pure models, thousands of seeds a second;
//! - [`flows`] plays them through the real flows on a real PostgreSQL, hundreds of seeds a minute;
//! - [`shrink`] makes a failing scenario small.

pub mod answer;
pub mod auditor;
mod database;
pub mod flows;
pub mod generate;
pub mod models;
pub mod play;
pub mod rng;
pub mod scenario;
pub mod shrink;

use std::process::ExitCode;

use anyhow::Result;
use clap::ValueEnum;

use self::{
    play::{Failure, Tally},
    scenario::Scenario,
};

/// How deep a scenario goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Depth {
    /// The pure models, in memory.
    Models,
    /// The real flows on a real PostgreSQL.
    Flows,
}

/// What `proof simulate` is told.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// The first seed; drawn if it is not given.
    #[arg(long)]
    pub seed: Option<u64>,
    /// How many seeds, one after the other: one if a seed is given, else 200 through the flows and
    /// fifty times as many on the models.
    #[arg(long)]
    pub seeds: Option<u64>,
    /// How deep; both if it is not given.
    #[arg(long, value_enum)]
    pub depth: Option<Depth>,
    /// Steps of a scenario.
    #[arg(long)]
    pub steps: Option<usize>,
    /// Wait for this process and stop the database then.
    #[arg(long, hide = true)]
    pub stop_after: Option<i32>,
}

/// Scenarios through the flows, if nothing else is asked for.
const SEEDS: u64 = 200;
/// So many on the models for each one through the flows.
const MODELS_A_FLOW: u64 = 50;

impl Depth {
    /// Steps of a scenario, if nothing else is asked for.
    pub const fn steps(self) -> usize {
        match self {
            Self::Models => 60,
            Self::Flows => 30,
        }
    }
}

/// Plays one scenario on the models, as they are or with a mistake.
pub fn on_models(
    scenario: &Scenario,
    fault: Option<models::Fault>,
) -> Result<Result<Tally, Failure>> {
    play::play(scenario, &mut models::Models::new(scenario, fault))
}

/// What to tell somebody about a seed that failed: the smallest scenario that still does.
pub fn explain(
    scenario: &Scenario,
    mut run: impl FnMut(&Scenario) -> Result<Result<Tally, Failure>>,
) -> Result<(Scenario, String)> {
    let small = shrink::shrink(scenario, |candidate| Ok(run(candidate)?.is_err()))?;
    let text = match run(&small)? {
        Err(failure) => format!("{small}{failure}"),
        Ok(_) => {
            format!("{small}  (it fails now and then: not all of it is decided by the seed)\n")
        }
    };
    Ok((small, text))
}

/// Runs the simulation as told.
pub fn run(options: &Options) -> Result<ExitCode> {
    if let Some(run) = options.stop_after {
        database::stop_after(run)?;
        return Ok(ExitCode::SUCCESS);
    }
    let depths = options.depth.map_or(vec![Depth::Models, Depth::Flows], |depth| vec![depth]);
    if depths.contains(&Depth::Flows) {
        database::ensure()?;
    }
    let drawn = || u64::from(u32::from_le_bytes(kernel::Ids::from_system().bytes()));
    let first = options.seed.unwrap_or_else(drawn);
    for depth in depths {
        let seeds = match (options.seeds, options.seed, depth) {
            (None, Some(_), _) => 1,
            (seeds, _, Depth::Flows) => seeds.unwrap_or(SEEDS),
            (Some(seeds), ..) if options.depth.is_some() => seeds,
            (seeds, ..) => seeds.unwrap_or(SEEDS).saturating_mul(MODELS_A_FLOW),
        };
        let steps = options.steps.unwrap_or(depth.steps());
        if !play_all(depth, first..first.saturating_add(seeds), steps)? {
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Plays seeds until one fails, which is shown as small as it gets.
fn play_all(depth: Depth, seeds: std::ops::Range<u64>, steps: usize) -> Result<bool> {
    let (first, count) = (seeds.start, seeds.end - seeds.start);
    println!("simulate: {depth:?}, {count} seeds from {first} on, {steps} steps each");
    let ground = match depth {
        Depth::Models => None,
        Depth::Flows => Some(flows::Ground::new()?),
    };
    let run = |scenario: &Scenario| match &ground {
        None => on_models(scenario, None),
        Some(ground) => ground.play(scenario),
    };
    let mut tally = Tally::default();
    for seed in seeds {
        let scenario = generate::scenario(seed, depth, steps);
        match run(&scenario)? {
            Ok(played) => tally.add(played),
            Err(failure) => {
                println!("simulate: FAIL {depth:?}, seed {seed}\n{failure}");
                println!("the smallest scenario that fails:\n{}", explain(&scenario, run)?.1);
                let word = format!("{depth:?}").to_lowercase();
                println!("again: proof simulate --depth {word} --seed {seed} --steps {steps}");
                return Ok(false);
            }
        }
    }
    println!("simulate: PASS {depth:?}, {count} seeds, {tally}");
    Ok(true)
}
