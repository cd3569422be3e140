//! Putting the shop together: configuration → database → modules → workers → routes, in one
//! straight line. No framework, no global: what somebody needs is handed over here.

use std::{num::NonZero, sync::Arc, time::Duration};

use anyhow::{Context as _, Result, ensure};
use api::{AppState, Parts, hooks::signature::WebhookSecret, kit::challenge::Challenges};
use axum::Router;
use checkout::{
    Checkout, OrderAccess, Patience, PaymentMetrics, Provider, Reconciler, RefundWorker, Reminders,
};
use ecpay::{Client, ClientOptions, Environment, Merchant};
use intake::Intake;
use jiff::SignedDuration;
use kernel::{Ids, ManualClock, SharedClock, SystemClock};
use notifications::OrderMails;
use outbox::{JobHandler, JobRunner, Relay, Subscriber};
use page_cache::{Means, PageCache, PageCacheMetrics};
use payments::{
    PaymentProvider, Providers,
    providers::{CashOnDelivery, EcpayOptions, EcpayProvider},
};
use pg::{Db, DbOptions};
use ports::ObjectStore;
use search::Search;
use telemetry::Metrics;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    admin,
    config::{Config, EcpayMode, Secret},
    keys::Keys,
    limits,
    messages::Ways,
    proxy::Proxy,
    supervise::{room::Room, worker},
    workers::{
        back_in_stock, finding, gauges, pictures, product_imports, scheduled, stock_alerts,
        stocktakes, watch, webhooks,
    },
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
            objects: config.objects.open(&config.data.join("objects"))?,
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
    pages: Means,
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
        let ways = Ways::open(config, &clock)?;
        let engine = Engine::start(config, base, &metrics, &tasks, &stop)?;
        let intake = engine.intake.clone();
        let office = webhooks::office(config, base, &keys.webhook)?;
        let ecpay = ecpay_provider(config)?;
        let access = OrderAccess::new(keys.order);
        let checkout = checkout(config, base, &ecpay, access, PaymentMetrics::new(&metrics)?)?;
        let search = Search::default();
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
            webhooks: office.clone(),
            mailbox: ways.mailbox,
            sms_box: ways.sms_box,
            objects: base.objects.clone(),
            carrier_secret: carrier_secret(config)?,
            dev_clock: base.dev_clock.clone(),
            search: search.clone(),
            metrics: metrics.clone(),
        });

        let lead = ways.lead;
        let (buyers, texts) = (checkout.clone(), ways.sms.is_some());
        worker::spawn(&tasks, &stop, "reminders", move |stop| {
            Reminders::new(buyers.clone(), lead, texts).run(stop)
        });
        waiting_for_money(&tasks, &stop, &checkout);
        giving_money_back(&tasks, &stop, &checkout, ecpay);
        after_the_sale(&tasks, &stop, &checkout);
        let mails = Arc::new(OrderMails::new(clock.clone(), ids.clone()));
        let mut subscribers: Vec<Arc<dyn Subscriber>> = vec![mails];
        subscribers.extend(stock_alerts::of(config, base)?);
        subscribers.extend(webhooks::subscribers(config, base, &office)?);
        let handlers = notifications::job_handlers(&ways.mailer, ways.sms.as_ref(), &clock);
        relay(&tasks, &stop, base, subscribers, handlers);
        webhooks::spawn(&tasks, &stop, &metrics, config, base, &office)?;
        gauges::spawn(&tasks, &stop, &metrics, &db, &clock, intake)?;
        scheduled::spawn(&tasks, &stop, config, base);
        stocktakes::spawn(&tasks, &stop, &db, &clock, &ids);
        back_in_stock::spawn(&tasks, &stop, teller(config, base)?);
        let pages = pages(base, &metrics, &tasks, &stop)?;
        watch::spawn(base, &keys, &pages)?;
        finding::spawn(&tasks, &stop, &metrics, &db, search)?;
        pictures::spawn(&tasks, &stop, &metrics, config, base)?;
        product_imports::spawn(&tasks, &stop, &metrics, config, base)?;

        Ok(Self { api: api::router(state.clone()), metrics, state, pages, db, engine, tasks, stop })
    }

    /// Ends the event streams, which would otherwise outlast everything; their readers connect
    /// again by themselves.
    pub fn end_streams(&self) {
        self.state.end_streams();
    }

    /// The storefront's pages, kept for whoever asks next.
    pub fn page_cache(&self, storefront: Proxy, config: &Config) -> PageCache<Proxy> {
        let bytes = u64::from(config.page_cache_mib) << 20;
        let settings = page_cache::Settings { bytes, ..page_cache::Settings::default() };
        PageCache::new(storefront, settings, self.pages.clone())
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

/// Who tells those that wait for stock.
fn teller(config: &Config, base: &Base) -> Result<back_in_stock::Teller> {
    let Base { db, clock, ids, .. } = base.clone();
    Ok(back_in_stock::Teller { db, clock, ids, shop: config.public_url()? })
}

/// What kept pages are made with.
fn pages(
    base: &Base,
    metrics: &Metrics,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) -> Result<Means> {
    Ok(Means {
        generation: page_cache::Generation::default(),
        clock: base.clock.clone(),
        metrics: PageCacheMetrics::new(metrics)?,
        tasks: tasks.clone(),
        stop: stop.clone(),
    })
}

/// Starts who hands events to their subscribers, and who does the jobs that come of them.
fn relay(
    tasks: &TaskTracker,
    stop: &CancellationToken,
    base: &Base,
    subscribers: Vec<Arc<dyn Subscriber>>,
    handlers: Vec<Arc<dyn JobHandler>>,
) {
    let Base { db, clock, ids, .. } = base.clone();
    let relay = Arc::new(Relay::new(db.clone(), clock.clone(), ids.clone(), subscribers));
    worker::spawn(tasks, stop, "relay", move |stop| {
        let relay = Arc::clone(&relay);
        async move { relay.run(stop).await }
    });
    let jobs = Arc::new(JobRunner::new(db, clock, ids, handlers));
    worker::spawn(tasks, stop, "jobs", move |stop| {
        let jobs = Arc::clone(&jobs);
        async move { jobs.run(stop).await }
    });
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
        reservation: patience(config).reservation,
        hold_limit: config.hold_limit,
        sourcing: config.sourcing,
        ..intake::Settings::default()
    }
}

/// What carriers' systems sign their messages with.
fn carrier_secret(config: &Config) -> Result<Option<WebhookSecret>> {
    let secret = config.shipping_webhook_secret.as_ref();
    let parse = |secret: &Secret| WebhookSecret::parse(secret.reveal());
    secret.map(parse).transpose().context("OXCART_SHIPPING_WEBHOOK_SECRET")
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

/// ECPay, as we are known to it.
pub fn ecpay_provider(config: &Config) -> Result<EcpayProvider> {
    let ecpay = provider(config)?;
    let options = ClientOptions {
        total: Duration::from_secs(config.ecpay_timeout_seconds.into()),
        calls_per_minute: NonZero::new(config.ecpay_calls_per_minute)
            .context("OXCART_ECPAY_CALLS_PER_MINUTE must be at least 1")?,
        ..ClientOptions::default()
    };
    let client = Client::new(ecpay.merchant, ecpay.environment, options)?;
    Ok(EcpayProvider::new(client, EcpayOptions { check_code: config.check_code()? }))
}

/// Everybody who takes money here.
fn providers(config: &Config, ecpay: &EcpayProvider) -> Result<Providers> {
    let all: [Arc<dyn PaymentProvider>; 2] = [Arc::new(ecpay.clone()), Arc::new(CashOnDelivery)];
    let providers = Providers::new(all);
    Ok(match config.bank_account()? {
        Some(account) => providers.with_account(account),
        None => providers,
    })
}

/// What happens to orders afterwards.
pub fn checkout(
    config: &Config,
    base: &Base,
    ecpay: &EcpayProvider,
    access: OrderAccess,
    metrics: PaymentMetrics,
) -> Result<Checkout> {
    Ok(Checkout {
        db: base.db.clone(),
        clock: base.clock.clone(),
        ids: base.ids.clone(),
        provider: provider(config)?,
        providers: providers(config, ecpay)?,
        patience: patience(config),
        metrics,
        access,
        public_url: config.public_url()?,
        sourcing: config.sourcing,
        return_days: config.return_days,
    })
}

fn patience(config: &Config) -> Patience {
    Patience {
        reservation: SignedDuration::from_mins(i64::from(config.reservation_minutes)),
        unanswered: SignedDuration::from_hours(i64::from(config.payment_unanswered_hours)),
    }
}

/// The workers for orders that wait for money: those that end them, and those that ask about them.
fn waiting_for_money(tasks: &TaskTracker, stop: &CancellationToken, checkout: &Checkout) {
    let checkout = || checkout.clone();
    let (expiry, asking, polling) = (checkout(), checkout(), checkout());
    worker::spawn(tasks, stop, "expiry", move |stop| expiry.clone().run_expiry(stop));
    worker::spawn(tasks, stop, "asking", move |stop| asking.clone().run_asking(stop));
    worker::spawn(tasks, stop, "polling", move |stop| polling.clone().run_polling(stop));
}

/// The workers for money that goes back, and for what the provider's books say of it all.
fn giving_money_back(
    tasks: &TaskTracker,
    stop: &CancellationToken,
    checkout: &Checkout,
    ecpay: EcpayProvider,
) {
    let refunds = RefundWorker::new(checkout.clone());
    worker::spawn(tasks, stop, "refunds", move |stop| refunds.clone().run(stop));
    let reconciler = Reconciler::new(checkout.clone(), Arc::new(ecpay));
    worker::spawn(tasks, stop, "reconciliation", move |stop| reconciler.clone().run(stop));
}

/// The workers for orders that were sent.
fn after_the_sale(tasks: &TaskTracker, stop: &CancellationToken, checkout: &Checkout) {
    let completion = checkout.clone();
    worker::spawn(tasks, stop, "completion", move |stop| completion.clone().run_completion(stop));
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
    // A payment code must still be payable when the shop was stopped in between.
    settings.directory = Some(config.data.join("ecpay-simulator"));
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
