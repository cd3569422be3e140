//! The SvelteKit server: a child process, started again when it dies or falls silent.
//!
//! Its standard input is a pipe that we never write to: it ends when we end, however that happens,
//! and the server ends with it. So nothing is left running even after a `kill -9`.

use std::{net::Ipv4Addr, process::Stdio, time::Duration};

use anyhow::{Context as _, Result, bail};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    process::{Child, Command},
    sync::watch,
    time::{Instant, sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::node::Node;
use crate::{config::Secret, proxy::Upstream};

const START_TIME: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_secs(5);
const LOOK_TIME: Duration = Duration::from_secs(5);
/// Unanswered looks after which it is given up.
const SILENCE_MAX: u32 = 3;
const STOP_TIME: Duration = Duration::from_secs(5);
const PAUSE_FIRST: Duration = Duration::from_millis(100);
const PAUSE_LONGEST: Duration = Duration::from_secs(10);
/// One that lived this long was well; the next death is a new story.
const WELL_AFTER: Duration = Duration::from_mins(1);

/// How to run the server.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The program and its script.
    pub node: Node,
    /// The shop's public address.
    pub public_url: String,
    /// Where the API answers.
    pub api_url: String,
    /// What the server and we prove ourselves with to one another.
    pub web_secret: Option<Secret>,
}

/// The supervisor of the server.
#[derive(Debug)]
pub struct Storefront {
    tasks: TaskTracker,
    stop: CancellationToken,
    upstream: Upstream,
}

impl Storefront {
    /// Starts it in the background.
    pub fn start(settings: Settings) -> Self {
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let (address, upstream) = watch::channel(None);
        tasks.spawn(supervise(settings, address, stop.clone(), tasks.clone()));
        Self { tasks, stop, upstream: Upstream::watched(upstream) }
    }

    /// Where pages come from, while it is there.
    pub fn upstream(&self) -> Upstream {
        self.upstream.clone()
    }

    /// Ends it and waits until it is gone.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

type Address = watch::Sender<Option<String>>;

async fn supervise(
    settings: Settings,
    address: Address,
    stop: CancellationToken,
    tasks: TaskTracker,
) {
    let mut pause = PAUSE_FIRST;
    while !stop.is_cancelled() {
        let born = Instant::now();
        match live(&settings, &address, &stop, &tasks).await {
            Ok(()) => return,
            Err(error) => tracing::warn!("the storefront's server: {error:#}; starting it again"),
        }
        address.send_replace(None);
        if born.elapsed() > WELL_AFTER {
            pause = PAUSE_FIRST;
        }
        if stop.run_until_cancelled(sleep(pause)).await.is_none() {
            return;
        }
        pause = (pause * 2).min(PAUSE_LONGEST);
    }
}

/// One life of the server. `Ok` when it was stopped.
async fn live(
    settings: &Settings,
    address: &Address,
    stop: &CancellationToken,
    tasks: &TaskTracker,
) -> Result<()> {
    let port = free_port().await?;
    let mut child = spawn(settings, port)?;
    // Taken out, because waiting for the child would close it, and that is its sign to end.
    let pipe = child.stdin.take();
    relay(tasks, child.stdout.take(), |line| tracing::debug!(target: "storefront", "{line}"));
    relay(tasks, child.stderr.take(), |line| tracing::warn!(target: "storefront", "{line}"));
    let outcome = tokio::select! {
        ended = child.wait() => {
            let status = ended.context("wait for it")?;
            bail!("it ended by itself ({status})");
        }
        silent = look_after(port, address) => Some(silent),
        () = stop.cancelled() => None,
    };
    address.send_replace(None);
    drop(pipe);
    end(&mut child).await;
    outcome.map_or(Ok(()), Err)
}

/// Says where the server is once it answers, and returns when it does not answer any more.
async fn look_after(port: u16, address: &Address) -> anyhow::Error {
    let deadline = Instant::now() + START_TIME;
    while !is_healthy(port).await {
        if Instant::now() > deadline {
            return anyhow::anyhow!("it did not answer within {START_TIME:?}");
        }
        sleep(Duration::from_millis(20)).await;
    }
    address.send_replace(Some(format!("127.0.0.1:{port}")));
    let mut silence = 0;
    while silence < SILENCE_MAX {
        sleep(LOOK_EVERY).await;
        silence = if is_healthy(port).await { 0 } else { silence + 1 };
    }
    anyhow::anyhow!("it does not answer any more")
}

fn spawn(settings: &Settings, port: u16) -> Result<Child> {
    let node = &settings.node;
    let mut command = Command::new(&node.program);
    // Nothing of our own environment is its business: there are secrets in it.
    command.env_clear();
    for name in ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "NODE_EXTRA_CA_CERTS"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    if let Some(secret) = &settings.web_secret {
        command.env("OXCART_WEB_SECRET", secret.reveal());
    }
    command
        .arg(&node.script)
        .env("NODE_ENV", "production")
        .env("HOST", "127.0.0.1")
        .env("PORT", port.to_string())
        .env("ORIGIN", &settings.public_url)
        .env("OXCART_API_URL", &settings.api_url)
        .env("OXCART_PARENT_PIPE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Ctrl-C in the terminal is for us: it is stopped when its last page has been answered.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("could not run {}", node.program.display()))
}

/// Waits until it has finished by itself; not for ever.
async fn end(child: &mut Child) {
    if timeout(STOP_TIME, child.wait()).await.is_err() {
        child.kill().await.ok();
    }
}

/// A port nobody has; taken for a moment only, so somebody could be quicker: then the server fails
/// and is started again with another one.
async fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("find a port")?;
    Ok(listener.local_addr().context("find a port")?.port())
}

/// Whether `GET /_health` is answered with 200 in time.
async fn is_healthy(port: u16) -> bool {
    let look = async {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        let request = "GET /_health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).await?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await?;
        std::io::Result::Ok(&answer == b"HTTP/1.1 200")
    };
    matches!(timeout(LOOK_TIME, look).await, Ok(Ok(true)))
}

/// Passes on what the server prints. It ends with the server.
fn relay(
    tasks: &TaskTracker,
    output: Option<impl AsyncRead + Unpin + Send + 'static>,
    log: fn(&str),
) {
    let Some(output) = output else { return };
    tasks.spawn(async move {
        let mut lines = BufReader::new(output).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            log(&line);
        }
    });
}

#[cfg(test)]
mod tests;
