//! The load generator: `bench load`, a process of its own. It reads a [`Load`] from its standard
//! input and writes an [`Outcome`] to its standard output.

pub mod answer;
pub mod engine;
pub mod outcome;
pub mod pace;
pub mod random;
pub mod request;
pub mod slow;
pub mod watch;

use std::{
    io::{BufRead as _, Write as _},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};

use self::{
    engine::Engine,
    outcome::{Latency, Load, Outcome, Rhythm},
    pace::{Closed, Number, Open, Tally},
    request::Requests,
    watch::Watch,
};

/// How long to wait for the last answers.
const PATIENCE: Duration = Duration::from_secs(40);

/// What the orchestrator waits for before it says when to begin.
pub const READY: &str = "ready";

/// Reads what to do, does it, and says what came of it.
pub fn main() -> Result<()> {
    let mut input = std::io::stdin().lock();
    let mut line = String::new();
    input.read_line(&mut line)?;
    let load: Load = serde_json::from_str(&line).context("what to do")?;
    let outcome = run(&load, || {
        writeln!(std::io::stdout(), "{READY}")?;
        let mut command = String::new();
        ensure!(input.read_line(&mut command)? > 0, "nobody said when to begin");
        Ok(())
    })?;
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&outcome)?)?;
    Ok(())
}

/// Makes the load. `gate` is passed between connecting and the first request, if it is wanted.
pub fn run(load: &Load, gate: impl FnOnce() -> Result<()>) -> Result<Outcome> {
    let requests = Requests::new(&load.ask, load.server, load.seed);
    let mut engine =
        Engine::connect(load.server, load.connections, load.sources, requests, load.expected)?;
    let watch = Watch::new(load.watched.clone());
    let (tally, seconds, latest) = match load.pace {
        Rhythm::Closed { warm_up_ms, measure_ms } => {
            let (warm_up, measure) = (ms(warm_up_ms), ms(measure_ms));
            let mut pace = Closed::new(warm_up, measure, load.expected, watch);
            engine.run(&mut pace, PATIENCE, false)?;
            (pace.tally, measure.as_secs_f64(), Duration::ZERO)
        }
        Rhythm::Open { rate, warm_up_ms, measure_ms } => {
            let (warm_up, measure) = (ms(warm_up_ms), ms(measure_ms));
            let mut pace = Open::new(rate, warm_up, measure, load.expected, watch);
            engine.run(&mut pace, PATIENCE, true)?;
            (pace.tally, measure.as_secs_f64(), pace.latest)
        }
        Rhythm::Number { requests, on_command } => {
            if on_command {
                gate()?;
            }
            let mut pace = Number::new(requests, load.expected, watch);
            engine.run(&mut pace, PATIENCE, false)?;
            let seconds = pace.duration().as_secs_f64();
            (pace.tally, seconds, Duration::ZERO)
        }
    };
    ensure!(!engine.is_dead(), "the server closed every connection");
    Ok(outcome(tally, &engine, seconds, latest))
}

fn outcome(mut tally: Tally, engine: &Engine, seconds: f64, latest: Duration) -> Outcome {
    let now = Instant::now();
    let mut window = tally.window().clone();
    window.look(now, now, now);
    Outcome {
        sent: tally.sent,
        statuses: std::mem::take(&mut tally.statuses),
        unanswered: engine.troubles.unanswered,
        broken: engine.troubles.broken,
        measured: tally.measured,
        seconds,
        latency: Latency::of(&tally.latency),
        latest_ms: latest.as_secs_f64() * 1000.0,
        spent: window.spent(),
        example: engine.troubles.example.clone(),
    }
}

const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}
