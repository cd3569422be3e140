//! Oxcart's own tooling: `cargo xtask tidy` checks the house rules that a compiler cannot, and
//! `cargo xtask update` regenerates everything that is generated and committed.

mod error_pages;
mod events_page;
mod postgres;
mod rust;
mod tidy;
mod tree;
mod update;

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};

use crate::tree::Tree;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Oxcart's own tooling")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check the house rules: layers, SQL and axum walls, budgets, error pages, migrations.
    Tidy,
    /// Regenerate what is generated and committed: query data, the page of events, `OpenAPI`, the
    /// TypeScript client.
    Update(update::Options),
    /// Write the pages of `docs/errors/` that are missing, from the template.
    ErrorPages,
}

fn main() -> ExitCode {
    match run(&Arguments::parse().command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Command) -> anyhow::Result<bool> {
    let metadata = cargo_metadata::MetadataCommand::new()
        .no_deps()
        .exec()
        .context("`cargo metadata` failed")?;
    let root = metadata.workspace_root.as_std_path();
    match command {
        Command::Tidy => Ok(tidy::run(&Tree::load(root)?, &metadata)),
        Command::Update(options) => update::run(root, &metadata, options),
        Command::ErrorPages => error_pages::run(&Tree::load(root)?),
    }
}
