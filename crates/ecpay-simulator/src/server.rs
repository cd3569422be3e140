//! A running simulator.

use std::io;
use std::net::SocketAddr;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::{Config, MerchantConfig};
use crate::delivery::{self, Letter, PostOffice};
use crate::gate::Gate;
use crate::moment::Moment;
use crate::pages::Pages;
use crate::routes;
use crate::store::Store;
use crate::trade::{NoticeState, Trade};

/// How long a stop waits for requests and deliveries on their way.
const STOP_PATIENCE: Duration = Duration::from_secs(3);

/// Why a simulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The listener has no address.
    #[error("the listener cannot be used")]
    Listener(#[source] io::Error),
    /// The directory for the state cannot be read or written.
    #[error("the state cannot be kept in that directory")]
    Directory(#[source] io::Error),
    /// The HTTP client for notices could not be made.
    #[error("the HTTP client cannot be made")]
    Client(#[from] reqwest::Error),
    /// A page's template is broken.
    #[error("a template is broken")]
    Templates(#[from] minijinja::Error),
}

/// What every handler shares.
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) pages: Pages,
    pub(crate) post_office: PostOffice,
    /// Cancelled when the simulator stops: what is held back on purpose ends then.
    pub(crate) closing: CancellationToken,
    store: Mutex<Store>,
    gate: Mutex<Gate>,
    last_file: Mutex<Option<Moment>>,
    /// How far the clock was turned forward, in seconds.
    ahead: AtomicI64,
}

/// The store, locked. What changed is written down when this is dropped.
pub(crate) struct StoreGuard<'a>(MutexGuard<'a, Store>);

impl Deref for StoreGuard<'_> {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.0
    }
}

impl DerefMut for StoreGuard<'_> {
    fn deref_mut(&mut self) -> &mut Store {
        &mut self.0
    }
}

impl Drop for StoreGuard<'_> {
    fn drop(&mut self) {
        self.0.save();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn new(config: Config, closing: CancellationToken) -> Result<Self, StartError> {
        let mut store = Store::new(config.max_trades);
        if let Some(directory) = &config.directory {
            let adopt = |trade: &mut Trade| give_merchant(&config, trade);
            store.keep_in(directory, adopt).map_err(StartError::Directory)?;
        }
        Ok(Self {
            pages: Pages::new()?,
            post_office: PostOffice::new(config.max_pending_deliveries),
            closing,
            ahead: AtomicI64::new(store.ahead()),
            store: Mutex::new(store),
            gate: Mutex::default(),
            last_file: Mutex::default(),
            config,
        })
    }

    /// Locks the store, in which every day's end up to now has happened.
    pub(crate) fn store(&self) -> StoreGuard<'_> {
        let now = self.now();
        let mut store = lock(&self.store);
        store.pass_time(now, self.config.auto_capture);
        StoreGuard(store)
    }

    pub(crate) fn gate(&self) -> MutexGuard<'_, Gate> {
        lock(&self.gate)
    }

    /// Whether a reconciliation file may be fetched now.
    pub(crate) fn may_fetch_file(&self) -> bool {
        let now = self.now();
        let last = *lock(&self.last_file);
        last.is_none_or(|last| last.elapsed(now) >= self.config.file_interval)
    }

    /// A file was fetched: the next one has to wait.
    pub(crate) fn note_file(&self) {
        *lock(&self.last_file) = Some(Moment::now(self.now()));
    }

    /// The time at ECPay. Takes no lock.
    pub(crate) fn now(&self) -> Timestamp {
        let ahead = SignedDuration::from_secs(self.ahead.load(Ordering::Relaxed));
        self.shops_now().saturating_add(ahead).unwrap_or(Timestamp::MAX)
    }

    /// The time as the shop knows it: by which its `TimeStamp`s are judged.
    pub(crate) fn shops_now(&self) -> Timestamp {
        (self.config.clock)()
    }

    /// Turns the clock forward.
    pub(crate) fn advance(&self, seconds: i64) {
        {
            let mut store = self.store();
            let ahead = store.ahead().saturating_add(seconds);
            store.set_ahead(ahead);
            self.ahead.store(ahead, Ordering::Relaxed);
        }
        self.post_office.look();
    }

    pub(crate) fn merchant(&self, id: &str) -> Option<&MerchantConfig> {
        self.config.merchants.iter().find(|merchant| merchant.id == id)
    }

    /// Hands letters to the delivery loop. The store must not be locked.
    pub(crate) fn post(&self, letters: impl IntoIterator<Item = Letter>) {
        let letters: Vec<Letter> = letters.into_iter().collect();
        let Some(trade_no) = letters.first().map(|letter| letter.trade_no().to_owned()) else {
            return;
        };
        for id in self.post_office.post(letters, self.now()) {
            tracing::warn!(trade_no, "too many notices are waiting: one was dropped");
            self.store().update_notice(&trade_no, id, |notice| {
                notice.state = NoticeState::Dropped;
                notice.next_at = None;
            });
        }
    }

    /// Takes up the notices that were under way when the simulator was stopped.
    fn resume(&self) {
        let now = self.now();
        let letters: Vec<Vec<Letter>> = {
            let store = self.store();
            let oldest_first = store.newest_first().rev();
            oldest_first.map(|trade| pending(trade, now)).collect()
        };
        for letters in letters {
            self.post(letters);
        }
    }
}

fn pending(trade: &Trade, now: Timestamp) -> Vec<Letter> {
    let pending = trade.notices.iter().filter(|notice| notice.state == NoticeState::Pending);
    pending.map(|notice| Letter::resumed(trade, notice, now)).collect()
}

/// Gives an order that was read from disk its merchant again; false when there is none any more.
fn give_merchant(config: &Config, trade: &mut Trade) -> bool {
    let signer = Trade::signer_id(&trade.request);
    let Some(merchant) = config.merchants.iter().find(|merchant| merchant.id == signer) else {
        return false;
    };
    let mut merchant = merchant.clone();
    trade.request.get("MerchantID").clone_into(&mut merchant.id);
    trade.merchant = merchant;
    true
}

/// A running simulator. Dropping it stops it, without waiting; [`Simulator::stop`] waits.
pub struct Simulator {
    address: SocketAddr,
    tasks: TaskTracker,
    soft: CancellationToken,
    hard: CancellationToken,
}

impl Simulator {
    /// Starts serving on a listener. Needs a Tokio runtime around it.
    pub fn start(config: Config, listener: TcpListener) -> Result<Self, StartError> {
        let address = listener.local_addr().map_err(StartError::Listener)?;
        let client = reqwest::Client::builder()
            .timeout(config.callback_timeout)
            .connect_timeout(config.callback_timeout)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent("ecpay-simulator")
            .build()?;
        let (soft, hard) = (CancellationToken::new(), CancellationToken::new());
        let shared = Arc::new(Shared::new(config, soft.clone())?);
        shared.resume();
        let tasks = TaskTracker::new();

        let app = routes::router(Arc::clone(&shared));
        let serve =
            axum::serve(listener, app).with_graceful_shutdown(soft.clone().cancelled_owned());
        let stop = hard.clone();
        tasks.spawn(async move {
            tokio::select! {
                result = serve.into_future() => {
                    if let Err(error) = result {
                        tracing::error!(%error, "the simulator stopped serving");
                    }
                }
                () = stop.cancelled() => {}
            }
        });
        let (stop, give_up) = (soft.clone(), hard.clone());
        tasks.spawn(async move {
            tokio::select! {
                () = delivery::run(shared, client, stop) => {}
                () = give_up.cancelled() => {}
            }
        });
        tasks.close();
        Ok(Self { address, tasks, soft, hard })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Stops accepting, lets requests and deliveries on their way finish for a moment, and ends.
    pub async fn stop(self) {
        self.soft.cancel();
        if tokio::time::timeout(STOP_PATIENCE, self.tasks.wait()).await.is_err() {
            self.hard.cancel();
            self.tasks.wait().await;
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.soft.cancel();
        self.hard.cancel();
    }
}
