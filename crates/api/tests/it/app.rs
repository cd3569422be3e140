//! The whole API in this process, and visitors with cookies of their own.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use api::{
    AppState, Parts,
    hooks::signature::WebhookSecret,
    kit::{Limits, challenge::Challenges},
};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::ConnectInfo,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use checkout::{Checkout, OrderAccess, Patience, PaymentMetrics, Provider, RefundWorker};
use http_body_util::BodyExt as _;
use identity::{AccessTokens, Passwords, SecondFactors};
use intake::{Intake, Settings};
use payments::{
    BankAccount, PaymentProvider, Providers,
    providers::{CashOnDelivery, EcpayOptions, EcpayProvider},
};
use ports::{ObjectStore, mail::DevMailbox, sms::DevSmsBox};
use queries::search::Refresher;
use search::Search;
use serde_json::Value;
use tempfile::TempDir;
use testkit::{TestDb, seed::Shop};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt as _;

/// The API with a small shop.
pub struct TestApp {
    pub db: TestDb,
    pub shop: Shop,
    pub router: Router,
    /// Empty until it is made: [`TestApp::index`].
    search: Search,
    /// Where mails, short messages and pictures lie.
    folder: TempDir,
}

impl TestApp {
    pub async fn new() -> Self {
        Self::at("http://shop.test").await
    }

    /// With another public address.
    pub async fn at(public_url: &str) -> Self {
        Self::with(public_url, Limits::off(), Settings::default(), 0).await
    }

    /// Where people are limited.
    pub async fn limited(limits: Limits, settings: Settings) -> Self {
        Self::with("http://shop.test", limits, settings, 0).await
    }

    /// Where so many bits of work are asked for before an order.
    pub async fn challenging(bits: u32, limits: Limits) -> Self {
        Self::with("http://shop.test", limits, Settings::default(), bits).await
    }

    async fn with(public_url: &str, limits: Limits, settings: Settings, bits: u32) -> Self {
        let db = TestDb::new().await;
        let shop = Shop::small(&db).await;
        let folder = tempfile::tempdir().unwrap();
        let search = Search::default();
        let given = (limits, settings, bits, search.clone());
        let router = router(&db, public_url, given, folder.path());
        Self { db, shop, router, search, folder }
    }

    /// After a restart: nothing is remembered but what the database holds.
    pub fn restarted(self) -> Self {
        let search = Search::default();
        let off = (Limits::off(), Settings::default(), 0, search.clone());
        let router = router(&self.db, "http://shop.test", off, self.folder.path());
        Self { router, search, ..self }
    }

    /// What pays refunds back.
    pub fn refund_worker(&self) -> RefundWorker {
        RefundWorker::new(checkout(&self.db, "http://shop.test", Settings::default()))
    }

    /// Everything in the database agrees with everything else.
    pub async fn assert_books_are_right(&self) {
        let report = queries::audit::run(self.db.db()).await.unwrap();
        assert!(report.is_clean(), "{report}");
    }

    /// Somebody with an empty cookie jar.
    pub fn visitor(&self) -> Visitor<'_> {
        Visitor { app: self, cookies: BTreeMap::new(), headers: Vec::new(), peer: None }
    }

    /// The folder that mails go into.
    pub fn mailbox(&self) -> DevMailbox {
        mailbox(&self.db, self.folder.path())
    }

    /// The folder that pictures are kept in.
    pub fn objects(&self) -> PathBuf {
        self.folder.path().join("objects")
    }

    /// The folder that short messages go into.
    pub fn sms_box(&self) -> DevSmsBox {
        sms_box(&self.db, self.folder.path())
    }

    /// Makes the search index of what the catalogue says now.
    pub async fn index(&self) {
        let mut refresher = Refresher::new(self.search.clone());
        refresher.refresh(self.db.db()).await.unwrap();
    }

    /// Moves the clock.
    pub fn pass(&self, seconds: i64) {
        let clock: Arc<kernel::ManualClock> = self.db.clock();
        clock.advance(jiff::SignedDuration::from_secs(seconds));
    }

    /// Changes the database behind the API's back.
    pub async fn execute(&self, sql: &'static str) {
        let mut conn = self.db.owner().acquire().await.unwrap();
        sqlx::query(sql).execute(&mut *conn).await.unwrap();
    }
}

/// What carriers sign with in tests.
pub const CARRIER_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// The flows over this database.
fn checkout(db: &TestDb, public_url: &str, settings: Settings) -> Checkout {
    let provider = Provider {
        merchant: ecpay::Merchant::new("3002607", "pwFHCqoQZGmho4w6", "EkRm7iFT261dpevs").unwrap(),
        environment: ecpay::Environment::Stage,
    };
    Checkout {
        db: db.db().clone(),
        clock: db.shared_clock(),
        ids: db.ids().clone(),
        providers: providers(&provider),
        provider,
        patience: Patience::default(),
        metrics: PaymentMetrics::default(),
        access: OrderAccess::new([7; 32]),
        public_url: public_url.to_owned(),
        sourcing: settings.sourcing,
        return_days: 7,
    }
}

/// The API over this database; so many bits of work are asked for.
fn router(
    db: &TestDb,
    public_url: &str,
    (limits, settings, bits, search): (Limits, Settings, u32, Search),
    folder: &Path,
) -> Router {
    let (clock, ids) = (db.shared_clock(), db.ids().clone());
    let intake = Intake::start(
        db.db().clone(),
        clock.clone(),
        ids.clone(),
        settings,
        intake::IntakeMetrics::default(),
        &TaskTracker::new(),
        &CancellationToken::new(),
    );
    let checkout = checkout(db, public_url, settings);
    let state = AppState::new(Parts {
        db: db.db().clone(),
        clock,
        ids,
        intake,
        checkout,
        tokens: AccessTokens::new(&[9; 32]).unwrap(),
        revocations: Arc::default(),
        second_factors: SecondFactors::new(&[5; 32]),
        passwords: Passwords::default(),
        public_url: public_url.to_owned(),
        guardian: access::Guardian::shipped(),
        limits,
        challenges: Challenges::new(bits, [3; 32]),
        webhooks: office(db, public_url),
        mailbox: Some(mailbox(db, folder)),
        sms_box: Some(sms_box(db, folder)),
        objects: ObjectStore::directory(&folder.join("objects")).unwrap(),
        carrier_secret: Some(WebhookSecret::parse(CARRIER_SECRET).unwrap()),
        dev_clock: None,
        search,
        metrics: telemetry::Metrics::new(),
    });
    api::router(state)
}

/// Webhooks that may be sent to this machine.
pub fn office(db: &TestDb, public_url: &str) -> webhooks::Office {
    let (clock, ids) = (db.shared_clock(), db.ids().clone());
    webhooks::Office {
        guard: webhooks::Guard::new("127.0.0.0/8".parse().unwrap()),
        sealer: webhooks::Sealer::new(&[6; 32]),
        fan_out: webhooks::FanOut::new(public_url.to_owned(), clock, ids),
    }
}

fn mailbox(db: &TestDb, messages: &Path) -> DevMailbox {
    let from = "Oxcart <shop@oxcart.example>";
    DevMailbox::new(messages.join("mail"), from, db.shared_clock()).unwrap()
}

fn sms_box(db: &TestDb, messages: &Path) -> DevSmsBox {
    DevSmsBox::new(messages.join("sms"), db.shared_clock())
}

/// Everybody who takes money. Nobody reaches ECPay from here.
fn providers(ecpay: &Provider) -> Providers {
    let nowhere = ecpay::Environment::custom("http://127.0.0.1:9").unwrap();
    let options = ecpay::ClientOptions::default();
    let client = ecpay::Client::new(ecpay.merchant.clone(), nowhere, options).unwrap();
    let all: [Arc<dyn PaymentProvider>; 2] =
        [Arc::new(EcpayProvider::new(client, EcpayOptions::default())), Arc::new(CashOnDelivery)];
    Providers::new(all).with_account(BankAccount {
        bank_code: "004".into(),
        bank_name: "臺灣銀行".into(),
        number: "123456789012".into(),
        holder: "牛車選物".into(),
    })
}

/// A body that is no JSON: its text, or nothing.
fn text(bytes: &[u8]) -> Value {
    if bytes.is_empty() { Value::Null } else { String::from_utf8_lossy(bytes).into_owned().into() }
}

/// A browser, as far as the API can tell.
#[derive(Clone)]
pub struct Visitor<'a> {
    app: &'a TestApp,
    pub cookies: BTreeMap<String, String>,
    headers: Vec<(&'static str, String)>,
    peer: Option<SocketAddr>,
}

/// What the API answered.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    /// The body, which has to come with this status.
    #[track_caller]
    pub fn ok(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{:?}", self.body);
        self.body
    }

    /// The problem's code, which has to come with this status.
    #[track_caller]
    pub fn problem(&self, status: u16) -> &str {
        assert_eq!(self.status.as_u16(), status, "{:?}", self.body);
        let content_type = self.headers.get(header::CONTENT_TYPE).unwrap();
        assert_eq!(content_type, "application/problem+json");
        self.body["code"].as_str().unwrap()
    }

    /// The lines of `Set-Cookie`.
    pub fn set_cookies(&self) -> Vec<&str> {
        let lines = self.headers.get_all(header::SET_COOKIE).iter();
        lines.map(|line| line.to_str().unwrap()).collect()
    }
}

impl Visitor<'_> {
    /// What is sold here.
    pub fn shop(&self) -> &Shop {
        &self.app.shop
    }

    /// Sends this header along from now on.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Connects from this address from now on.
    pub fn from(mut self, address: &str) -> Self {
        self.peer = Some(SocketAddr::new(address.parse().unwrap(), 4711));
        self
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub async fn post(&mut self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    pub async fn patch(&mut self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body)).await
    }

    pub async fn delete(&mut self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    pub async fn send(&mut self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let typed = body.map(|body| ("application/json", body.to_string()));
        self.send_typed(method, path, typed).await
    }

    /// Sends a change of what was seen with this version.
    pub async fn patch_seen(&self, path: &str, seen: i64, body: Value) -> Answer {
        let mut visitor = self.clone().with("if-match", format!("\"{seen}\""));
        visitor.patch(path, body).await
    }

    /// Posts bytes of this type.
    pub async fn post_bytes(&mut self, path: &str, content_type: &str, body: Vec<u8>) -> Answer {
        let typed = Some((content_type, Body::from(body)));
        self.send_body(Method::POST, path, typed).await
    }

    /// Posts a text of this type.
    pub async fn post_text(&mut self, path: &str, content_type: &str, body: &str) -> Answer {
        self.send_typed(Method::POST, path, Some((content_type, body.to_owned()))).await
    }

    async fn send_typed(
        &mut self,
        method: Method,
        path: &str,
        body: Option<(&str, String)>,
    ) -> Answer {
        let body = body.map(|(content_type, text)| (content_type, Body::from(text)));
        self.send_body(method, path, body).await
    }

    async fn send_body(
        &mut self,
        method: Method,
        path: &str,
        body: Option<(&str, Body)>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !self.cookies.is_empty() {
            let pairs: Vec<_> = self.cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
            request = request.header(header::COOKIE, pairs.join("; "));
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let request = match body {
            Some((content_type, body)) => {
                request.header(header::CONTENT_TYPE, content_type).body(body)
            }
            None => request.body(Body::empty()),
        };
        let mut request = request.unwrap();
        if let Some(peer) = self.peer {
            request.extensions_mut().insert(ConnectInfo(peer));
        }
        let response = self.app.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        // A stream of events has no end to wait for.
        let is_stream =
            parts.headers.get(header::CONTENT_TYPE).is_some_and(|it| it == "text/event-stream");
        let bytes = if is_stream { Bytes::new() } else { body.collect().await.unwrap().to_bytes() };
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| text(&bytes));
        let answer = Answer { status: parts.status, headers: parts.headers, body };
        self.keep_cookies(&answer);
        answer
    }

    fn keep_cookies(&mut self, answer: &Answer) {
        for line in answer.set_cookies() {
            let (name, rest) = line.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}
