//! The processes of a measurement: the shop, the servers it is compared with, the load generator.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::Stdio,
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde::de::DeserializeOwned;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    net::{TcpListener, TcpStream},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::{Instant, sleep, timeout},
};

use crate::{
    load::{
        READY,
        outcome::{Load, Outcome},
    },
    servers::LISTENING,
};

/// How long a process may take to start.
const START_TIME: Duration = Duration::from_mins(1);
/// How long a process may take to end after it was asked to: longer than the shop gives itself.
const STOP_TIME: Duration = Duration::from_secs(45);
/// How long a load may take.
const LOAD_TIME: Duration = Duration::from_mins(10);

/// A server that answers.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Where it answers.
    pub address: SocketAddr,
    /// Its process.
    pub pid: u32,
}

impl Server {
    /// One of this program's own.
    pub async fn own(arguments: &[&str]) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().context("start a server")?;
        let mut lines = BufReader::new(child.stdout.take().context("its output")?).lines();
        let line = timeout(START_TIME, lines.next_line()).await.context("it says nothing")??;
        let port = line.as_deref().and_then(|line| line.strip_prefix(LISTENING));
        let port = port.context("a server did not start")?.parse()?;
        let pid = child.id().context("it is gone")?;
        Ok(Self { child, address: (Ipv4Addr::LOCALHOST, port).into(), pid })
    }

    /// Another program, which answers `200` at `health` when it is ready.
    pub async fn program(mut command: Command, port: u16, health: &str) -> Result<Self> {
        let address: SocketAddr = (Ipv4Addr::LOCALHOST, port).into();
        command.stdout(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn().context("start a program")?;
        let pid = child.id().context("it is gone")?;
        let deadline = Instant::now() + START_TIME;
        while !ask(address, "GET", health, "").await.is_ok_and(|(status, _)| status == 200) {
            if let Some(status) = child.try_wait()? {
                bail!("it ended by itself ({status})");
            }
            ensure!(Instant::now() < deadline, "it did not become ready");
            sleep(Duration::from_millis(20)).await;
        }
        Ok(Self { child, address, pid })
    }

    /// Asks it to end, and waits until it has.
    pub async fn stop(mut self) -> Result<()> {
        if let Ok(pid) = i32::try_from(self.pid) {
            kill(Pid::from_raw(pid), Signal::SIGTERM).ok();
        }
        if timeout(STOP_TIME, self.child.wait()).await.is_err() {
            self.child.kill().await?;
            bail!("a server did not stop within {STOP_TIME:?}");
        }
        Ok(())
    }
}

/// A port nobody has right now.
pub async fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    Ok(listener.local_addr()?.port())
}

/// One request; status and body of its answer.
pub async fn ask(
    server: SocketAddr,
    method: &str,
    path: &str,
    body: &str,
) -> Result<(u16, String)> {
    let asking = async {
        let mut stream = TcpStream::connect(server).await?;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {server}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        anyhow::Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    let answer = timeout(Duration::from_secs(30), asking).await.context("no answer")??;
    let status = answer.get(9..12).and_then(|digits| digits.parse().ok());
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
    Ok((status.context("not an answer")?, body.unwrap_or_default()))
}

/// A load generator that is connected and waits for the word.
#[derive(Debug)]
pub struct LoadProcess {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl LoadProcess {
    /// Starts it. With a load that waits for the word, it is connected afterwards.
    pub async fn start(load: &Load, on_command: bool) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("load")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("start the load generator")?;
        let input = child.stdin.take().context("its input")?;
        let output = BufReader::new(child.stdout.take().context("its output")?).lines();
        let mut process = Self { child, input, output };
        process.say(&serde_json::to_string(load)?).await?;
        if on_command {
            let line =
                timeout(START_TIME, process.output.next_line()).await.context("connect")??;
            ensure!(line.as_deref() == Some(READY), "the load generator could not connect");
        }
        Ok(process)
    }

    /// Gives the word.
    pub async fn go(&mut self) -> Result<()> {
        self.say("go").await
    }

    async fn say(&mut self, line: &str) -> Result<()> {
        self.input.write_all(line.as_bytes()).await?;
        self.input.write_all(b"\n").await?;
        self.input.flush().await?;
        Ok(())
    }

    /// Waits for its end.
    pub async fn outcome(mut self) -> Result<Outcome> {
        let line =
            timeout(LOAD_TIME, self.output.next_line()).await.context("the load hangs")??;
        self.child.wait().await?;
        let line = line.context("the load generator failed")?;
        serde_json::from_str(&line).context("what the load generator said")
    }
}

/// Makes a load in a process of its own.
pub async fn load(load: &Load) -> Result<Outcome> {
    LoadProcess::start(load, false).await?.outcome().await
}

/// Runs this program and reads the JSON it prints.
pub async fn own<T: DeserializeOwned>(arguments: &[&str]) -> Result<T> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(arguments).stdin(Stdio::null()).stderr(Stdio::inherit()).kill_on_drop(true);
    let output = timeout(LOAD_TIME, command.output()).await.context("it hangs")??;
    ensure!(output.status.success(), "`bench {}` failed", arguments.join(" "));
    serde_json::from_slice(&output.stdout).context("what it said")
}

/// Runs a program to its end.
pub async fn run(command: &mut Command, what: &str) -> Result<()> {
    let output =
        timeout(LOAD_TIME, command.kill_on_drop(true).output()).await.context("it hangs")?;
    let output = output.with_context(|| format!("run {what}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{what} failed: {said}");
    Ok(())
}

/// A command without anything of our environment that could configure a shop.
pub fn clean_command(program: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("OXCART_") || name.starts_with("DATABASE_") || name == "PORT" {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null());
    command
}
