//! Asking ECPay over HTTP.

mod error;
mod options;
mod pace;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use jiff::{SignedDuration, Timestamp};
use reqwest::{Response, header, redirect};
use tokio::time::Instant;

use crate::action::{ActionReply, CardAction};
use crate::card::{CardQuery, CardTrade};
use crate::form::MAX_BODY_BYTES;
use crate::merchant::{Environment, Merchant, MerchantTradeNo};
use crate::payment_code::{PaymentCodeInfo, PaymentCodeQuery};
use crate::query::{TradeInfo, TradeInfoQuery};
use crate::reconciliation::{FileError, FundingFileQuery, FundingRow, TradeRow, TradesFileQuery};

pub use error::{CallError, ClientError, Failure, ReplyError};
pub use options::ClientOptions;

use error::{of_http, of_reply};
use pace::{Kind, Pace};

/// No pause between two tries is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A client of ECPay's server interface for one merchant. Clones share their connections' settings
/// and their pace: make one for the whole program.
///
/// - Time is bounded: connecting, and each try as a whole ([`ClientOptions`]). Answers are bounded
///   in size. Redirections are not followed. Outside [`Environment::Custom`] only HTTPS is spoken;
///   certificates are checked against the system's roots, and `HTTPS_PROXY` is honoured.
/// - The pace is bounded: a call waits a moment for its turn, and is [`CallError::Throttled`]
///   otherwise. After a status of 403 nothing is sent to that host for half an hour.
/// - **Queries are tried again** when nobody knows what became of them. **Actions never are.**
///
/// | error | what happened at ECPay | what to do |
/// |---|---|---|
/// | [`CallError::NotSent`] | nothing | try again later |
/// | [`CallError::Throttled`] | nothing | wait as long as it says |
/// | [`CallError::Refused`] | nothing | look at the configuration |
/// | [`CallError::Unclear`] | nobody knows | ask before an action is repeated |
/// | [`CallError::Reply`] | nobody knows | the same; if it is a signature, look at the keys |
///
/// ```no_run
/// # async fn run(now: jiff::Timestamp) -> Result<(), Box<dyn std::error::Error>> {
/// use ecpay::{Client, ClientOptions, Environment, Merchant, MerchantTradeNo};
///
/// let merchant = Merchant::new("3002607", "pwFHCqoQZGmho4w6", "EkRm7iFT261dpevs")?;
/// let client = Client::new(merchant, Environment::Stage, ClientOptions::default())?;
/// let info = client.trade_info(&MerchantTradeNo::new("OX20260101000001")?, now).await?;
/// println!("{:?}: {}", info.status, info.amount);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    http: reqwest::Client,
    merchant: Merchant,
    environment: Environment,
    options: ClientOptions,
    pace: Pace,
}

impl Client {
    /// A client. It needs a tokio runtime with time and I/O to be used in, not to be made.
    pub fn new(
        merchant: Merchant,
        environment: Environment,
        options: ClientOptions,
    ) -> Result<Self, ClientError> {
        options.check()?;
        let http = http_client(&environment, &options)?;
        let pace = Pace::new(&options);
        Ok(Self { inner: Arc::new(Inner { http, merchant, environment, options, pace }) })
    }

    /// The merchant who asks.
    pub fn merchant(&self) -> &Merchant {
        &self.inner.merchant
    }

    /// Where it asks.
    pub fn environment(&self) -> &Environment {
        &self.inner.environment
    }

    /// The state of an order. `now` is signed, so it must be the time, and within three minutes
    /// of ECPay's.
    pub async fn trade_info(
        &self,
        no: &MerchantTradeNo,
        now: Timestamp,
    ) -> Result<TradeInfo, CallError> {
        let began = Instant::now();
        let ask = || async move {
            let (merchant, environment) = (self.merchant(), self.environment());
            let query = TradeInfoQuery::new(no, later(now, began), merchant, environment);
            let reply = self.post(Kind::Call, &query.url, query.body, MAX_BODY_BYTES).await?;
            TradeInfo::verify(&reply, merchant, no).map_err(of_reply)
        };
        self.repeated(ask).await
    }

    /// The payment code of an order that is not paid yet. `now` as in [`Client::trade_info`].
    pub async fn payment_code(
        &self,
        no: &MerchantTradeNo,
        now: Timestamp,
    ) -> Result<PaymentCodeInfo, CallError> {
        let began = Instant::now();
        let ask = || async move {
            let (merchant, environment) = (self.merchant(), self.environment());
            let query = PaymentCodeQuery::new(no, later(now, began), merchant, environment);
            let reply = self.post(Kind::Call, &query.url, query.body, MAX_BODY_BYTES).await?;
            PaymentCodeInfo::verify(&reply, merchant, no).map_err(of_reply)
        };
        self.repeated(ask).await
    }

    /// The detail of a card transaction. The request carries no time; `now` is there so that all
    /// queries are asked alike.
    pub async fn card_trade(
        &self,
        query: &CardQuery,
        _now: Timestamp,
    ) -> Result<CardTrade, CallError> {
        let ask = || async move {
            let request = query.request(self.merchant(), self.environment());
            let reply = self.post(Kind::Call, &request.url, request.body, MAX_BODY_BYTES).await?;
            CardTrade::read(&reply).map_err(of_reply)
        };
        self.repeated(ask).await
    }

    /// Acts on a card transaction, once. After an error for which [`CallError::may_have_acted`] is
    /// true, ask what became of it before acting again.
    pub async fn do_action(&self, action: &CardAction) -> Result<ActionReply, CallError> {
        let request = action.request(self.merchant(), self.environment());
        let reply = self.post(Kind::Call, &request.url, request.body, MAX_BODY_BYTES).await?;
        ActionReply::read(&reply, action, self.merchant()).map_err(of_reply)
    }

    /// The file of all trades. It is asked for once, and not within [`ClientOptions::file_interval`]
    /// of the one before.
    pub async fn trades_file(&self, query: &TradesFileQuery) -> Result<Vec<TradeRow>, CallError> {
        let request = query.request(self.merchant(), self.environment());
        let limit = self.inner.options.file_bytes.get();
        let file = self.post(Kind::TradesFile, &request.url, request.body, limit).await?;
        let query = *query;
        self.read_apart(Kind::TradesFile, move || query.read(&file)).await
    }

    /// The file of card payouts. It is asked for once, and not within
    /// [`ClientOptions::file_interval`] of the one before.
    pub async fn funding_file(
        &self,
        query: &FundingFileQuery,
    ) -> Result<Vec<FundingRow>, CallError> {
        let request = query.request(self.merchant(), self.environment());
        let limit = self.inner.options.file_bytes.get();
        let file = self.post(Kind::FundingFile, &request.url, request.body, limit).await?;
        let query = *query;
        self.read_apart(Kind::FundingFile, move || query.read(&file)).await
    }

    /// Sends a form, and receives at most `limit` bytes of a whole answer.
    async fn post(
        &self,
        kind: Kind,
        url: &str,
        body: String,
        limit: usize,
    ) -> Result<Vec<u8>, CallError> {
        let Inner { http, options, pace, .. } = &*self.inner;
        pace.turn(kind).await.map_err(|retry_after| CallError::Throttled { retry_after })?;
        let form = "application/x-www-form-urlencoded";
        let request = http.post(url).header(header::CONTENT_TYPE, form).body(body);
        let response = request.send().await.map_err(|error| of_http(error, options.total))?;
        match response.status().as_u16() {
            200 => {}
            403 | 429 => return Err(CallError::Throttled { retry_after: pace.close(kind) }),
            // 408: the server waited for the request, and may have had enough of it.
            status @ 400..=499 if status != 408 => return Err(CallError::Refused { status }),
            status => return Err(CallError::Unclear(Failure::Status(status))),
        }
        receive(response, limit, options.total).await
    }

    /// Asks again while nobody knows what became of the question.
    async fn repeated<T, F, A>(&self, ask: F) -> Result<T, CallError>
    where
        F: FnMut() -> A,
        A: Future<Output = Result<T, CallError>>,
    {
        let options = &self.inner.options;
        let further = usize::try_from(options.tries.get() - 1).unwrap_or(usize::MAX);
        let pauses = ExponentialBuilder::default()
            .with_min_delay(options.pause)
            .with_max_delay(LONGEST_PAUSE)
            .with_max_times(further)
            .with_jitter();
        ask.retry(pauses).sleep(tokio::time::sleep).when(may_pass).await
    }

    /// Reads a file where it holds nobody up: a month of trades takes its time.
    async fn read_apart<T: Send + 'static>(
        &self,
        kind: Kind,
        read: impl FnOnce() -> Result<T, FileError> + Send + 'static,
    ) -> Result<T, CallError> {
        match tokio::task::spawn_blocking(read).await {
            Ok(Ok(rows)) => Ok(rows),
            Ok(Err(FileError::TooSoon)) => {
                Err(CallError::Throttled { retry_after: self.inner.pace.too_soon(kind) })
            }
            Ok(Err(error)) => Err(of_reply(error)),
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(stopped) => Err(CallError::Unclear(Failure::Broken(stopped.to_string()))),
            },
        }
    }
}

/// Whether a failure may pass by itself.
fn may_pass(error: &CallError) -> bool {
    match error {
        CallError::NotSent(_) => true,
        CallError::Unclear(failure) => match failure {
            Failure::NoConnection(_) | Failure::TimedOut(_) | Failure::Broken(_) => true,
            Failure::Status(status) => *status == 408 || *status >= 500,
            Failure::TooLarge(_) => false,
        },
        CallError::Throttled { .. } | CallError::Refused { .. } | CallError::Reply(_) => false,
    }
}

/// The time, so long after it was `now`.
fn later(now: Timestamp, began: Instant) -> Timestamp {
    let passed = SignedDuration::try_from(began.elapsed()).unwrap_or(SignedDuration::ZERO);
    now.checked_add(passed).unwrap_or(now)
}

/// The whole answer, if it is not too large.
async fn receive(
    mut response: Response,
    limit: usize,
    total: Duration,
) -> Result<Vec<u8>, CallError> {
    let too_large = || CallError::Unclear(Failure::TooLarge(limit));
    let announced = response.content_length().unwrap_or(0);
    if usize::try_from(announced).map_or(true, |bytes| bytes > limit) {
        return Err(too_large());
    }
    let mut answer = Vec::new();
    loop {
        // Once the head is here the question has arrived: a failure from now on is never "not sent".
        let chunk = response.chunk().await.map_err(|error| match of_http(error, total) {
            CallError::NotSent(failure) => CallError::Unclear(failure),
            error => error,
        })?;
        let Some(chunk) = chunk else { return Ok(answer) };
        if answer.len() + chunk.len() > limit {
            return Err(too_large());
        }
        answer.extend_from_slice(&chunk);
    }
}

fn http_client(
    environment: &Environment,
    options: &ClientOptions,
) -> Result<reqwest::Client, ClientError> {
    let builder = reqwest::Client::builder()
        .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(options.connect)
        .timeout(options.total)
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .http1_only()
        // A connection for each call: one that was kept may break just when an action goes over it,
        // and then nobody knows whether it arrived.
        .pool_max_idle_per_host(0);
    let builder = match environment {
        Environment::Stage | Environment::Production => builder.https_only(true),
        // A simulator or a proxy of one's own, often on this machine: no detours.
        Environment::Custom(base) if base.as_str().starts_with("http://") => {
            // No TLS is spoken, so that a system without root certificates will do.
            builder.no_proxy().tls_certs_only([])
        }
        Environment::Custom(_) => builder.no_proxy(),
    };
    builder.build().map_err(ClientError::Http)
}
