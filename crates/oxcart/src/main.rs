//! The program: configuration, composition, command line. It holds no business rule.
//!
//! - [`compose`] puts the shop together, straight-line;
//! - [`keys`] are the shop's own;
//! - [`supervise`] keeps processes and workers alive, and ends them in order;
//! - [`proxy`] and [`media`] make one origin of API, pages and pictures;
//! - [`seed`] loads the demo shop;
//! - [`commands`] is what the command line does with them.

mod admin;
mod cli;
mod commands;
mod compose;
mod config;
mod database;
mod keys;
mod limits;
mod media;
mod messages;
mod proxy;
mod routes;
mod seed;
mod supervise;
mod workers;

use std::process::ExitCode;

use clap::Parser as _;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    limits::raise_open_files();
    limits::refuse_huge_pages();
    match commands::run(&cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("oxcart: {error:#}");
            ExitCode::FAILURE
        }
    }
}
