//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use uuid::Uuid;

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
    Audit {
        /// Propose adjustments where a balance is not the sum of its movements.
        #[arg(long)]
        repair: bool,
        /// Write what is proposed.
        #[arg(long, requires = "repair")]
        write: bool,
    },
    /// Compare the books of a day with ECPay's statements. Exits with 1 when they differ.
    Reconcile {
        /// The day in Taipei, e.g. 2026-11-20.
        date: jiff::civil::Date,
    },
    /// Take a file.
    #[command(subcommand)]
    Import(ImportCommand),
    /// Write a file to the standard output.
    #[command(subcommand)]
    Export(ExportCommand),
    /// Let dead letters (events and jobs that failed too often) be handed over or done again.
    Replay(ReplayArgs),
    /// Look at this machine and the configuration, and say what is missing.
    Doctor,
    /// Print the configuration in effect, secrets masked.
    Config,
    /// People with an account.
    #[command(subcommand)]
    User(UserCommand),
    /// The keys that sign access tokens.
    #[command(subcommand)]
    Keys(KeysCommand),
}

/// What can be imported.
#[derive(Debug, Subcommand)]
pub enum ImportCommand {
    /// Stock as CSV: `sku`, `warehouse`, `total` or `by`, `safety_stock`, `reason`. All of it or
    /// nothing.
    Stock {
        /// The file.
        file: PathBuf,
        /// Write nothing; only say what would become of it.
        #[arg(long)]
        dry_run: bool,
        /// Take the good rows although others are wrong.
        #[arg(long)]
        partial: bool,
        /// Why, for the rows that do not say so themselves.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Products and their variants: Shopify's product CSV as it is exported, or JSON lines. Can be
    /// interrupted and repeated.
    Products(ImportProductsArgs),
}

/// How a file of products is taken.
#[derive(Debug, Args)]
pub struct ImportProductsArgs {
    /// The file; `-` is the standard input.
    pub file: PathBuf,
    /// How it is written; as its name ends, unless said.
    #[arg(long, value_enum)]
    pub format: Option<ProductFormat>,
    /// Write nothing; only say what would become of it.
    #[arg(long)]
    pub dry_run: bool,
    /// All of it or nothing: one bad row, and nothing is written.
    #[arg(long)]
    pub strict: bool,
    /// The language of a CSV; what is empty in the other language is the same there.
    #[arg(long, value_enum, default_value = "zh-TW")]
    pub language: ProductLanguage,
    /// Make the categories that are missing.
    #[arg(long)]
    pub create_categories: bool,
    /// The category, by slug or name, of new products that name none.
    #[arg(long, value_name = "CATEGORY")]
    pub category: Option<String>,
    /// Write every bad row and every note into this file, as JSON lines.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
}

/// How a file of products is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProductFormat {
    /// Shopify's product CSV, in one language.
    Csv,
    /// A product a line, as the API takes it.
    Jsonl,
}

/// The language of a file with one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProductLanguage {
    /// Traditional Chinese.
    #[value(name = "zh-TW")]
    ZhTw,
    /// English.
    En,
}

/// Which dead letters.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// Events or jobs; both without it.
    #[arg(long, value_enum)]
    pub source: Option<ReplaySource>,
    /// This one.
    #[arg(long)]
    pub id: Option<Uuid>,
    /// Of this kind, e.g. order.paid or `send_order_confirmation`.
    #[arg(long)]
    pub kind: Option<String>,
    /// That occurred, or were due, not before this, e.g. 2026-11-21T00:00:00Z.
    #[arg(long, value_name = "TIME")]
    pub from: Option<Timestamp>,
    /// Before this.
    #[arg(long, value_name = "TIME")]
    pub until: Option<Timestamp>,
    /// How many at most, the oldest first.
    #[arg(long, default_value_t = 10_000)]
    pub limit: u32,
    /// All of them.
    #[arg(long)]
    pub all: bool,
    /// Change nothing; only show them.
    #[arg(long)]
    pub dry_run: bool,
}

/// What a dead letter was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReplaySource {
    /// An event.
    Event,
    /// A job.
    Job,
}

/// What can be exported.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum ExportCommand {
    /// All stock as CSV, by SKU and warehouse.
    Stock,
    /// All products in every state, by slug.
    Products {
        /// `jsonl` says everything; `csv` is Shopify's, in one language.
        #[arg(long, value_enum, default_value = "csv")]
        format: ProductFormat,
        /// The language of a CSV.
        #[arg(long, value_enum, default_value = "zh-TW")]
        language: ProductLanguage,
    },
}

/// What can be done about keys.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum KeysCommand {
    /// Make a new key, which signs from in a minute on; the old ones are believed until their last
    /// token has run out. Nobody is signed out.
    Rotate {
        /// The old keys are known to somebody else: use the new one now, and refuse at once what
        /// they signed.
        #[arg(long)]
        at_once: bool,
    },
}

/// What can be done about people.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Make the first administrator, from `OXCART_ADMIN_EMAIL` and `OXCART_ADMIN_PASSWORD`.
    CreateAdmin,
}
