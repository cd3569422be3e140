//! The program under test, as a process that can be killed: a runtime of its own with the order
//! engine, the flows and the switchboard. Dropping the runtime is `kill -9`: every future is gone
//! between two awaits, every connection is cut, nothing says goodbye.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicI64},
    time::Duration,
};

use anyhow::{Context as _, Result};
use checkout::{Checkout, OrderAccess, Patience, PaymentMetrics, Provider};
use ecpay::{Environment, Merchant};
use intake::{Intake, Settings};
use jiff::SignedDuration;
use kernel::{Ids, SharedClock};
use outbox::{Relay, Subscriber};
use payments::{PaymentProvider, Providers};
use pg::{Db, DbOptions};
use tokio::{net::UnixListener, runtime::Runtime, task::JoinSet};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{board::Board, till::Till, witness::Witness};

/// Where PostgreSQL is, and which database.
#[derive(Clone, Debug)]
pub struct Address {
    /// The directory of its socket.
    pub socket_dir: PathBuf,
    /// The database.
    pub database: String,
}

/// The name of the socket that clients look for in a directory.
const SOCKET: &str = ".s.PGSQL.5432";

impl Address {
    /// Reads `postgres:///database?host=…`, the host being a directory.
    pub fn of(url: &str) -> Result<Self> {
        let (database, rest) = url
            .strip_prefix("postgres:///")
            .and_then(|rest| rest.split_once('?'))
            .context("the test database's URL has another form")?;
        let host = rest.split('&').find_map(|part| part.strip_prefix("host="));
        let host = host.context("the test database's URL names no socket")?;
        Ok(Self {
            socket_dir: PathBuf::from(host.replace("%2F", "/").replace("%2f", "/")),
            database: database.to_owned(),
        })
    }

    /// A URL of the database through the socket in `dir`.
    pub fn url(&self, dir: &Path) -> String {
        let host = dir.display().to_string().replace('/', "%2F");
        format!("postgres:///{}?host={host}&user={}", self.database, pg::private::SUPERUSER)
    }
}

/// The program.
pub struct Process {
    /// What its flows run on.
    pub app: App,
    /// What lets its statements through.
    pub board: Arc<Board>,
    /// The auditor's own way to PostgreSQL: past the switchboard, as the owner.
    pub observer: pg::Connection,
    /// Commands that are going on.
    pub commands: JoinSet<(usize, super::Answer)>,
    /// The process itself. Last: what stands above lives in it.
    pub runtime: Runtime,
    _socket: tempfile::TempDir,
}

/// The parts of the program that commands are given to.
#[derive(Clone)]
pub struct App {
    /// The database.
    pub db: Db,
    /// The engine.
    pub intake: Intake,
    /// The flows.
    pub checkout: Checkout,
    /// The time.
    pub clock: SharedClock,
    /// Ids.
    pub ids: Ids,
    /// Who is told of events.
    pub witness: Arc<dyn Subscriber>,
}

impl App {
    /// A relay of events, on its own way to the database.
    pub fn relay(&self, db: Db) -> Relay {
        let told = vec![Arc::clone(&self.witness)];
        Relay::new(db, Arc::clone(&self.clock), self.ids.clone(), told)
    }
}

impl Process {
    /// Starts the program; `seed` decides its ids.
    pub fn start(
        address: &Address,
        clock: SharedClock,
        notes: &Arc<AtomicI64>,
        seed: u64,
    ) -> Result<Self> {
        let socket = tempfile::Builder::new().prefix("oxsim").tempdir()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let board = Arc::new(Board::default());
        let inside = runtime.enter();
        let listener = UnixListener::bind(socket.path().join(SOCKET))?;
        let tracker = TaskTracker::new();
        tracker.spawn(accept(listener, Arc::clone(&board), address.socket_dir.join(SOCKET)));
        let options = DbOptions::app(address.url(socket.path())).with_max_connections(12);
        let db = Db::open(&options)?;
        let ids = Ids::from_seed(seed);
        let intake = Intake::start(
            db.clone(),
            Arc::clone(&clock),
            ids.clone(),
            // A batch of two is half full with one: it never waits, in real time, for company.
            Settings { batch: 2, batchers: 3, linger: Duration::ZERO, ..Settings::default() },
            intake::IntakeMetrics::default(),
            &tracker,
            &CancellationToken::new(),
        );
        let witness = Arc::new(Witness::new(Arc::clone(&clock), ids.clone(), Arc::clone(notes)));
        let merchant = Merchant::new("3002607", "pwFHCqoQZGmho4w6", "EkRm7iFT261dpevs")?;
        let checkout = Checkout {
            db: db.clone(),
            clock: Arc::clone(&clock),
            ids: ids.clone(),
            providers: Providers::new([Arc::new(Till) as Arc<dyn PaymentProvider>]),
            provider: Provider { merchant, environment: Environment::Stage },
            // Nobody answers in a simulation: orders end unasked.
            patience: Patience { unanswered: SignedDuration::ZERO, ..Patience::default() },
            metrics: PaymentMetrics::default(),
            access: OrderAccess::new([1; 32]),
            public_url: "https://shop.example".into(),
            sourcing: inventory::Strategy::default(),
            return_days: 7,
        };
        drop(inside);
        let observer = runtime.block_on(crate::sql::connect(&address.url(&address.socket_dir)))?;
        Ok(Self {
            app: App { db, intake, checkout, clock, ids, witness },
            board,
            observer,
            commands: JoinSet::new(),
            runtime,
            _socket: socket,
        })
    }

    /// Kills the program.
    pub fn kill(mut self) {
        self.commands.abort_all();
        self.runtime.shutdown_background();
    }
}

async fn accept(listener: UnixListener, board: Arc<Board>, server: PathBuf) {
    let mut lines = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        lines.spawn(Arc::clone(&board).serve(client, server.clone()));
        while lines.try_join_next().is_some() {}
    }
}
