//! Which address does what.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Router, middleware};
use tower_http::timeout::TimeoutLayer;

use crate::cashier::{self, card, delayed, result};
use crate::control::{self, console};
use crate::server::Shared;
use crate::{action, files, gate, query};

/// The largest request body read.
const BODY_LIMIT: usize = 64 * 1024;
/// The longest a request may take: a little more than a fault may hold one.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(65);

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .merge(servers(&shared))
        .merge(browsers())
        .nest("/simulator", tests())
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, REQUEST_TIMEOUT))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(shared)
}

/// What a shop's server calls. A gate stands before it.
fn servers(shared: &Arc<Shared>) -> Router<Arc<Shared>> {
    Router::new()
        .route("/Cashier/QueryTradeInfo/V5", post(query::trade_info))
        .route("/Cashier/QueryPaymentInfo", post(query::payment_info))
        .route("/CreditDetail/QueryTrade/V2", post(query::card_trade))
        .route("/CreditDetail/DoAction", post(action::do_action))
        .route("/CreditDetail/FundingReconDetail", post(files::funding))
        .route("/PaymentMedia/TradeNoAio", post(files::trades))
        .route_layer(middleware::from_fn_with_state(Arc::clone(shared), gate::guard))
}

/// What people see.
fn browsers() -> Router<Arc<Shared>> {
    Router::new()
        .route("/", get(console::index))
        .route("/console/clock", post(console::next_day))
        .route("/console/orders", post(console::make_order))
        .route("/console/{trade_no}", get(console::page).post(console::act))
        .route("/Cashier/AioCheckOut/V5", post(cashier::checkout))
        .route("/Cashier/Pay/{trade_no}", get(cashier::pay_page))
        .route("/Cashier/Pay/{trade_no}/card", post(card::card))
        .route("/Cashier/Pay/{trade_no}/3d", get(card::three_d_page).post(card::three_d))
        .route("/Cashier/Pay/{trade_no}/confirm", post(cashier::confirm))
        .route("/Cashier/Pay/{trade_no}/fail", post(cashier::fail))
        .route("/Cashier/Pay/{trade_no}/issue", post(delayed::issue))
        .route("/Cashier/Pay/{trade_no}/code", get(delayed::code_page))
        .route("/Cashier/Pay/{trade_no}/result", get(result::result_page))
        .route("/Cashier/Pay/{trade_no}/cancelled", get(result::cancelled_page))
}

/// What tests steer with.
fn tests() -> Router<Arc<Shared>> {
    Router::new()
        .route("/health", get(async || "ok"))
        .route(
            "/faults",
            get(control::list_faults).post(control::add_fault).delete(control::clear_faults),
        )
        .route("/trades", get(control::list_trades).post(control::make_trade))
        .route("/trades/{number}", get(control::get_trade))
        .route("/trades/{number}/pay", post(control::pay))
        .route("/trades/{number}/issue", post(control::issue))
        .route("/trades/{number}/redeliver", post(control::redeliver))
        .route("/clock", get(control::clock).post(control::advance_clock))
        .route("/calls", get(control::list_calls))
        .route("/reset", post(control::reset))
}
