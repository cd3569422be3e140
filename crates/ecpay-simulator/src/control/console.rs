//! The same by hand: pages where a person plays the bank, the store and ECPay's back office.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use minijinja::{Value, context};

use super::{Problem, order, post_again, settle};
use crate::card::Card;
use crate::cashier::{accept, not_found, summary};
use crate::fault::NoticeKind;
use crate::form::Form;
use crate::method::Method;
use crate::payment::{self, Outcome};
use crate::server::Shared;
use crate::taipei;
use crate::trade::{Notice, NoticeState};

/// `GET /`: the newest orders, for people who wonder what is running here.
pub(crate) async fn index(State(shared): State<Arc<Shared>>) -> Response {
    let trades: Vec<Value> = {
        let store = shared.store();
        let newest = store.newest_first().take(50);
        newest.map(|trade| context! { state => trade.state_in_words(), ..summary(trade) }).collect()
    };
    let methods = shared.config.methods.iter().map(|method| method.as_str());
    let methods: Vec<&str> = std::iter::once("ALL").chain(methods).collect();
    shared
        .pages
        .show("index.html", context! { trades, methods, now => taipei::date_time(shared.now()) })
}

/// `POST /console/orders`: an order without a shop, and to its payment page.
pub(crate) async fn make_order(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let form = Form::parse(&body).unwrap_or_default();
    let asked = order::NewTrade {
        amount: form.get("amount").parse().ok(),
        method: form.filled("method").map(str::to_owned),
        ..order::NewTrade::default()
    };
    let made =
        order::form(&shared, asked).and_then(|form| accept(&shared, form).map_err(Problem::from));
    match made {
        Ok(trade_no) => Redirect::to(&format!("/Cashier/Pay/{trade_no}")).into_response(),
        Err(Problem(status, reason)) => {
            let values = context! { code => status.as_u16(), message => reason };
            (status, shared.pages.show("error.html", values)).into_response()
        }
    }
}

/// `POST /console/clock`: a day passes.
pub(crate) async fn next_day(State(shared): State<Arc<Shared>>) -> Redirect {
    shared.advance(86_400);
    Redirect::to("/")
}

/// `GET /console/{trade_no}`
pub(crate) async fn page(
    State(shared): State<Arc<Shared>>,
    Path(trade_no): Path<String>,
) -> Response {
    show(&shared, &trade_no, None)
}

fn show(shared: &Shared, trade_no: &str, problem: Option<&Problem>) -> Response {
    let now = shared.now();
    let values = {
        let store = shared.store();
        let Some(trade) = store.get(trade_no) else { return not_found(shared) };
        let code = trade.code.as_ref();
        let unpaid = trade.paid_at.is_none();
        let open = code.filter(|code| unpaid && code.expires_at >= now);
        context! {
            state => trade.state_in_words(),
            problem => problem.map(|problem| problem.1.as_str()),
            now => taipei::date_time(now),
            code_method => code.map(|code| code.method.as_str()),
            code_label => code.map(|code| code.method.label().0),
            code_open => open.is_some(),
            code_expires => code.map(|code| taipei::date_time(code.expires_at)),
            unpaid,
            card => trade.card.as_ref().map(card_values),
            notices => trade.notices.iter().map(notice_values).collect::<Vec<_>>(),
            ..summary(trade)
        }
    };
    let page = shared.pages.show("console.html", values);
    match problem {
        Some(problem) => (problem.0, page).into_response(),
        None => page,
    }
}

fn card_values(card: &Card) -> Value {
    context! {
        state => card.state.as_str(),
        gwsr => card.gwsr,
        authorised => card.amount,
        captured => card.captured,
        refunded => card.refunded,
    }
}

fn notice_values(notice: &Notice) -> Value {
    let last = notice.attempts.last();
    context! {
        kind => kind_label(notice.kind),
        state => state_label(notice.state),
        url => notice.url.as_str(),
        tries => notice.attempts.len(),
        status => last.and_then(|attempt| attempt.status),
        answer => last.map(|attempt| attempt.answer.as_str()),
        next_at => notice.next_at.map(taipei::date_time),
    }
}

/// In Chinese and English.
type Label = (&'static str, &'static str);

fn kind_label(kind: NoticeKind) -> Label {
    match kind {
        NoticeKind::Payment => ("付款結果", "Payment"),
        NoticeKind::Code => ("取號結果", "Code"),
    }
}

fn state_label(state: NoticeState) -> Label {
    match state {
        NoticeState::Pending => ("待送", "Pending"),
        NoticeState::Acknowledged => ("已回應", "Acknowledged"),
        NoticeState::Abandoned => ("已放棄", "Given up"),
        NoticeState::Silenced => ("被攔下", "Kept back"),
        NoticeState::Dropped => ("已丟棄", "Dropped"),
    }
}

/// `POST /console/{trade_no}` with `do` = `pay` | `fail` | `simulate` | `redeliver`.
pub(crate) async fn act(
    State(shared): State<Arc<Shared>>,
    Path(trade_no): Path<String>,
    body: Bytes,
) -> Response {
    let form = Form::parse(&body).unwrap_or_default();
    let method = Method::parse(form.get("method"));
    let settle = |outcome| settle(&shared, &trade_no, method, outcome).map_err(Problem::from);
    let done = match form.get("do") {
        "pay" => settle(Outcome::Paid),
        "fail" => settle(Outcome::Failed(payment::FAILED)),
        "simulate" => settle(Outcome::Simulated),
        "redeliver" => post_again(&shared, &trade_no).map(|()| Vec::new()),
        _ => Err(Problem::new(StatusCode::BAD_REQUEST, "there is no such button")),
    };
    match done {
        Ok(letters) => {
            shared.post(letters);
            Redirect::to(&format!("/console/{trade_no}")).into_response()
        }
        Err(problem) => show(&shared, &trade_no, Some(&problem)),
    }
}
