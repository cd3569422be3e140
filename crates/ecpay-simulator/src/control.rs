//! `/_sim`: what tests and demonstrations steer the simulator with. JSON.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::delivery::Letter;
use crate::fault::Fault;
use crate::payment::{self, Outcome, PayError};
use crate::rules::Method;
use crate::server::Shared;
use crate::trade::NoticeState;

type Answer = Result<Json<Value>, Problem>;

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

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}

fn view(shared: &Shared, trade_no: &str) -> Answer {
    let store = shared.store();
    let trade = store.get(trade_no).ok_or(PayError::NoTrade)?;
    Ok(Json(json!(trade.view())))
}

/// `GET /_sim/faults`
pub(crate) async fn list_faults(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(json!({ "items": shared.store().faults.list() }))
}

/// `POST /_sim/faults`
pub(crate) async fn add_fault(
    State(shared): State<Arc<Shared>>,
    Json(fault): Json<Fault>,
) -> Result<(StatusCode, Json<Fault>), Problem> {
    if let Some(problem) = fault.problem() {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, problem));
    }
    if !shared.store().faults.add(fault.clone()) {
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too many faults are waiting"));
    }
    Ok((StatusCode::CREATED, Json(fault)))
}

/// `DELETE /_sim/faults`
pub(crate) async fn clear_faults(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.store().faults.clear();
    StatusCode::NO_CONTENT
}

/// `GET /_sim/trades`: the newest 1000.
pub(crate) async fn list_trades(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let store = shared.store();
    let items: Vec<_> = store.newest_first().take(1000).map(|trade| json!(trade.view())).collect();
    Json(json!({ "items": items }))
}

/// `GET /_sim/trades/{merchant_trade_no}`
pub(crate) async fn get_trade(
    State(shared): State<Arc<Shared>>,
    Path(number): Path<String>,
) -> Answer {
    let store = shared.store();
    let trade = store.of_any_merchant(&number).ok_or(PayError::NoTrade)?;
    Ok(Json(json!(trade.view())))
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct PayRequest {
    #[serde(default)]
    outcome: OutcomeName,
    #[serde(default)]
    method: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OutcomeName {
    #[default]
    Paid,
    Failed,
    Simulated,
}

/// `POST /_sim/trades/{merchant_trade_no}/pay`, optionally with
/// `{"outcome": "paid" | "failed" | "simulated", "method": "Credit" | "ATM" | "CVS" | "BARCODE"}`.
pub(crate) async fn pay(
    State(shared): State<Arc<Shared>>,
    Path(number): Path<String>,
    body: Bytes,
) -> Answer {
    let request: PayRequest = if body.is_empty() {
        PayRequest::default()
    } else {
        serde_json::from_slice(&body)
            .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, error.to_string()))?
    };
    let outcome = match request.outcome {
        OutcomeName::Paid => Outcome::Paid,
        OutcomeName::Failed => Outcome::Failed(payment::FAILED),
        OutcomeName::Simulated => Outcome::Simulated,
    };
    let now = shared.now();
    let (trade_no, letters) = {
        let mut store = shared.store();
        let trade = store.of_any_merchant(&number).ok_or(PayError::NoTrade)?;
        let trade_no = trade.trade_no.clone();
        let method = match &request.method {
            Some(name) => Method::parse(name).ok_or(PayError::WrongMethod)?,
            None => trade.code.as_ref().map_or(trade.methods[0], |code| code.method),
        };
        let letters = payment::settle(&mut store, &trade_no, method, outcome, now)?;
        (trade_no, letters)
    };
    shared.post(letters);
    view(&shared, &trade_no)
}

/// `POST /_sim/trades/{merchant_trade_no}/redeliver`: the last notice once more, also one that a
/// fault silenced, with its whole number of tries.
pub(crate) async fn redeliver(
    State(shared): State<Arc<Shared>>,
    Path(number): Path<String>,
) -> Answer {
    let (trade_no, letter) = {
        let mut store = shared.store();
        let trade_no = store.of_any_merchant(&number).ok_or(PayError::NoTrade)?.trade_no.clone();
        let trade = store.get_mut(&trade_no).ok_or(PayError::NoTrade)?;
        let Some(mut notice) = trade.notices.pop() else {
            return Err(Problem::new(StatusCode::CONFLICT, "the order has no notice yet"));
        };
        notice.state = NoticeState::Pending;
        let letter = Letter::new(trade, &notice);
        trade.log(notice);
        (trade_no, letter)
    };
    shared.post([letter]);
    view(&shared, &trade_no)
}
