//! A running simulator, seen from a shop and from a buyer's browser.
//!
//! Requests are made and notices read with the `ecpay` crate, which shares no code with the
//! simulator: each checks the other.

mod actions;
mod cards;
mod cashier;
mod console;
mod control;
mod delayed;
mod faults;
mod files;
mod gate;
mod kept;
mod notices;
mod query;
mod readme;
mod rules;
mod shop;
mod vectors;

use std::time::Duration;

use ecpay::{Checkout, Environment, Merchant, MerchantTradeNo, Method, Order};
use ecpay_simulator::{Config, Simulator};
use serde_json::{Value, json};
use shop::Shop;
use tokio::net::TcpListener;

/// 2026-01-02 12:00:00 in Taipei.
const NOW: &str = "2026-01-02T04:00:00Z";
/// Between two tries of a delivery in these tests.
const RETRY: Duration = Duration::from_millis(30);

fn merchant() -> Merchant {
    Merchant::new("3002607", "pwFHCqoQZGmho4w6", "EkRm7iFT261dpevs").expect("sound keys")
}

/// The body of a request, signed by a merchant.
fn signed(merchant: &Merchant, fields: &[(&str, &str)]) -> String {
    let pairs = || [("MerchantID", "3002607")].into_iter().chain(fields.iter().copied());
    let mac = merchant.sign(pairs());
    ecpay::to_form_body(pairs().chain([(ecpay::CHECK_MAC_VALUE, mac.as_str())]))
}

/// A simulator, a shop and a browser.
struct World {
    simulator: Simulator,
    shop: Shop,
    browser: reqwest::Client,
    environment: Environment,
}

impl World {
    async fn new() -> Self {
        Self::with(Config::default()).await
    }

    async fn with(config: Config) -> Self {
        Self::start(Config { retry_delay: RETRY, ..config }).await
    }

    /// One whose notices wait so long before they are sent again.
    async fn patient(retry_delay: Duration) -> Self {
        Self::start(Config { retry_delay, ..Config::default() }).await
    }

    async fn start(config: Config) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let now = NOW.parse().expect("RFC 3339");
        let config = Config { clock: std::sync::Arc::new(move || now), ..config };
        let simulator = Simulator::start(config, listener).expect("a simulator");
        let base = format!("http://{}", simulator.local_addr());
        let browser = reqwest::Client::builder()
            .timeout(Duration::from_secs(5))
            .no_proxy()
            .build()
            .expect("a client");
        Self {
            simulator,
            shop: Shop::open().await,
            browser,
            environment: Environment::custom(&base).expect("an address"),
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.environment.payment_base())
    }

    fn order(&self, number: &str) -> Order {
        Order {
            merchant_trade_no: MerchantTradeNo::new(number).expect("plain"),
            created_at: NOW.parse().expect("RFC 3339"),
            total_amount: 1990,
            description: "訂單 1001".into(),
            items: vec!["馬克杯 \"大\" & 小 x1".into(), "Tee x2".into()],
            return_url: self.shop.url("/notify"),
        }
    }

    fn checkout(&self, number: &str, method: Method) -> Checkout {
        Checkout::new(self.order(number), method)
    }

    /// Posts a checkout as a browser does; the page it ends on.
    async fn enter(&self, checkout: &Checkout) -> Page {
        let form = checkout.sign(&merchant(), &self.environment).expect("a sound checkout");
        let body = ecpay::to_form_body(form.fields());
        self.post_form(form.action(), body).await
    }

    async fn post_form(&self, url: &str, body: String) -> Page {
        let request = self.browser.post(url).body(body);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        Page::of(request.send().await.expect("an answer")).await
    }

    async fn get(&self, path: &str) -> Page {
        Page::of(self.browser.get(self.url(path)).send().await.expect("an answer")).await
    }

    /// A card order that waits to be paid.
    async fn card_order(&self, number: &str) {
        let page = self.enter(&self.checkout(number, Method::credit())).await;
        assert_eq!(page.status, 200, "{}", page.text);
    }

    async fn control(&self, path: &str, body: Option<Value>) -> (u16, Value) {
        let mut request = self.browser.post(self.url(path));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.expect("an answer");
        (response.status().as_u16(), response.json().await.expect("JSON"))
    }

    /// A signed request of a shop's server, its `MerchantID` besides the fields given.
    async fn ask(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.post_form(&self.url(path), signed(&merchant(), fields)).await
    }

    async fn reset(&self) {
        let answer = self.browser.post(self.url("/simulator/reset")).send().await;
        assert_eq!(answer.expect("an answer").status(), 204);
    }

    /// Lets time pass at ECPay.
    async fn advance(&self, seconds: i64) {
        let (status, answer) =
            self.control("/simulator/clock", Some(json!({ "advance_seconds": seconds }))).await;
        assert_eq!(status, 200, "{answer}");
    }

    async fn pay(&self, number: &str) -> Value {
        let (status, trade) = self.control(&format!("/simulator/trades/{number}/pay"), None).await;
        assert_eq!(status, 200, "{trade}");
        trade
    }

    async fn fault(&self, fault: Value) {
        let (status, answer) = self.control("/simulator/faults", Some(fault)).await;
        assert_eq!(status, 201, "{answer}");
    }

    async fn trade(&self, number: &str) -> Value {
        let url = self.url(&format!("/simulator/trades/{number}"));
        let response = self.browser.get(url).send().await.expect("an answer");
        response.json().await.expect("JSON")
    }

    /// Waits until the last notice of an order is in a state.
    async fn notice_in_state(&self, number: &str, state: &str) -> Value {
        for _ in 0..500 {
            let trade = self.trade(number).await;
            let last = trade["notices"].as_array().and_then(|all| all.last()).cloned();
            if let Some(last) = last.filter(|notice| notice["state"] == json!(state)) {
                return last;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("no notice became {state}: {}", self.trade(number).await);
    }

    /// Waits until the only notice of an order was tried so often.
    async fn notice_tried(&self, number: &str, tries: usize) -> Value {
        for _ in 0..500 {
            let notice = self.trade(number).await["notices"][0].clone();
            if notice["attempts"].as_array().is_some_and(|all| all.len() == tries) {
                return notice;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("not tried {tries} times: {}", self.trade(number).await);
    }

    async fn close(self) {
        self.simulator.stop().await;
        self.shop.close().await;
    }
}

/// What a browser shows.
struct Page {
    status: u16,
    path: String,
    text: String,
    bytes: Vec<u8>,
}

impl Page {
    async fn of(response: reqwest::Response) -> Self {
        let (status, path) = (response.status().as_u16(), response.url().path().to_owned());
        let bytes = response.bytes().await.expect("a body").to_vec();
        Self { status, path, text: String::from_utf8_lossy(&bytes).into_owned(), bytes }
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("JSON")
    }

    fn has(&self, test_id: &str) -> bool {
        self.text.contains(&format!("data-testid=\"{test_id}\""))
    }

    /// The form body that the page's hidden inputs make.
    fn hidden_inputs(&self) -> String {
        let mut fields = Vec::new();
        for part in self.text.split("<input type=\"hidden\" name=\"").skip(1) {
            let (name, rest) = part.split_once("\" value=\"").expect("a value");
            let (value, _) = rest.split_once('"').expect("a quote");
            fields.push((name, unescape(value)));
        }
        ecpay::to_form_body(fields.iter().map(|(name, value)| (*name, value.as_str())))
    }
}

fn unescape(html: &str) -> String {
    html.replace("&quot;", "\"")
        .replace("&#x27;", "'")
        .replace("&#x2f;", "/")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}
