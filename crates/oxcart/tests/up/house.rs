//! A place to run a shop in, and eyes on it.

use std::{
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use reqwest::{Client, Response};
use tempfile::TempDir;
use tokio::time::sleep;

/// How long a first start may take on a busy machine.
const START_TIME: Duration = Duration::from_secs(90);

/// A storefront of a few lines.
const STOREFRONT: &str = r"
const http = require('node:http');
// Tries to sign in on behalf of a client, and tells what is left of that client's tries.
function signIn(request, response) {
  const [, , client, proof] = request.url.split('/');
  const secret = proof === 'proven' ? process.env.OXCART_WEB_SECRET : proof;
  const headers = { 'x-oxcart-client': client, 'x-oxcart-web-secret': secret };
  const url = process.env.OXCART_API_URL + '/api/auth/login';
  fetch(url, { method: 'POST', headers })
    .then((answer) => response.end(answer.headers.get('ratelimit').split(';t=')[0]));
}
http.createServer((request, response) => {
  const { 'x-forwarded-host': host, 'x-forwarded-proto': proto } = request.headers;
  if (request.url === '/_health') return response.end('ok');
  if (request.url === '/_pid') return response.end(String(process.pid));
  if (request.url === '/forever') return response.write('…');
  if (request.url.startsWith('/_try/')) return signIn(request, response);
  response.end(`page ${request.url} for ${host.split(':')[0]} by ${proto}`);
}).listen(Number(process.env.PORT), process.env.HOST);
process.stdin.on('end', () => process.exit(0)).resume();
";

/// Two ports, a data directory, a storefront.
pub struct House {
    pub port: u16,
    dir: TempDir,
    client: Client,
}

impl House {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        // PostgreSQL's account has to get through.
        std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o711)).unwrap();
        std::fs::create_dir_all(dir.path().join("web/build")).unwrap();
        std::fs::write(dir.path().join("web/build/handler.js"), "").unwrap();
        std::fs::write(dir.path().join("web/server.js"), STOREFRONT).unwrap();
        let client = Client::builder().timeout(Duration::from_secs(10)).build().unwrap();
        Self { port: two_free_ports(), dir, client }
    }

    pub fn command(&self, name: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_oxcart"));
        command
            .arg(name)
            .env_remove("DATABASE_URL")
            .env("PORT", self.port.to_string())
            .env("OXCART_DATA", self.dir.path().join("data"))
            .env("OXCART_WEB_DIR", self.dir.path().join("web"))
            .env("OXCART_NODE", node())
            .env("OXCART_LOG", "warn")
            .stdin(Stdio::null());
        command
    }

    /// Starts the shop and waits until it says that it is ready.
    pub async fn up(&self) -> Shop {
        let log = self.dir.path().join("log");
        let file = std::fs::File::create(&log).unwrap();
        let mut command = self.command("up");
        command.stdout(file.try_clone().unwrap()).stderr(file);
        let mut shop = Shop { child: command.spawn().unwrap(), log };
        let deadline = Instant::now() + START_TIME;
        while !shop.said().contains("Ready after") {
            assert!(shop.is_alive(), "it ended:\n{}", shop.said());
            assert!(Instant::now() < deadline, "not ready:\n{}", shop.said());
            sleep(Duration::from_millis(10)).await;
        }
        shop
    }

    /// Status and body; 0 when there is no answer.
    pub async fn get(&self, path: &str) -> (u16, String) {
        match self.client.get(self.url(path)).send().await {
            Ok(answer) => (answer.status().as_u16(), answer.text().await.unwrap_or_default()),
            Err(error) => (0, error.to_string()),
        }
    }

    /// An answer whose body has not been read.
    pub async fn ask(&self, path: &str) -> Response {
        self.client.get(self.url(path)).send().await.unwrap()
    }

    pub async fn pid_of_storefront(&self) -> i32 {
        self.get("/_pid").await.1.parse().unwrap()
    }

    pub fn pid_of_postgres(&self) -> Option<i32> {
        let file = self.dir.path().join("data/postgres/postmaster.pid");
        let text = std::fs::read_to_string(file).ok()?;
        text.lines().next()?.parse().ok()
    }

    /// The command lines of everything that names this place.
    pub fn left_running(&self) -> Vec<String> {
        let place = self.dir.path().to_str().unwrap();
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        processes
            .filter_map(|entry| std::fs::read_to_string(entry.path().join("cmdline")).ok())
            .filter(|line| line.contains(place))
            .map(|line| line.replace('\0', " "))
            .collect()
    }

    fn url(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.port)
    }
}

impl Drop for House {
    /// After a failed test.
    fn drop(&mut self) {
        if let Some(pid) = self.pid_of_postgres() {
            signal(pid, Signal::SIGQUIT);
        }
    }
}

/// A running program.
pub struct Shop {
    child: Child,
    log: std::path::PathBuf,
}

impl Shop {
    /// Everything it printed.
    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub fn signal(&self, what: Signal) {
        signal(i32::try_from(self.child.id()).unwrap(), what);
    }

    pub async fn ended_within(&mut self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        while self.is_alive() && Instant::now() < deadline {
            sleep(Duration::from_millis(10)).await;
        }
        !self.is_alive()
    }

    fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

pub fn signal(pid: i32, what: Signal) {
    kill(Pid::from_raw(pid), what).ok();
}

/// Whether it is there and no zombie.
pub fn is_alive(pid: i32) -> bool {
    std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty())
}

/// The pinned Node.js, else the system's.
fn node() -> std::path::PathBuf {
    let pinned = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/node/bin/node");
    if pinned.is_file() { pinned } else { "node".into() }
}

/// A free port whose neighbour is free too.
fn two_free_ports() -> u16 {
    let bind = |port| TcpListener::bind(("127.0.0.1", port)).ok();
    let pair = (0..100).find_map(|_| {
        let first = bind(0)?;
        let port = first.local_addr().unwrap().port();
        bind(port.checked_add(1)?).map(|_| port)
    });
    pair.unwrap()
}
