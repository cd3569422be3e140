//! One client: asks over HTTP, and has every request and its answer recorded.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    time::Duration,
};

use anyhow::{Context as _, Result};
use reqwest::{Client as Http, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

use super::recorder::Recorder;
use crate::checker::{Answer, Ask, Line, Short, State};

/// The longest a request may take before its client gives up.
const PATIENCE: Duration = Duration::from_secs(12);
const CONNECT_TIME: Duration = Duration::from_secs(3);
/// ECPay's word for "taken".
const ACKNOWLEDGED: &str = "1|OK";

/// A client with connections of its own. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    http: Http,
    url: String,
    number: u32,
    recorder: Recorder,
}

/// An order a client was told of.
#[derive(Clone, Debug)]
pub struct Held {
    /// Its id.
    pub order: Uuid,
    /// Opens it.
    pub token: String,
}

/// What has to be posted to begin a payment.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The attempt's number.
    pub trade_no: String,
    /// To pay.
    pub amount: String,
}

/// A status, a problem's code, and the body.
type Reply = (u16, Value);

impl Client {
    /// A client of the shop at `url`.
    pub fn new(number: u32, url: &str, recorder: &Recorder) -> Result<Self> {
        let http = Http::builder()
            .timeout(PATIENCE)
            .connect_timeout(CONNECT_TIME)
            .pool_max_idle_per_host(2)
            .no_proxy()
            .build()
            .context("make an HTTP client")?;
        Ok(Self { http, url: url.to_owned(), number, recorder: recorder.clone() })
    }

    fn post(&self, path: &str) -> RequestBuilder {
        self.http.post(format!("{}{path}", self.url))
    }

    /// Asks, reads the whole answer, makes of it what `read` does, and records both.
    async fn ask(
        &self,
        ask: Ask,
        request: RequestBuilder,
        read: impl FnOnce(u16, &Value) -> Option<Answer>,
    ) -> (Answer, Value) {
        let start = self.recorder.now();
        let (answer, body) = match exchange(request).await {
            Ok((status, body)) => {
                let answer = read(status, &body).unwrap_or_else(|| refused(status, &body));
                (answer, body)
            }
            Err(error) => (Answer::Lost { why: why(&error) }, Value::Null),
        };
        self.recorder.record(self.number, start, ask, answer.clone());
        (answer, body)
    }

    /// One attempt to place an order; `patience` is how long its buyer waits.
    pub async fn place(
        &self,
        key: &str,
        lines: &[Line],
        patience: Option<Duration>,
    ) -> (Answer, Option<Held>) {
        let ask = Ask::Place { key: key.to_owned(), lines: lines.to_vec() };
        let mut request =
            self.post("/api/orders").header("idempotency-key", key).json(&body(key, lines));
        if let Some(patience) = patience {
            request = request.timeout(patience);
        }
        let (answer, body) = self.ask(ask, request, placed).await;
        let held = match &answer {
            Answer::Placed { order, .. } => body["access_token"]
                .as_str()
                .map(|token| Held { order: *order, token: token.to_owned() }),
            _ => None,
        };
        (answer, held)
    }

    /// Looks at an order.
    pub async fn read(&self, held: &Held) -> Answer {
        let request = self.http.get(format!("{}/api/orders/{}", self.url, held.order));
        let request = request.header("x-order-token", &held.token);
        self.ask(Ask::Read { order: held.order }, request, seen).await.0
    }

    /// Cancels an order.
    pub async fn cancel(&self, held: &Held) -> Answer {
        let request = self
            .post(&format!("/api/orders/{}/cancel", held.order))
            .header("x-order-token", &held.token)
            .json(&json!({}));
        self.ask(Ask::Cancel { order: held.order }, request, seen).await.0
    }

    /// Begins a payment.
    pub async fn begin_payment(&self, held: &Held, key: &str) -> (Answer, Option<Attempt>) {
        let request = self
            .post(&format!("/api/orders/{}/payments", held.order))
            .header("x-order-token", &held.token)
            .header("idempotency-key", key)
            .json(&json!({}));
        let ask = Ask::BeginPayment { order: held.order };
        let done = |status, _: &Value| (status == 201).then_some(Answer::Done);
        let (answer, body) = self.ask(ask, request, done).await;
        let field = |name: &str| {
            let mut fields = body["fields"].as_array()?.iter();
            let found = fields.find(|field| field["name"] == name)?;
            found["value"].as_str().map(str::to_owned)
        };
        let attempt = field("MerchantTradeNo").zip(field("TotalAmount"));
        (answer, attempt.map(|(trade_no, amount)| Attempt { trade_no, amount }))
    }

    /// Says, as the payment provider, what became of a payment.
    pub async fn notify(&self, order: Uuid, trade_no: &str, paid: bool, form: String) -> Answer {
        let request = self
            .post("/api/payments/ecpay/notify")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        let ask = Ask::Notice { order, trade_no: trade_no.to_owned(), paid };
        let taken = |status, body: &Value| {
            (status == 200 && body.as_str() == Some(ACKNOWLEDGED)).then_some(Answer::Done)
        };
        self.ask(ask, request, taken).await.0
    }

    /// Signs in; the token for what only staff may do. This is not recorded.
    pub async fn sign_in(&self, email: &str, password: &str) -> Option<String> {
        let credentials = json!({ "email": email, "password": password });
        let reply = exchange(self.post("/api/auth/login").json(&credentials)).await;
        let (_, body) = reply.ok().filter(|(status, _)| *status == 200)?;
        body["access_token"].as_str().map(str::to_owned)
    }

    /// Receives goods.
    pub async fn receive(
        &self,
        token: &str,
        variant: Uuid,
        warehouse: Uuid,
        quantity: i64,
        reason: String,
    ) -> Answer {
        let request = self
            .post(&format!("/api/admin/inventory/{variant}/receive"))
            .bearer_auth(token)
            .json(&json!({ "warehouse_id": warehouse, "quantity": quantity, "reason": reason }));
        let done = |status, _: &Value| (status == 200).then_some(Answer::Done);
        self.ask(Ask::Receive { variant, warehouse, quantity, reason }, request, done).await.0
    }

    /// Moves the shop's clock.
    pub async fn advance_clock(&self, seconds: i64) -> Answer {
        let request = self.post("/api/dev/clock/advance").json(&json!({ "seconds": seconds }));
        let done = |status, _: &Value| (status == 200).then_some(Answer::Done);
        self.ask(Ask::AdvanceClock { seconds }, request, done).await.0
    }

    /// Whether the shop says that it is ready. This is not recorded.
    pub async fn is_ready(&self) -> bool {
        let reply = exchange(self.http.get(format!("{}/readyz", self.url))).await;
        reply.is_ok_and(|(status, _)| status == 200)
    }
}

fn body(key: &str, lines: &[Line]) -> Value {
    let items: Vec<Value> = lines
        .iter()
        .map(|line| json!({ "variant_id": line.variant, "quantity": line.quantity }))
        .collect();
    json!({
        "items": items,
        // Every order is of another guest.
        "contact": { "email": format!("{key}@example.com"), "phone": "0912345678" },
        "shipping_address": {
            "name": "王小明", "phone": "0912345678", "postal_code": "100", "city": "臺北市",
            "district": "中正區", "address1": "重慶南路一段 122 號"
        },
        "shipping_method": "home_delivery", "payment_method": "ecpay_credit",
        "note": key
    })
}

/// The status and the body: JSON, or a text.
async fn exchange(request: RequestBuilder) -> reqwest::Result<Reply> {
    let response = request.send().await?;
    let status = response.status().as_u16();
    let text = response.text().await?;
    Ok((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
}

fn placed(status: u16, body: &Value) -> Option<Answer> {
    if status == 409 && body["code"] == "INVENTORY_SHORTAGE" {
        let read = |line: &Value| {
            let requested = line["requested"].as_i64()?;
            Some(Short { variant: id(&line["variant_id"])?, requested })
        };
        let short = body["shortages"].as_array()?.iter().filter_map(read).collect();
        return Some(Answer::Short { short });
    }
    if status != 201 {
        return None;
    }
    let reserved_until: jiff::Timestamp = body["reserved_until"].as_str()?.parse().ok()?;
    Some(Answer::Placed {
        order: id(&body["id"])?,
        total: body["total"]["amount"].as_i64()?,
        reserved_until: reserved_until.as_microsecond(),
        digest: digest(body),
    })
}

fn seen(status: u16, body: &Value) -> Option<Answer> {
    let state = State::parse(body["status"].as_str()?)?;
    (status == 200).then_some(Answer::Seen { state })
}

fn refused(status: u16, body: &Value) -> Answer {
    let code = body["code"].as_str().map_or_else(|| first_words(&body.to_string()), str::to_owned);
    Answer::Refused { status, code }
}

fn id(value: &Value) -> Option<Uuid> {
    value.as_str()?.parse().ok()
}

/// The same for the same content, whatever the order of its members.
fn digest(body: &Value) -> String {
    let mut sorted = body.clone();
    sorted.sort_all_objects();
    let mut hasher = DefaultHasher::new();
    sorted.to_string().hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

fn first_words(text: &str) -> String {
    text.chars().take(120).collect()
}

fn why(error: &reqwest::Error) -> String {
    let kind = if error.is_timeout() {
        "timeout"
    } else if error.is_connect() {
        "no connection"
    } else {
        "cut off"
    };
    kind.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_is_not_whole_is_no_acknowledgement() {
        let whole = json!({
            "id": "01920000-0000-7000-8000-000000000001", "total": {"amount": 5, "currency": "TWD"},
            "reserved_until": "2026-01-01T00:00:00Z"
        });
        assert!(matches!(placed(201, &whole), Some(Answer::Placed { total: 5, .. })));
        assert_eq!(placed(201, &Value::String("{\"id\": \"0192".into())), None);
        assert_eq!(placed(500, &whole), None);
    }

    #[test]
    fn the_order_of_members_does_not_change_a_body() {
        let one: Value = serde_json::from_str(r#"{"a": 1, "b": 2}"#).unwrap();
        let other: Value = serde_json::from_str(r#"{"b": 2, "a": 1}"#).unwrap();
        assert_eq!(digest(&one), digest(&other));
        assert_ne!(digest(&one), digest(&json!({"a": 1, "b": 3})));
    }
}
