//! Putting the shop together: configuration → database → modules → workers → routes, in one
//! straight line. No framework, no global: what somebody needs is handed over here.

use std::{num::NonZero, sync::Arc, time::Duration};

use anyhow::{Context as _, Result, ensure};
use api::{AppState, Parts, kit::challenge::Challenges};
use axum::Router;
use checkout::{Checkout, OrderAccess, Provider};
use ecpay::{Environment, Merchant};
use intake::Intake;
use jiff::SignedDuration;
use kernel::{Ids, ManualClock, SharedClock, SystemClock};
use notifications::OrderMails;
use outbox::{JobRunner, Relay, Subscriber};
use pg::{Db, DbOptions};
use ports::{
    ObjectStore,
    mail::{DevMailbox, Mailer},
};
use telemetry::Metrics;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    admin,
    config::{Config, EcpayMode, Secret},
    keys::Keys,
    limits,
    supervise::{room::Room, worker},
    workers::{gauges, housekeeping, stock_alerts, stocktakes, watch},
};

/// ECPay's public test merchant: number, `HashKey`, `HashIV`.
const TEST_MERCHANT: (&str, &str, &str) = ("3002607", "pwFHCqoQZGmho4w6", "EkRm7iFT261dpevs");

/// What everything else is made of.
#[derive(Clone, Debug)]
pub struct Base {
    /// The pool of the server, working as `oxcart_app`.
    pub db: Db,
    /// Time.
    pub clock: SharedClock,
    /// The same clock, where it can be moved.
    pub dev_clock: Option<Arc<ManualClock>>,
    /// Ids and secrets.
    pub ids: Ids,
    /// Pictures.
    pub objects: ObjectStore,
    /// Where the database is, for pools of its parts' own.
    pub database_url: Secret,
}

impl Base {
    /// Opens everything; `database_url` is the owner's.
    pub fn open(config: &Config, database_url: &str) -> Result<Self> {
        let dev_clock = config.dev_clock.then(|| Arc::new(ManualClock::over(system_clock())));
        let clock = match &dev_clock {
            Some(clock) => Arc::clone(clock) as SharedClock,
            None => system_clock(),
        };
        let options = DbOptions::app(database_url).with_max_connections(config.db_connections);
        Ok(Self {
            db: Db::open(&options)?,
            clock,
            dev_clock,
            ids: Ids::from_system(),
            objects: ObjectStore::directory(&config.data.join("objects"))?,
            database_url: database_url.into(),
        })
    }
}

fn system_clock() -> SharedClock {
    Arc::new(SystemClock)
}

/// A shop at work: its routes, and its workers in the background.
#[derive(Debug)]
pub struct Shop {
    /// The API's routes.
    pub api: Router,
    /// What `/metrics` shows.
    pub metrics: Metrics,
    state: AppState,
    db: Db,
    engine: Engine,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Shop {
    /// Opens the shop. The schema must be up to date.
    pub async fn open(config: &Config, base: &Base) -> Result<Self> {
        let Base { db, clock, ids, .. } = base.clone();
        let metrics = Metrics::new();
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());

        let keys = Keys::read(base).await?;
        let mailbox = DevMailbox::new(config.data.join("mail"), &config.mail_from, clock.clone())
            .context("OXCART_MAIL_FROM")?;
        let mailer: Arc<dyn Mailer> = Arc::new(mailbox);
        let engine = Engine::start(config, base, &metrics, &tasks, &stop)?;
        let intake = engine.intake.clone();
        let checkout = Checkout {
            db: db.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
            provider: provider(config)?,
            access: OrderAccess::new(keys.order),
            public_url: config.public_url()?,
            sourcing: config.sourcing,
        };
        let state = AppState::new(Parts {
            db: db.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
            intake: intake.clone(),
            checkout: checkout.clone(),
            tokens: keys.tokens.clone(),
            revocations: Arc::clone(&keys.revocations),
            guardian: keys.guardian.clone(),
            second_factors: keys.second_factors.clone(),
            passwords: admin::passwords(),
            public_url: config.public_url()?,
            limits: limits::of_requests(config, &metrics)?,
            challenges: Challenges::new(config.order_challenge, keys.challenge),
            dev_clock: base.dev_clock.clone(),
            metrics: metrics.clone(),
        });

        worker::spawn(&tasks, &stop, "expiry", move |stop| checkout.clone().run_expiry(stop));
        let mails = Arc::new(OrderMails::new(clock.clone(), ids.clone()));
        let mut subscribers: Vec<Arc<dyn Subscriber>> = vec![mails];
        subscribers.extend(stock_alerts::of(config, base)?);
        let relay = Relay::new(db.clone(), clock.clone(), ids.clone(), subscribers);
        let relay = Arc::new(relay);
        worker::spawn(&tasks, &stop, "relay", move |stop| {
            let relay = Arc::clone(&relay);
            async move { relay.run(stop).await }
        });
        let handlers = notifications::job_handlers(&mailer);
        let jobs = Arc::new(JobRunner::new(db.clone(), clock.clone(), ids.clone(), handlers));
        worker::spawn(&tasks, &stop, "jobs", move |stop| {
            let jobs = Arc::clone(&jobs);
            async move { jobs.run(stop).await }
        });
        gauges::spawn(&tasks, &stop, &metrics, &db, &clock, intake)?;
        let closed_for = SignedDuration::from_hours(24 * i64::from(config.archive_days));
        housekeeping::spawn(&tasks, &stop, &db, &clock, closed_for);
        stocktakes::spawn(&tasks, &stop, &db, &clock, &ids);
        watch::spawn(&tasks, &stop, base, &keys)?;

        Ok(Self { api: api::router(state.clone()), metrics, state, db, engine, tasks, stop })
    }

    /// Ends the event streams, which would otherwise outlast everything; their readers connect
    /// again by themselves.
    pub fn end_streams(&self) {
        self.state.end_streams();
    }

    /// Places what waits in the intake, ends the workers, lets go of the database. Whoever awaits
    /// this sets the bound.
    pub async fn close(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.state.finish().await;
        self.engine.db.close().await;
        self.db.close().await;
    }
}

/// The order engine, with connections and a thread of its own.
#[derive(Debug)]
struct Engine {
    intake: Intake,
    db: Db,
    _room: Room,
}

impl Engine {
    fn start(
        config: &Config,
        base: &Base,
        metrics: &Metrics,
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) -> Result<Self> {
        let room = Room::open("intake")?;
        let inside = room.enter();
        let settings = intake_settings(config);
        // One for each batcher, and one to look whether something is sold out.
        let size = u32::try_from(settings.batchers)?.saturating_add(1);
        let db = Db::open(&DbOptions::app(base.database_url.reveal()).with_max_connections(size))?;
        let intake = Intake::start(
            db.clone(),
            base.clock.clone(),
            base.ids.clone(),
            settings,
            intake::IntakeMetrics::new(metrics)?,
            tasks,
            stop,
        );
        drop(inside);
        Ok(Self { intake, db, _room: room })
    }
}

fn intake_settings(config: &Config) -> intake::Settings {
    intake::Settings {
        queue: config.intake_queue,
        batch: config.intake_batch,
        batchers: config.intake_batchers,
        reservation: SignedDuration::from_mins(i64::from(config.reservation_minutes)),
        hold_limit: config.hold_limit,
        sourcing: config.sourcing,
        ..intake::Settings::default()
    }
}

/// Our account at ECPay, and which ECPay.
fn provider(config: &Config) -> Result<Provider> {
    let configured = config
        .ecpay_merchant_id
        .as_deref()
        .zip(config.ecpay_hash_key.as_ref().zip(config.ecpay_hash_iv.as_ref()));
    let (id, key, iv) =
        configured.map_or(TEST_MERCHANT, |(id, (key, iv))| (id, key.reveal(), iv.reveal()));
    let merchant = Merchant::new(id, key, iv).context("OXCART_ECPAY_…")?;
    let environment = match config.ecpay_mode {
        EcpayMode::Simulator => Environment::custom(&config.simulator_url()?)?,
        EcpayMode::Stage => Environment::Stage,
        EcpayMode::Production => Environment::Production,
    };
    Ok(Provider { merchant, environment })
}

/// The simulator knows the same merchant as the shop.
pub fn simulator_config(config: &Config, clock: &SharedClock) -> ecpay_simulator::Config {
    let mut settings = ecpay_simulator::Config::default();
    if let (Some(id), Some(key), Some(iv)) =
        (&config.ecpay_merchant_id, &config.ecpay_hash_key, &config.ecpay_hash_iv)
    {
        settings.merchants = vec![ecpay_simulator::MerchantConfig {
            id: id.clone(),
            name: "牛車選物".to_owned(),
            hash_key: key.reveal().to_owned(),
            hash_iv: iv.reveal().to_owned(),
        }];
    }
    let clock = Arc::clone(clock);
    settings.clock = Arc::new(move || clock.now());
    settings
}

/// Refuses to work with a schema that is older than the program.
pub async fn check_schema(database_url: &str) -> Result<()> {
    let owner = Db::open(&DbOptions::owner(database_url))?;
    let current = pg::migrate::current(&mut *owner.acquire().await?).await?;
    owner.close().await;
    ensure!(
        current >= pg::migrate::latest(),
        "the database's schema is at version {current}, and this program needs {}: run `oxcart \
         migrate`",
        pg::migrate::latest()
    );
    Ok(())
}

/// How long background work may take to end.
pub const CLOSE_TIME: Duration = Duration::from_secs(20);

/// Worker threads for the runtime: one a core.
pub fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}
