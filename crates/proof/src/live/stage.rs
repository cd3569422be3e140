//! What a run needs: a durable private PostgreSQL in a directory of its own, the real program, and
//! the two proxies between clients, program and database.

use std::{
    fs::Permissions,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use pg::private::{PrivateOptions, PrivateServer, SUPERUSER};
use tempfile::TempDir;
use tokio::{
    net::{TcpListener, UnixListener},
    task::JoinSet,
    time::sleep,
};
use tokio_util::sync::CancellationToken;

use super::{
    audit,
    client::Client,
    dice::Dice,
    processes::{Program, Recipe},
    proxy::{self, Lever},
};

/// The shop's database.
const DATABASE: &str = "oxcart";
/// PostgreSQL's name for its socket.
const SOCKET: &str = ".s.PGSQL.5432";
/// How long the program may take until it is ready.
const READY_TIME: Duration = Duration::from_mins(1);
const LOOK_AGAIN: Duration = Duration::from_millis(25);
/// How long PostgreSQL may take to stop.
const STOP_TIME: Duration = Duration::from_secs(20);
/// Ports that no system hands out by itself.
const PORTS: std::ops::Range<u64> = 18_000..30_000;

/// Whoever may receive goods.
pub const ADMIN: (&str, &str) = ("admin@example.com", "the proof's administrator");

/// Everything that runs.
#[derive(Debug)]
pub struct Stage {
    /// PostgreSQL.
    pub database: Arc<PrivateServer>,
    /// PostgreSQL's URL, past the proxy.
    pub url: String,
    /// The program.
    pub program: Program,
    /// How to run its commands, past the proxy.
    pub commands: Recipe,
    /// The shop's address, through the proxy.
    pub address: String,
    /// Between clients and program.
    pub clients: Lever,
    /// Between program and PostgreSQL.
    pub wire: Lever,
    serve: Recipe,
    port: u16,
    served: Option<tokio::task::JoinHandle<Result<()>>>,
    tasks: JoinSet<()>,
    stop_program: CancellationToken,
    stop: CancellationToken,
    dir: TempDir,
}

impl Stage {
    /// Sets everything up but the program. `run_dir` gets the logs.
    pub async fn set(
        binary: &Path,
        mutant: Option<&str>,
        run_dir: &Path,
        dice: &mut Dice,
    ) -> Result<Self> {
        ensure!(binary.is_file(), "there is no {}: build it first", binary.display());
        // PostgreSQL's account has to get in, too.
        let dir = tempfile::Builder::new()
            .prefix("oxcart-proof-")
            .permissions(Permissions::from_mode(0o755))
            .tempdir()
            .context("make a directory for the database")?;
        let options = PrivateOptions::new(dir.path());
        let server = PrivateServer::start(options).await.context("start PostgreSQL")?;
        let database = Arc::new(server);
        let (mut tasks, stop) = (JoinSet::new(), CancellationToken::new());
        let (watched, watching) = (Arc::clone(&database), stop.clone());
        tasks.spawn(async move { watched.watch(&watching).await });
        let (clients, wire) = (Lever::default(), Lever::default());

        let wire_dir = dir.path().join("wire");
        std::fs::create_dir(&wire_dir).context("make a directory for the proxy's socket")?;
        let listener =
            UnixListener::bind(wire_dir.join(SOCKET)).context("open the proxy's socket")?;
        let socket = socket_of(&database)?;
        tasks.spawn(proxy::between_unix(listener, socket, wire.clone(), stop.clone()));

        let port = free_port(dice).await?;
        let listener = TcpListener::bind("127.0.0.1:0").await.context("open the proxy's port")?;
        let address = format!("http://{}", listener.local_addr()?);
        tasks.spawn(proxy::between_tcp(listener, port, clients.clone(), stop.clone()));

        let url = database.url(DATABASE);
        let through =
            format!("postgres:///{DATABASE}?host={}&user={SUPERUSER}", wire_dir.display());
        let recipe = |url: &str, log: &str| Recipe {
            binary: binary.to_owned(),
            environment: environment(url, dir.path(), port, &address, mutant),
            log: run_dir.join(log),
        };
        let (commands, serve) = (recipe(&url, "commands.log"), recipe(&through, "oxcart.log"));
        let stage = Self {
            program: Program::default(),
            stop_program: CancellationToken::new(),
            served: None,
            database,
            url,
            commands,
            address,
            clients,
            wire,
            serve,
            port,
            tasks,
            stop,
            dir,
        };
        stage.furnish().await.map(|()| stage)
    }

    /// A shop with its demonstration goods.
    async fn furnish(&self) -> Result<()> {
        self.database.ensure_database(DATABASE).await.context("make the database")?;
        self.commands.run("seed").await?;
        let mut conn = audit::connect(&self.url).await?;
        ensure!(audit::is_durable(&mut conn).await?, "PostgreSQL is not set to be durable");
        Ok(())
    }

    /// Starts the program, and waits until it is ready.
    pub async fn open(&mut self, client: &Client) -> Result<()> {
        let keeping = self.program.clone().keep(self.serve.clone(), self.stop_program.clone());
        // Awaited by `shut`.
        #[expect(clippy::disallowed_methods, reason = "its handle is kept and awaited")]
        let served = tokio::spawn(keeping);
        self.served = Some(served);
        ensure!(
            self.wait_ready(client).await,
            "oxcart does not become ready on port {}",
            self.port
        );
        Ok(())
    }

    /// Whether the program becomes ready in time.
    pub async fn wait_ready(&self, client: &Client) -> bool {
        let began = Instant::now();
        while began.elapsed() < READY_TIME {
            if client.is_ready().await {
                return true;
            }
            sleep(LOOK_AGAIN).await;
        }
        false
    }

    /// No more faults.
    pub fn calm(&self) {
        self.clients.calm();
        self.wire.calm();
    }

    /// Asks the program to end, and waits until it has.
    pub async fn shut(&mut self) -> Result<()> {
        self.stop_program.cancel();
        match self.served.take() {
            Some(served) => served.await.context("the program's keeper broke")?,
            None => Ok(()),
        }
    }

    /// Ends everything that is left.
    pub async fn close(mut self) {
        if let Some(served) = self.served.take() {
            served.abort();
            drop(served.await);
        }
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
        if let Err(error) = self.database.stop_within(STOP_TIME).await {
            eprintln!("proof: PostgreSQL did not stop: {error}; its files are left");
            drop(self.dir.keep());
        }
    }
}

/// The whole environment of the program: nothing is inherited.
fn environment(
    database: &str,
    dir: &Path,
    port: u16,
    address: &str,
    mutant: Option<&str>,
) -> Vec<(&'static str, String)> {
    let mut environment = vec![
        ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned()),
        ("DATABASE_URL", database.to_owned()),
        ("OXCART_DATA", dir.join("shop").display().to_string()),
        ("PORT", port.to_string()),
        ("OXCART_PUBLIC_URL", address.to_owned()),
        // Nobody looks at pages.
        ("OXCART_WEB_URL", "http://127.0.0.1:9".to_owned()),
        ("OXCART_ECPAY_MODE", "stage".to_owned()),
        ("OXCART_ADMIN_EMAIL", ADMIN.0.to_owned()),
        ("OXCART_ADMIN_PASSWORD", ADMIN.1.to_owned()),
        ("OXCART_RESERVATION_MINUTES", "1".to_owned()),
        // Nobody is there to be asked whether an order was paid.
        ("OXCART_PAYMENT_UNANSWERED_HOURS", "0".to_owned()),
        ("OXCART_DEV_CLOCK", "true".to_owned()),
        ("OXCART_RATE_LIMIT_EXEMPT", "127.0.0.0/8".to_owned()),
        ("OXCART_LOG", "info".to_owned()),
    ];
    environment.extend(mutant.map(|mutant| ("OXCART_MUTANT", mutant.to_owned())));
    environment
}

/// Where PostgreSQL listens: out of its URL, which is ours and plain.
fn socket_of(database: &PrivateServer) -> Result<PathBuf> {
    let url = database.url(DATABASE);
    let host = url.split(['?', '&']).find_map(|part| part.strip_prefix("host="));
    Ok(Path::new(host.context("PostgreSQL's URL names no socket")?).join(SOCKET))
}

/// A port for the program, which is started on it again and again.
async fn free_port(dice: &mut Dice) -> Result<u16> {
    for _ in 0..100 {
        let port = u16::try_from(dice.range(PORTS.start, PORTS.end)).unwrap_or(u16::MAX);
        if TcpListener::bind(("127.0.0.1", port)).await.is_ok() {
            return Ok(port);
        }
    }
    anyhow::bail!("no port is free between {} and {}", PORTS.start, PORTS.end)
}
