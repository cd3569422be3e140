//! A running simulator.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::routing::{get, post};
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_http::timeout::TimeoutLayer;

use crate::config::{Config, MerchantConfig};
use crate::delivery::{self, Letter, PostOffice};
use crate::pages::Pages;
use crate::store::Store;
use crate::trade::NoticeState;
use crate::{cashier, control, query};

/// The largest request body read.
const BODY_LIMIT: usize = 64 * 1024;
/// The longest a request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a stop waits for requests and deliveries on their way.
const STOP_PATIENCE: Duration = Duration::from_secs(3);

/// Why a simulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The listener has no address.
    #[error("the listener cannot be used")]
    Listener(#[from] io::Error),
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
    store: Mutex<Store>,
}

impl Shared {
    fn new(config: Config) -> Result<Self, minijinja::Error> {
        Ok(Self {
            pages: Pages::new()?,
            post_office: PostOffice::new(config.max_pending_deliveries),
            store: Mutex::new(Store::new(config.max_trades)),
            config,
        })
    }

    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.config.clock)()
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
        for id in self.post_office.post(letters) {
            tracing::warn!(trade_no, "too many notices are waiting: one was dropped");
            self.store().update_notice(&trade_no, id, |notice| notice.state = NoticeState::Dropped);
        }
    }
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
        let address = listener.local_addr()?;
        let client = reqwest::Client::builder()
            .timeout(config.callback_timeout)
            .connect_timeout(config.callback_timeout)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent("ecpay-simulator")
            .build()?;
        let shared = Arc::new(Shared::new(config)?);
        let (soft, hard) = (CancellationToken::new(), CancellationToken::new());
        let tasks = TaskTracker::new();

        let app = router(Arc::clone(&shared));
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

fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(cashier::index))
        .route("/Cashier/AioCheckOut/V5", post(cashier::checkout))
        .route("/Cashier/Pay/{trade_no}", get(cashier::pay_page))
        .route("/Cashier/Pay/{trade_no}/card", post(cashier::card))
        .route("/Cashier/Pay/{trade_no}/3d", get(cashier::three_d_page).post(cashier::three_d))
        .route("/Cashier/Pay/{trade_no}/fail", post(cashier::fail))
        .route("/Cashier/Pay/{trade_no}/issue", post(cashier::issue))
        .route("/Cashier/Pay/{trade_no}/code", get(cashier::code_page))
        .route("/Cashier/Pay/{trade_no}/result", get(cashier::result_page))
        .route("/Cashier/Pay/{trade_no}/cancelled", get(cashier::cancelled_page))
        .route("/Cashier/QueryTradeInfo/V5", post(query::trade_info))
        .route("/Cashier/QueryPaymentInfo", post(query::payment_info))
        .route("/_sim/health", get(async || "ok"))
        .route(
            "/_sim/faults",
            get(control::list_faults).post(control::add_fault).delete(control::clear_faults),
        )
        .route("/_sim/trades", get(control::list_trades))
        .route("/_sim/trades/{number}", get(control::get_trade))
        .route("/_sim/trades/{number}/pay", post(control::pay))
        .route("/_sim/trades/{number}/redeliver", post(control::redeliver))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, REQUEST_TIMEOUT))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(shared)
}
