//! The whole life of an order over HTTP, with the books looked through after each step.

use axum::http::Method;
use identity::Role;
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    buying::{Bought, change, placed, taipei, three_mugs_and_a_tote},
    payments,
};

/// Three mugs and a tote, to be paid by transfer: what no provider has to be asked about.
async fn ordered(app: &TestApp) -> Bought<'_> {
    let active = json!({"active": true});
    payments::change(app, Role::Admin, "bank_transfer", "\"1\"", active).await.ok(200);
    let mut body = three_mugs_and_a_tote(app);
    body["payment_method"] = json!("bank_transfer");
    placed(app, body).await
}

/// The buyer's transfer arrives.
async fn money_comes(bought: &Bought<'_>) {
    let mut buyer = bought.buyer.clone().with("idempotency-key", "pay");
    let begun = buyer.post(&bought.path("/payments"), json!({})).await.ok(201);
    let path = format!("/api/admin/payments/{}/receipts", begun["payment_id"].as_str().unwrap());
    let came = json!({"amount": {"amount": 3160, "currency": "TWD"}, "reference": "0012345"});
    let mut ops = bought.app.staff(Role::Ops).with("idempotency-key", "receipt");
    assert_eq!(ops.post(&path, came).await.ok(201)["status"], "succeeded");
}

/// A parcel with units of a line is packed, sent and delivered.
async fn parcel_arrives(bought: &Bought<'_>, line_no: u32, quantity: u32) {
    let (app, lines) = (bought.app, json!([{"line_no": line_no, "quantity": quantity}]));
    let form = json!({"warehouse_id": app.shop.taipei, "lines": lines});
    let parcel = bought.plan(form).await.ok(201);
    for (seen, status) in [(1, "ready_to_ship"), (2, "shipped"), (3, "delivered")] {
        change(app, &parcel, seen, json!({"status": status})).await.ok(200);
        app.assert_books_are_right().await;
    }
}

/// One mug comes back, and is put on the shelf; the refund that this asks for.
async fn mug_comes_back(bought: &Bought<'_>) -> String {
    let app = bought.app;
    let back = bought.ask_return(json!([{"line_no": 1, "quantity": 1}])).await.ok(201);
    let path = |verb: &str| format!("/api/admin/returns/{}/{verb}", back["id"].as_str().unwrap());
    let received = json!({"lines": [{"line_no": 1, "received": 1}]});
    let found = json!({"lines": [{"line_no": 1, "restock": 1, "write_off": 0, "refuse": 0}]});
    let mut done = Value::Null;
    for (role, verb, body) in [
        (Role::Ops, "approve", json!({})),
        (Role::Warehouse, "receive", received),
        (Role::Warehouse, "inspect", found),
    ] {
        app.assert_books_are_right().await;
        done = app.staff(role).post(&path(verb), body).await.ok(200);
    }
    done["refund_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn bought_paid_sent_in_two_parcels_returned_and_refunded_in_part() {
    let app = TestApp::new().await;
    let bought = ordered(&app).await;
    assert_eq!(bought.status().await, "pending_payment");
    app.assert_books_are_right().await;
    money_comes(&bought).await;
    assert_eq!(bought.status().await, "paid");
    app.assert_books_are_right().await;

    parcel_arrives(&bought, 1, 3).await;
    assert_eq!(bought.status().await, "preparing_shipment");
    parcel_arrives(&bought, 2, 1).await;
    assert_eq!(bought.status().await, "shipped");
    assert_eq!(taipei(&app, app.shop.mug_white).await, [7, 7, 0]);

    let refund = mug_comes_back(&bought).await;
    assert_eq!(taipei(&app, app.shop.mug_white).await, [8, 8, 0]);
    app.assert_books_are_right().await;

    // A transfer goes back by hand: to where the buyer says, confirmed by its number.
    while app.refund_worker().run_due().await.unwrap() {
        app.assert_books_are_right().await;
    }
    let to = json!({"bank_code": "812", "account_number": "20001234567890", "holder": "王小明"});
    let account = bought.path(&format!("/refunds/{refund}/account"));
    bought.buyer.clone().send(Method::PUT, &account, Some(to)).await.ok(200);
    app.assert_books_are_right().await;
    let confirm = format!("/api/admin/refunds/{refund}/confirm");
    let done = app.staff(Role::Ops).post(&confirm, json!({"reference": "T-1"})).await.ok(200);
    assert_eq!((&done["status"], &done["amount"]["amount"]), (&json!("succeeded"), &json!(390)));
    app.assert_books_are_right().await;

    let seen = bought.seen().await;
    assert_eq!((&seen["status"], &seen["total"]["amount"]), (&json!("shipped"), &json!(3160)));
    assert_eq!(seen["payments"][0]["status"], "partially_refunded");
    app.db.assert_ledger_balanced().await;
}
