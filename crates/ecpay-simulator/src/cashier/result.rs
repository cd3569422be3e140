//! The way back to the shop.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use minijinja::context;

use super::{not_found, step, summary};
use crate::messages::{self, Voice};
use crate::server::Shared;
use crate::signature;
use crate::trade::Trade;

/// Where the browser carries the result, if it does: not after `UnionPay`, nor after what was paid
/// with a code.
fn carried_to(trade: &Trade) -> Option<&str> {
    let at_once = trade.paid_by.is_some_and(|method| !method.is_delayed());
    let carried = at_once && !trade.by_union_pay();
    trade.request.filled("OrderResultURL").filter(|_| carried)
}

/// `GET /Cashier/Pay/{trade_no}/result`
pub(crate) async fn result_page(
    State(shared): State<Arc<Shared>>,
    Path(trade_no): Path<String>,
) -> Response {
    let (page, values) = {
        let store = shared.store();
        let Some(trade) = store.get(&trade_no) else { return not_found(&shared) };
        let Some(event) = &trade.last_event else { return step(&trade_no, "") };
        let success = event.is_success();
        match carried_to(trade) {
            Some(url) => {
                let fields = messages::payment_result(trade, event, Voice::Browser);
                let fields = signature::signed(&trade.merchant, fields);
                let values = context! { success, action => url, fields, ..summary(trade) };
                ("return.html", values)
            }
            None => ("result.html", context! { success, code => event.code, ..summary(trade) }),
        }
    };
    shared.pages.show(page, values)
}

/// `GET /Cashier/Pay/{trade_no}/cancelled`: the buyer left, and the shop gave no address.
pub(crate) async fn cancelled_page(
    State(shared): State<Arc<Shared>>,
    Path(trade_no): Path<String>,
) -> Response {
    let values = {
        let store = shared.store();
        let Some(trade) = store.get(&trade_no) else { return not_found(&shared) };
        context! { cancelled => true, ..summary(trade) }
    };
    shared.pages.show("result.html", values)
}
