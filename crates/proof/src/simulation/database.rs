//! A PostgreSQL for a run by hand: the private server of the tests, which stops by itself.

use std::{
    os::unix::process::CommandExt as _,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result};
use testkit::server::{self, URL_VARIABLE};

/// The hidden option by which this program is asked to wait for a run to end.
const STOP_AFTER: &str = "--stop-after";

/// Sees to it that there is a server. If there is none yet, this program starts it and then itself
/// once more, in the same process, knowing where it is: so this returns when there is one.
pub fn ensure() -> Result<()> {
    if std::env::var_os(URL_VARIABLE).is_some() {
        return Ok(());
    }
    let program = std::env::current_exe()?;
    let own = std::process::id().cast_signed();
    // First, so that a start that fails half-way leaves nothing running either.
    Command::new(&program)
        .args(["simulate", STOP_AFTER, &own.to_string()])
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("start the watcher")?;
    let variables = runtime()?.block_on(server::prepare(own))?;
    let arguments = std::env::args_os().skip(1);
    Err(Command::new(program).args(arguments).envs(variables).exec()).context("start anew")
}

/// Waits until a run is over, and stops the server if nobody else needs it.
pub fn stop_after(run: i32) -> Result<()> {
    nix::unistd::setsid().context("leave the terminal")?;
    runtime()?.block_on(server::stop_after(run))
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}
