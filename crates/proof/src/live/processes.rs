//! Processes: the program, started again whenever it dies; and PostgreSQL's.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicI32, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use nix::{
    errno::Errno,
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::{process::Command, time::sleep};
use tokio_util::sync::CancellationToken;

/// A program that ended this soon after its start waits a little before the next one.
const SOON: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(50);
/// How long a graceful end may take.
const END_TIME: Duration = Duration::from_secs(40);
/// How long one of the program's commands may take.
const COMMAND_TIME: Duration = Duration::from_mins(3);

/// Sends a signal; whether there was somebody to get it.
pub fn send(pid: i32, signal: Signal) -> bool {
    pid > 1 && !matches!(kill(Pid::from_raw(pid), signal), Err(Errno::ESRCH))
}

/// Whether there is such a process, and it is not just waiting to be buried.
pub fn is_there(pid: i32) -> bool {
    pid > 1 && stat(pid).is_some_and(|words| !words.starts_with(['Z', 'X']))
}

/// How `oxcart` is started.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// The binary.
    pub binary: PathBuf,
    /// Its whole environment.
    pub environment: Vec<(&'static str, String)>,
    /// Where its output goes.
    pub log: PathBuf,
}

impl Recipe {
    fn command(&self, name: &str) -> Result<Command> {
        let log = File::options().create(true).append(true).open(&self.log);
        let log = log.with_context(|| format!("open {}", self.log.display()))?;
        let mut command = Command::new(&self.binary);
        command
            .arg(name)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone().context("open the log")?)
            .stderr(log)
            .kill_on_drop(true);
        Ok(command)
    }

    /// Runs one of the program's commands to its end, which must be a good one.
    pub async fn run(&self, name: &str) -> Result<()> {
        let (good, said) = self.ask(name).await?;
        ensure!(good, "oxcart {name} failed:\n{said}");
        Ok(())
    }

    /// Runs one of the program's commands: whether it ended well, and what it said.
    pub async fn ask(&self, name: &str) -> Result<(bool, String)> {
        let mut command = self.command(name)?;
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = tokio::time::timeout(COMMAND_TIME, command.output()).await;
        let output = output.with_context(|| format!("oxcart {name} does not end"))?;
        let output = output.with_context(|| format!("run {}", self.binary.display()))?;
        let text = [output.stdout, output.stderr].concat();
        Ok((output.status.success(), String::from_utf8_lossy(&text).into_owned()))
    }
}

/// The running program: its process changes.
#[derive(Clone, Debug, Default)]
pub struct Program {
    pid: Arc<AtomicI32>,
    starts: Arc<AtomicU32>,
}

impl Program {
    /// The process, or 0 between two of them.
    pub fn pid(&self) -> i32 {
        self.pid.load(Ordering::Acquire)
    }

    /// How often it was started.
    pub fn starts(&self) -> u32 {
        self.starts.load(Ordering::Relaxed)
    }

    /// Keeps `oxcart serve` running until `stop`; then asks it to end. An error when it does not
    /// end as it should.
    pub async fn keep(self, recipe: Recipe, stop: CancellationToken) -> Result<()> {
        loop {
            let began = Instant::now();
            let mut child = recipe.command("serve")?.spawn().context("start oxcart")?;
            let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).unwrap_or(0);
            self.pid.store(pid, Ordering::Release);
            self.starts.fetch_add(1, Ordering::Relaxed);
            tokio::select! {
                ended = child.wait() => {
                    ended.context("wait for oxcart")?;
                    self.pid.store(0, Ordering::Release);
                }
                () = stop.cancelled() => {
                    send(pid, Signal::SIGTERM);
                    let ended = tokio::time::timeout(END_TIME, child.wait()).await;
                    self.pid.store(0, Ordering::Release);
                    let status = ended.context("oxcart does not stop")?.context("stop oxcart")?;
                    ensure!(status.success(), "oxcart stopped with {status}");
                    return Ok(());
                }
            }
            if began.elapsed() < SOON {
                let pause = stop.run_until_cancelled(sleep(PAUSE));
                if pause.await.is_none() {
                    return Ok(());
                }
            }
        }
    }
}

/// The children of a process, and it.
pub fn family(pid: i32) -> Vec<i32> {
    let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = all.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let mut family: Vec<i32> = numbers.filter(|child| parent(*child) == Some(pid)).collect();
    family.push(pid);
    family
}

/// The process's parent.
fn parent(pid: i32) -> Option<i32> {
    stat(pid)?.split_ascii_whitespace().nth(1)?.parse().ok()
}

/// The words of `/proc/<pid>/stat` from the third on, the process's state; the second, its name,
/// stands in brackets and may hold anything.
fn stat(pid: i32) -> Option<String> {
    let path = Path::new("/proc").join(pid.to_string()).join("stat");
    let text = std::fs::read_to_string(path).ok()?;
    text.rsplit_once(')').map(|(_, words)| words.trim_start().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_by_its_parent() {
        let ours = i32::try_from(std::process::id()).unwrap();
        assert!(is_there(ours) && !is_there(0) && !is_there(i32::MAX));
        assert_eq!(parent(ours), Some(nix::unistd::getppid().as_raw()));
        assert!(family(nix::unistd::getppid().as_raw()).contains(&ours));
    }
}
