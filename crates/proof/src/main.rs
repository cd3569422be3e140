//! `proof simulate` and `proof live`: see `docs/proof.md` and `docs/simulation.md`.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use proof::{live, simulation};

/// Tries to make Oxcart sell a unit twice, lose an order or make one twice.
#[derive(Debug, Parser)]
#[command(name = "proof", version, arg_required_else_help = true)]
struct Cli {
    /// What to do.
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Play generated scenarios from seeds, deterministically, beside an independent auditor.
    Simulate(simulation::Options),
    /// Run the real program under faults and judge what its clients saw.
    Live(live::Options),
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Simulate(options) => simulation::run(&options),
        Command::Live(options) => live::run(&options),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("proof: {error:#}");
            ExitCode::FAILURE
        }
    }
}
