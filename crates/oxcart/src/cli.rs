//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Oxcart: a self-hosted shop that cannot oversell.
#[derive(Debug, Parser)]
#[command(name = "oxcart", version, arg_required_else_help = true)]
pub struct Cli {
    /// The configuration file. Default: oxcart.toml in the current directory, when it is there.
    #[arg(long, global = true, env = "OXCART_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a whole shop on this machine: database, storefront, payment simulator and all.
    Up,
    /// Run the server alone, for production: the database and the storefront run elsewhere.
    Serve,
    /// Bring the database's schema up to date, or back.
    Migrate {
        /// Go back to this version; 0 empties the database.
        #[arg(long, value_name = "VERSION")]
        down_to: Option<i64>,
    },
    /// Load the demo shop. Repeatable; refuses a shop with orders.
    Seed,
    /// Prove that stock, orders and payments agree. Exits with 1 when something is wrong.
    Audit,
    /// Look at this machine and the configuration, and say what is missing.
    Doctor,
    /// Print the configuration in effect, secrets masked.
    Config,
    /// People with an account.
    #[command(subcommand)]
    User(UserCommand),
}

/// What can be done about people.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Make the first administrator, from `OXCART_ADMIN_EMAIL` and `OXCART_ADMIN_PASSWORD`.
    CreateAdmin,
}
