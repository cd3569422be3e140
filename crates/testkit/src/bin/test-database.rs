//! Prepares the databases of a test run (see [`testkit::server`]).
//!
//! Run by nextest as a setup script it writes the variables to the file that `NEXTEST_ENV` names;
//! run by hand it prints them. It leaves behind a process that stops the server after the test
//! runner is gone.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result};
use testkit::server;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (Some("stop-after"), Some(pid)) => {
            // Ctrl-C in the terminal is for the test runner; this has work to do after it.
            nix::unistd::setsid().context("leave the terminal")?;
            server::stop_after(pid.parse().context("read the process id")?).await
        }
        _ => prepare().await,
    }
}

async fn prepare() -> Result<()> {
    let runner = server::runner();
    // First, so that a preparation that fails half-way leaves nothing running either.
    Command::new(std::env::current_exe()?)
        .args(["stop-after", &runner.to_string()])
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("start the watcher")?;
    let variables = server::prepare(runner).await?;
    let lines: String =
        variables.iter().flat_map(|(name, value)| [*name, "=", value, "\n"]).collect();
    if let Some(path) = std::env::var_os("NEXTEST_ENV") {
        let mut file = std::fs::File::options().append(true).create(true).open(path)?;
        file.write_all(lines.as_bytes())?;
    } else {
        std::io::stdout().write_all(lines.as_bytes())?;
    }
    Ok(())
}
