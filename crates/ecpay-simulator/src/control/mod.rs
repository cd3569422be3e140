//! `/simulator`: what tests and demonstrations steer the simulator with. JSON.

pub(crate) mod console;
mod order;

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::cashier;
use crate::delivery::Letter;
use crate::fault::Fault;
use crate::method::Method;
use crate::payment::{self, Outcome, PayError};
use crate::rules::Refusal;
use crate::server::Shared;
use crate::trade::NoticeState;
use crate::view::TradeView;

type Answer = Result<Json<Value>, Problem>;

/// The furthest the clock is turned at once: ten years, in seconds.
const MAX_ADVANCE: i64 = 10 * 366 * 86_400;

/// Why a command was not carried out, as `{"error": …}`.
pub(crate) struct Problem(StatusCode, String);

impl Problem {
    fn new(status: StatusCode, reason: impl Into<String>) -> Self {
        Self(status, reason.into())
    }
}

impl From<PayError> for Problem {
    fn from(error: PayError) -> Self {
        let status = match error {
            PayError::NoTrade => StatusCode::NOT_FOUND,
            PayError::AlreadyPaid | PayError::WrongMethod | PayError::CodeExpired => {
                StatusCode::CONFLICT
            }
        };
        Self(status, error.to_string())
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let reason = format!("{}: {}", refusal.code, refusal.message);
        Self(StatusCode::UNPROCESSABLE_ENTITY, reason)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}

/// A JSON body, which may be left out.
fn read<T: DeserializeOwned + Default>(body: &Bytes) -> Result<T, Problem> {
    if body.is_empty() {
        return Ok(T::default());
    }
    serde_json::from_slice(body)
        .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, error.to_string()))
}

fn view(shared: &Shared, trade_no: &str) -> Answer {
    let store = shared.store();
    let trade = store.get(trade_no).ok_or(PayError::NoTrade)?;
    Ok(Json(json!(TradeView::new(trade))))
}

/// ECPay's number of the newest order that a shop calls so.
fn trade_no_of(shared: &Shared, number: &str) -> Result<String, PayError> {
    let store = shared.store();
    store.of_any_merchant(number).map(|trade| trade.trade_no.clone()).ok_or(PayError::NoTrade)
}

/// `GET /simulator/faults`
pub(crate) async fn list_faults(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(json!({ "items": shared.store().faults() }))
}

/// `POST /simulator/faults`
pub(crate) async fn add_fault(
    State(shared): State<Arc<Shared>>,
    body: Bytes,
) -> Result<(StatusCode, Json<Fault>), Problem> {
    let fault = read_fault(&body)?;
    if let Some(problem) = fault.problem() {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, problem));
    }
    if !shared.store().add_fault(fault.clone()) {
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too many faults are waiting"));
    }
    Ok((StatusCode::CREATED, Json(fault)))
}

/// A fault; a field that it does not have is a mistake that would otherwise make it another one.
fn read_fault(body: &[u8]) -> Result<Fault, Problem> {
    let bad = |reason: String| Problem::new(StatusCode::BAD_REQUEST, reason);
    let value: Value = serde_json::from_slice(body).map_err(|error| bad(error.to_string()))?;
    let fault: Fault =
        serde_json::from_value(value.clone()).map_err(|error| bad(error.to_string()))?;
    let known = json!(fault);
    let mut given = value.as_object().into_iter().flat_map(serde_json::Map::keys);
    match given.find(|name| *name != "notice" && known.get(*name).is_none()) {
        Some(odd) => Err(bad(format!("this fault has no {odd}"))),
        None => Ok(fault),
    }
}

/// `DELETE /simulator/faults`: also opens the gate.
pub(crate) async fn clear_faults(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.store().clear_faults();
    shared.gate().open();
    StatusCode::NO_CONTENT
}

/// `GET /simulator/trades`: the newest 1000.
pub(crate) async fn list_trades(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let store = shared.store();
    let newest = store.newest_first().take(1000);
    let items: Vec<_> = newest.map(|trade| json!(TradeView::new(trade))).collect();
    Json(json!({ "items": items }))
}

/// `POST /simulator/trades`: an order without a shop.
pub(crate) async fn make_trade(
    State(shared): State<Arc<Shared>>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let form = order::form(&shared, read(&body)?)?;
    let trade_no = cashier::accept(&shared, form)?;
    Ok((StatusCode::CREATED, view(&shared, &trade_no)?))
}

/// `GET /simulator/trades/{merchant_trade_no}`
pub(crate) async fn get_trade(
    State(shared): State<Arc<Shared>>,
    Path(number): Path<String>,
) -> Answer {
    view(&shared, &trade_no_of(&shared, &number)?)
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct PayRequest {
    #[serde(default)]
    outcome: OutcomeName,
    #[serde(default)]
    method: Option<Method>,
    #[serde(default)]
    code: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OutcomeName {
    #[default]
    Paid,
    Failed,
    Simulated,
}

/// `POST /simulator/trades/{merchant_trade_no}/pay`, optionally with `{"outcome": "paid" |
/// "failed" | "simulated", "method": "Credit" | "ATM" | …, "code": 10100248}`.
pub(crate) async fn pay(
    State(shared): State<Arc<Shared>>,
    Path(number): Path<String>,
    body: Bytes,
) -> Answer {
    let request: PayRequest = read(&body)?;
    let outcome = match request.outcome {
        OutcomeName::Paid => Outcome::Paid,
        OutcomeName::Failed => Outcome::Failed(request.code.unwrap_or(payment::FAILED)),
        OutcomeName::Simulated => Outcome::Simulated,
    };
    if outcome == Outcome::Failed(1) {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "code 1 is success"));
    }
    let trade_no = trade_no_of(&shared, &number)?;
    shared.post(settle(&shared, &trade_no, request.method, outcome)?);
    view(&shared, &trade_no)
}

/// Pays, by the code that was issued or else the first method there is. What needs a code gets one
/// first.
fn settle(
    shared: &Shared,
    trade_no: &str,
    method: Option<Method>,
    outcome: Outcome,
) -> Result<Vec<Letter>, PayError> {
    let now = shared.now();
    let mut store = shared.store();
    let trade = store.get(trade_no).ok_or(PayError::NoTrade)?;
    let issued = trade.code.as_ref().map(|code| code.method);
    let method = method.or(issued).unwrap_or(trade.methods[0]);
    let mut letters = Vec::new();
    if method.is_delayed() {
        letters = payment::issue_code(&mut store, trade_no, method, now)?;
    }
    letters.extend(payment::settle(&mut store, trade_no, method, outcome, now)?);
    Ok(letters)
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct IssueRequest {
    #[serde(default)]
    method: Option<Method>,
}

/// `POST /simulator/trades/{merchant_trade_no}/issue`, optionally with `{"method": "ATM" | …}`: a
/// payment code without a browser.
pub(crate) async fn issue(
    State(shared): State<Arc<Shared>>,
    Path(number): Path<String>,
    body: Bytes,
) -> Answer {
    let request: IssueRequest = read(&body)?;
    let trade_no = trade_no_of(&shared, &number)?;
    let now = shared.now();
    let letters = {
        let mut store = shared.store();
        let trade = store.get(&trade_no).ok_or(PayError::NoTrade)?;
        let method = request.method.unwrap_or(trade.methods[0]);
        payment::issue_code(&mut store, &trade_no, method, now)?
    };
    shared.post(letters);
    view(&shared, &trade_no)
}

/// `POST /simulator/trades/{merchant_trade_no}/redeliver`: the last notice once more, also one that
/// a fault silenced, with its whole number of tries.
pub(crate) async fn redeliver(
    State(shared): State<Arc<Shared>>,
    Path(number): Path<String>,
) -> Answer {
    let trade_no = trade_no_of(&shared, &number)?;
    post_again(&shared, &trade_no)?;
    view(&shared, &trade_no)
}

fn post_again(shared: &Shared, trade_no: &str) -> Result<(), Problem> {
    let letter = {
        let mut store = shared.store();
        let trade = store.get_mut(trade_no).ok_or(PayError::NoTrade)?;
        let Some(mut notice) = trade.notices.pop() else {
            return Err(Problem::new(StatusCode::CONFLICT, "the order has no notice yet"));
        };
        notice.state = NoticeState::Pending;
        let letter = Letter::new(trade, &notice);
        trade.log(notice);
        letter
    };
    shared.post([letter]);
    Ok(())
}

/// `GET /simulator/clock`
pub(crate) async fn clock(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let ahead = shared.store().ahead();
    Json(json!({ "now": shared.now(), "ahead_seconds": ahead }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: i64,
}

/// `POST /simulator/clock` with `{"advance_seconds": 86400}`: the time at ECPay goes on, and what
/// was to happen meanwhile does.
pub(crate) async fn advance_clock(State(shared): State<Arc<Shared>>, body: Bytes) -> Answer {
    let request: Advance = serde_json::from_slice(&body)
        .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, error.to_string()))?;
    if !(0..=MAX_ADVANCE).contains(&request.advance_seconds) {
        let reason = format!("advance_seconds must be 0 to {MAX_ADVANCE}: time does not go back");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, reason));
    }
    shared.advance(request.advance_seconds);
    Ok(clock(State(shared)).await)
}

#[derive(Debug, Deserialize)]
pub(crate) struct CallFilter {
    merchant_trade_no: Option<String>,
}

/// `GET /simulator/calls`, optionally `?merchant_trade_no=…`: what shops' servers asked and
/// commanded, the oldest of the last 1000 first.
pub(crate) async fn list_calls(
    State(shared): State<Arc<Shared>>,
    Query(filter): Query<CallFilter>,
) -> Json<Value> {
    let store = shared.store();
    let only = filter.merchant_trade_no.as_deref();
    let calls = store.calls.iter();
    let items: Vec<_> =
        calls.filter(|call| only.is_none_or(|only| call.merchant_trade_no == only)).collect();
    Json(json!({ "items": items }))
}

/// `POST /simulator/reset`: no orders, no faults, no waiting notices, an open gate.
pub(crate) async fn reset(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.store().reset();
    shared.post_office.clear();
    shared.gate().open();
    StatusCode::NO_CONTENT
}
