//! The command line.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};

use crate::{
    limit_sql::{self, Work},
    load::{self, slow::Slow},
    measure::Effort,
    plan::ROWS,
    run::{self, Wish},
    servers::{self, naive::Way},
    stage::Setting,
};

/// Measures the shop: `make bench`.
#[derive(Debug, Parser)]
#[command(name = "bench")]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, clap::Args)]
struct Options {
    /// Only these rows (comma-separated), each in every round.
    #[arg(long, value_delimiter = ',')]
    rows: Vec<String>,
    /// How often each row is measured. Default: 3.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Seconds of a run that count. Default: 5, or 2 with --quick.
    #[arg(long)]
    seconds: Option<f64>,
    /// Seconds before them. Default: 1, or 0.6 with --quick.
    #[arg(long)]
    warm_up: Option<f64>,
    /// Connections of the load generator.
    #[arg(long, default_value_t = 1000)]
    connections: usize,
    /// Connections of those who order: a sale's crowd, which fills the batches.
    #[arg(long, default_value_t = 8000)]
    crowd: usize,
    /// Orders for the rows about events and expiry. Default: 100,000, or 30,000 with --quick.
    #[arg(long)]
    backlog: Option<u64>,
    /// The main rows only, in less than three minutes.
    #[arg(long)]
    quick: bool,
    /// Where the private PostgreSQL lies: on a real disk.
    #[arg(long, default_value = "target/bench/data")]
    data: PathBuf,
    /// Keep the data, so that the next run with --keep need not store millions of orders again.
    #[arg(long)]
    keep: bool,
    /// The shop's program. Default: `oxcart` beside this one.
    #[arg(long)]
    oxcart: Option<PathBuf>,
    /// The storefront.
    #[arg(long, default_value = "web")]
    web: PathBuf,
    /// More environment for the shop, e.g. `OXCART_INTAKE_BATCH=250`. May be repeated.
    #[arg(long = "env", value_name = "NAME=VALUE")]
    environment: Vec<String>,
    /// Where the figures go.
    #[arg(long, default_value = "target/bench/latest.json")]
    output: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the rows.
    Rows,
    /// Make a load, as told on standard input.
    #[command(hide = true)]
    Load,
    /// Clients that take their time.
    #[command(hide = true)]
    Slow(Slow),
    /// Limit B.
    #[command(hide = true)]
    WriteOrders(Work),
    /// Limit A.
    #[command(hide = true)]
    ServeBare {
        /// Behind the layers that every request to the shop passes.
        #[arg(long)]
        layers: bool,
    },
    /// A server that does nothing.
    #[command(hide = true)]
    ServeTrivial,
    /// The usual ways.
    #[command(hide = true)]
    ServeNaive {
        #[arg(value_enum)]
        way: Way,
        #[arg(long)]
        database: String,
        #[arg(long)]
        samples: String,
    },
}

/// Does what the command line says.
pub fn main() -> Result<()> {
    let cli = Cli::parse();
    crate::limits::raise_open_files();
    match cli.command {
        None => servers::runtime()?.block_on(run::run(cli.options.wish()?)),
        Some(Command::Rows) => {
            for row in ROWS {
                println!("{:<28}{}", row.name, row.unit);
            }
            Ok(())
        }
        Some(Command::Load) => load::main(),
        Some(Command::Slow(slow)) => load::slow::main(slow),
        Some(Command::WriteOrders(work)) => limit_sql::main(work),
        Some(Command::ServeBare { layers }) => servers::bare::main(layers),
        Some(Command::ServeTrivial) => servers::trivial::main(),
        Some(Command::ServeNaive { way, database, samples }) => {
            servers::naive::main(way, &database, &samples)
        }
    }
}

impl Options {
    fn wish(self) -> Result<Wish> {
        let oxcart = match self.oxcart {
            Some(path) => path,
            None => std::env::current_exe()?.with_file_name("oxcart"),
        };
        let environment = self
            .environment
            .iter()
            .map(|pair| {
                let (name, value) = pair.split_once('=').context("--env NAME=VALUE")?;
                Ok((name.to_owned(), value.to_owned()))
            })
            .collect::<Result<_>>()?;
        let seconds = self.seconds.unwrap_or(if self.quick { 2.0 } else { 5.0 });
        let warm_up = self.warm_up.unwrap_or(if self.quick { 0.6 } else { 1.0 });
        let backlog = self.backlog.unwrap_or(if self.quick { 30_000 } else { 100_000 });
        Ok(Wish {
            rows: self.rows,
            rounds: self.rounds.max(1),
            quick: self.quick,
            effort: Effort {
                warm_up: Duration::try_from_secs_f64(warm_up)?,
                measure: Duration::try_from_secs_f64(seconds)?,
                connections: self.connections.max(1),
                crowd: self.crowd.max(1),
                backlog,
            },
            setting: Setting { data: self.data, oxcart, web: self.web, environment },
            keep: self.keep,
            output: self.output,
        })
    }
}
