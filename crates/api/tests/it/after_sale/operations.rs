//! Operations' orders over HTTP: found, seen with everything, shortened, cancelled.

use identity::Role;
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    buying::{asked_back, change, paid, placed, taipei, three_mugs_and_a_tote},
    orders::order,
};

fn twd(amount: i64) -> Value {
    json!({"amount": amount, "currency": "TWD"})
}

#[tokio::test]
async fn orders_are_found_by_what_one_knows_of_them() {
    let app = TestApp::new().await;
    let first = paid(&app, three_mugs_and_a_tote(&app)).await;
    app.pass(3600);
    let mut other = order(&[(app.shop.mug_black, 1)]);
    other["contact"] = json!({"email": "other@example.com", "phone": "0987654321"});
    other["shipping_address"]["name"] = json!("陳大文");
    let second = placed(&app, other).await;
    let found = async |query: &str| -> Vec<String> {
        let path = format!("/api/admin/orders?{query}");
        let page = app.staff(Role::Warehouse).get(&path).await.ok(200);
        let id = |it: &Value| it["id"].as_str().unwrap().to_owned();
        page["items"].as_array().unwrap().iter().map(id).collect()
    };
    let (one, two) = ([first.id.clone()], [second.id.clone()]);
    assert_eq!(found("").await, [second.id.clone(), first.id.clone()]);
    for query in [
        "status=paid".to_owned(),
        "payment_status=succeeded".to_owned(),
        format!("q={}", first.number),
        format!("q={}", first.id),
        "q=A@Example.com".to_owned(),
        "q=tote".to_owned(),
        "q=%E7%8E%8B%E5%B0%8F".to_owned(),
        "status=paid&payment_method=ecpay_credit".to_owned(),
    ] {
        assert_eq!(found(&query).await, one, "{query}");
    }
    for query in ["status=pending_payment", "q=0987-654-321", "q=other@example.com", "q=MUG-B"] {
        assert_eq!(found(query).await, two, "{query}");
    }
    for query in
        ["status=shipped", "payment_method=cash", "q=nobody@example.com", "q=991399-0000-0000-0000"]
    {
        assert_eq!(found(query).await, Vec::<String>::new(), "{query}");
    }
    let at = |warehouse: kernel::id::WarehouseId| format!("warehouse_id={warehouse}");
    assert_eq!(found(&at(app.shop.taipei)).await.len(), 2);
    assert_eq!(found(&at(app.shop.kaohsiung)).await, Vec::<String>::new());
    let placed_at = second.inside().await["created_at"].as_str().unwrap().to_owned();
    assert_eq!(found(&format!("from={placed_at}")).await, two);
    assert_eq!(found(&format!("until={placed_at}")).await, one);

    let page = app.staff(Role::Ops).get("/api/admin/orders?limit=1").await.ok(200);
    let row = &page["items"][0];
    assert_eq!((&row["number"], &row["total"]), (&json!(second.number), &twd(500)));
    assert_eq!((&row["receiver"], &row["place"]), (&json!("陳大文"), &json!("臺北市中正區")));
    assert_eq!((&row["item_count"], &row["parcels"]), (&json!(1), &json!(0)));
    assert_eq!((&row["payment_status"], &row["paid_at"]), (&Value::Null, &Value::Null));
    let cursor = page["next_cursor"].as_str().unwrap();
    assert_eq!(found(&format!("limit=1&cursor={cursor}")).await, one);
    for query in [
        format!("q={}", "x".repeat(101)),
        "q=%00".to_owned(),
        "cursor=x".to_owned(),
        "status=lost".to_owned(),
    ] {
        let bad = app.staff(Role::Ops).get(&format!("/api/admin/orders?{query}")).await;
        assert_eq!(bad.problem(422), "VALIDATION_FAILED", "{query}");
    }
}

#[tokio::test]
async fn an_order_is_shortened_by_whoever_has_seen_it_and_its_first_answer_stays() {
    let app = TestApp::new().await;
    let body = three_mugs_and_a_tote(&app);
    let mut first = app.visitor().with("idempotency-key", "the-same");
    let answered = first.post("/api/orders", body.clone()).await.ok(201);
    let bought = paid(&app, body.clone()).await;
    let before = bought.inside().await;
    let version = before["version"].as_i64().unwrap();
    let cut = |line_no: i64, quantity: i64| json!({"lines": [{"line_no": line_no, "quantity": quantity}], "reason": "out of stock"});
    let blind = app.staff(Role::Ops).patch(&bought.admin(""), cut(1, 1)).await;
    assert_eq!(blind.problem(422), "VALIDATION_FAILED");
    let stale = bought.edit(version + 5, cut(1, 1)).await;
    assert_eq!((stale.problem(412), &stale.body["version"]), ("VERSION_CONFLICT", &json!(version)));
    let none = json!({"lines": [
        {"line_no": 1, "quantity": 0}, {"line_no": 2, "quantity": 0},
    ], "reason": "x"});
    for (form, pointer) in [
        (cut(1, 4), "/lines/0/quantity"),
        (cut(1, 3), "/lines/0/quantity"),
        (cut(9, 1), "/lines/0/line_no"),
        (none, "/lines"),
        (json!({"lines": [], "reason": ""}), "/reason"),
    ] {
        let refused = bought.edit(version, form).await;
        assert_eq!(refused.problem(422), "VALIDATION_FAILED");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer);
    }
    assert_eq!(bought.inside().await, before);

    let edited = bought.edit(version, cut(1, 1)).await;
    assert_eq!(edited.headers["etag"], format!("\"{}\"", version + 1));
    let edited = edited.ok(200);
    assert_eq!((&edited["total"], &edited["items"][0]["quantity"]), (&twd(2380), &json!(1)));
    assert_eq!(edited["shipping_fee"], twd(0));
    let edit = &edited["edits"][0];
    assert_eq!((&edit["total_before"], &edit["total_after"]), (&twd(3160), &twd(2380)));
    assert_eq!((&edit["refunded"], &edit["reason"]), (&twd(780), &json!("out of stock")));
    assert_eq!(asked_back(&app).await, 780);
    // Two of these three, and the three of the order that is not paid.
    assert_eq!(taipei(&app, app.shop.mug_white).await, [10, 6, 1]);
    let seen = bought.seen().await;
    assert_eq!((&seen["total"], &seen["items"][0]["quantity"]), (&twd(2380), &json!(1)));
    assert!(!seen.to_string().contains("out of stock"));

    // What is not paid is shortened, too; and asked again it is what it was.
    let path = format!("/api/admin/orders/{}", answered["id"].as_str().unwrap());
    let shortened = app.staff(Role::Ops).patch_seen(&path, 1, cut(2, 0)).await.ok(200);
    assert_eq!(
        (&shortened["total"], shortened["items"].as_array().unwrap().len()),
        (&twd(1170), 1)
    );
    assert_eq!(asked_back(&app).await, 780);
    assert_eq!(first.post("/api/orders", body).await.ok(201), answered);
    app.db.assert_ledger_balanced().await;
}

#[tokio::test]
async fn an_order_goes_elsewhere_and_nobodys_address_is_in_the_audit_log() {
    let app = TestApp::new().await;
    let bought = paid(&app, three_mugs_and_a_tote(&app)).await;
    let version = bought.inside().await["version"].as_i64().unwrap();
    let address = json!({
        "name": "林小姐", "phone": "0922333444", "postal_code": "800", "city": "高雄市",
        "district": "新興區", "address1": "中正三路 1 號", "address2": null
    });
    let form = json!({"shipping_address": address, "reason": "moved"});
    let edited = bought.edit(version, form).await.ok(200);
    assert_eq!(edited["shipping_address"]["name"], "林小姐");
    assert_eq!(edited["total"], twd(3160));
    assert_eq!(edited["edits"][0]["before"]["shipping_address"]["name"], "王小明");
    assert_eq!(bought.seen().await["shipping_address"]["city"], "高雄市");
    let told = "SELECT count(*) FROM audit.entries
         WHERE action = 'order_write' AND reason = 'moved'
           AND NOT (before::text || after::text) LIKE '%小%'";
    assert_eq!(app.count(told).await, 1);
    assert_eq!(asked_back(&app).await, 0);
}

#[tokio::test]
async fn operations_cancel_what_is_paid_and_say_what_becomes_of_it() {
    let app = TestApp::new().await;
    let [kept, gone] = [true, false].map(|restock| (restock, three_mugs_and_a_tote(&app)));
    for ((restock, body), left) in [(kept, [10, 10, 0]), (gone, [7, 7, 0])] {
        let bought = paid(&app, body).await;
        bought.plan(json!({"warehouse_id": app.shop.taipei})).await.ok(201);
        let path = bought.admin("/cancel");
        let mute = app.staff(Role::Ops).post(&path, json!({})).await;
        assert_eq!(mute.problem(422), "VALIDATION_FAILED");
        let form = json!({"reason": "the roof leaks", "restock": restock});
        let cancelled = app.staff(Role::Ops).post(&path, form.clone()).await.ok(200);
        assert_eq!(cancelled["status"], "refund_requested");
        assert_eq!(cancelled["shipments"][0]["status"], "cancelled");
        assert_eq!(taipei(&app, app.shop.mug_white).await, left);
        let again = app.staff(Role::Ops).post(&path, form).await;
        assert_eq!(again.problem(409), "INVALID_TRANSITION");
        assert!(!bought.seen().await.to_string().contains("the roof leaks"));
        assert!(bought.inside().await["history"].to_string().contains("the roof leaks"));
    }
    assert_eq!(asked_back(&app).await, 2 * 3160);
    let recorded = "SELECT count(*) FROM audit.entries
         WHERE action = 'order_write' AND reason = 'the roof leaks'";
    assert_eq!(app.count(recorded).await, 2);
    app.db.assert_ledger_balanced().await;
}

#[tokio::test]
async fn buyers_cancel_what_is_paid_until_something_of_it_has_left() {
    let app = TestApp::new().await;
    let bought = paid(&app, three_mugs_and_a_tote(&app)).await;
    let why = json!({"reason": "改變心意"});
    let cancelled = bought.buyer.clone().post(&bought.path("/cancel"), why).await.ok(200);
    assert_eq!(cancelled["status"], "refund_requested");
    assert_eq!(
        (taipei(&app, app.shop.mug_white).await, asked_back(&app).await),
        ([10, 10, 0], 3160)
    );

    let sent = paid(&app, three_mugs_and_a_tote(&app)).await;
    let form = json!({"warehouse_id": app.shop.taipei, "lines": [{"line_no": 2, "quantity": 1}]});
    let parcel = sent.plan(form).await.ok(201);
    for (seen, status) in [(1, "ready_to_ship"), (2, "shipped")] {
        change(&app, &parcel, seen, json!({"status": status})).await.ok(200);
    }
    let late = sent.buyer.clone().post(&sent.path("/cancel"), json!({})).await;
    assert_eq!(late.problem(409), "INVALID_TRANSITION");
    let late = app.staff(Role::Ops).post(&sent.admin("/cancel"), json!({"reason": "x"})).await;
    assert_eq!(late.problem(409), "INVALID_TRANSITION");
    assert_eq!(sent.status().await, "preparing_shipment");
    assert_eq!(
        (taipei(&app, app.shop.mug_white).await, asked_back(&app).await),
        ([10, 7, 3], 3160)
    );

    // What has not left is taken off; then the order is sent.
    let version = sent.inside().await["version"].as_i64().unwrap();
    let rest = json!({"lines": [{"line_no": 1, "quantity": 0}], "reason": "lost"});
    let edited = sent.edit(version, rest).await.ok(200);
    assert_eq!((&edited["status"], &edited["total"]), (&json!("shipped"), &twd(1990)));
    assert_eq!(asked_back(&app).await, 3160 + 1170);
}
