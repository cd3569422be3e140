//! How large a stocktake may be, what comes into its warehouse meanwhile, and who became a bundle.

use axum::http::Method;
use identity::Role;
use serde_json::{Value, json};
use testkit::seed;

use crate::{
    app::TestApp,
    stocktakes::{STOCKTAKES, act, adjustments, count, open, place, post, reason, row},
};

/// Rows of the warehouse in Taipei, so that there are 10,001 with those it has.
const MANY: &str = "
    INSERT INTO inventory.stock (shard, variant_id, warehouse_id)
    SELECT get_byte(uuid_send(variant_id), 15) & 63, variant_id, warehouse_id
      FROM (SELECT md5(n::text)::uuid AS variant_id, w.id AS warehouse_id
              FROM inventory.warehouses AS w, generate_series(6, 10001) AS n
             WHERE w.code = 'TPE') AS new";

#[tokio::test]
async fn ten_thousand_rows_are_counted_at_once_and_not_one_more() {
    let app = TestApp::new().await;
    app.execute(MANY).await;
    let whole = json!({"warehouse_id": app.shop.taipei});
    let mut warehouse = app.staff(Role::Warehouse);
    let refused = warehouse.post(STOCKTAKES, whole.clone()).await;
    assert_eq!(refused.problem(422), "VALIDATION_FAILED");
    let told = "has 10001 rows, and one stocktake counts at most 10000: name the variants that are \
                to be counted";
    let errors = json!([{"pointer": "/warehouse_id", "detail": told}]);
    assert_eq!(refused.body["errors"], errors);
    assert_eq!(app.count("SELECT count(*) FROM inventory.stocktakes").await, 0);
    let frozen = "SELECT count(*) FROM inventory.stock WHERE frozen_by IS NOT NULL";
    assert_eq!(app.count(frozen).await, 0);
    // Some of it can be named.
    let some = open(&app, &[app.shop.mug_white], json!({})).await;
    act(&mut warehouse, &some, "cancel", reason()).await.ok(200);

    app.execute("DELETE FROM inventory.stock WHERE variant_id = md5('6')::uuid").await;
    let opened = warehouse.post(STOCKTAKES, whole).await.ok(201);
    let path = format!("{STOCKTAKES}/{}", opened["id"].as_str().unwrap());
    let seen = app.staff(Role::Ops).get(&path).await.ok(200);
    assert_eq!(seen["lines"]["total"], 10_000);
    assert_eq!(app.count(frozen).await, 10_000);
    act(&mut warehouse, &path, "cancel", reason()).await.ok(200);
    assert_eq!(app.count(frozen).await, 0);
    app.db.assert_ledger_balanced().await;
}

#[tokio::test]
async fn what_comes_for_the_first_time_is_no_part_of_it_and_may_be_sold() {
    let app = TestApp::new().await;
    let (large, kaohsiung) = (app.shop.tote_large, app.shop.kaohsiung);
    let whole = json!({"warehouse_id": kaohsiung});
    let mut warehouse = app.staff(Role::Warehouse);
    let opened = warehouse.post(STOCKTAKES, whole).await.ok(201);
    let path = format!("{STOCKTAKES}/{}", opened["id"].as_str().unwrap());
    let receive = format!("/api/admin/inventory/{large}/receive");
    let goods = json!({"warehouse_id": kaohsiung, "quantity": 30, "reason": "PO-1"});
    warehouse.post(&receive, goods).await.ok(200);
    assert_eq!(row(&app, large, kaohsiung).await, ([30, 30, 0, 0], false));
    assert_eq!(row(&app, app.shop.mug_white, kaohsiung).await, ([5, 5, 0, 0], true));
    let seen = app.staff(Role::Ops).get(&path).await.ok(200);
    assert_eq!(seen["lines"]["total"], 1);
    let uncounted = count(&mut warehouse, &path, &[(large, 30)]).await;
    assert_eq!(uncounted.problem(422), "VALIDATION_FAILED");
    // More than Taipei has: the new ones are taken as well.
    place(&app, "new", &[(large, 110)]).await.ok(201);
    assert_eq!(row(&app, large, kaohsiung).await, ([30, 20, 10, 0], false));
    act(&mut warehouse, &path, "cancel", reason()).await.ok(200);
    app.db.assert_ledger_balanced().await;
}

#[tokio::test]
async fn what_became_a_bundle_meanwhile_gains_nothing_whatever_was_counted() {
    let app = TestApp::new().await;
    let (white, small) = (app.shop.mug_white, app.shop.tote_small);
    let path = open(&app, &[white, small], json!({})).await;
    let mut warehouse = app.staff(Role::Warehouse);
    count(&mut warehouse, &path, &[(white, 9), (small, 3)]).await.ok(200);
    act(&mut warehouse, &path, "review", json!({})).await.ok(200);
    let parts = json!({"components": [{"variant_id": white, "quantity": 2}]});
    let bundle = format!("/api/admin/bundles/{small}");
    app.staff(Role::Ops).send(Method::PUT, &bundle, Some(parts)).await.ok(200);
    let refused = post(&app, &path).await;
    assert_eq!(refused.problem(409), "BUNDLE_HAS_NO_STOCK");
    assert_eq!(refused.body["variant_ids"], json!([small]));
    assert_eq!(adjustments(&app).await, 0);
    assert_eq!(row(&app, white, app.shop.taipei).await, ([10, 10, 0, 0], true));
    // The line is skipped, and the rest is posted.
    let skip = json!({"variant_ids": [small], "reason": "a bundle by now"});
    act(&mut warehouse, &path, "skip", skip).await.ok(200);
    post(&app, &path).await.ok(200);
    assert_eq!(row(&app, white, app.shop.taipei).await, ([9, 9, 0, 0], false));
    assert_eq!(row(&app, small, app.shop.taipei).await, ([0, 0, 0, 0], false));
    app.db.assert_ledger_balanced().await;
}

#[tokio::test]
async fn nothing_at_all_and_the_most_there_can_be_are_counts() {
    let app = TestApp::new().await;
    let (white, black) = (app.shop.mug_white, app.shop.mug_black);
    let path = open(&app, &[white, black], json!({})).await;
    let mut warehouse = app.staff(Role::Warehouse);
    count(&mut warehouse, &path, &[(white, 0), (black, 1_000_000_000)]).await.ok(200);
    let sheet = "sku,counted\nMUG-WHITE,1000000001\n";
    let refused = warehouse.post_text(&format!("{path}/counts/csv"), "text/csv", sheet).await;
    assert_eq!(refused.problem(422), "VALIDATION_FAILED");
    assert_eq!(refused.body["rows"][0]["column"], 2);
    act(&mut warehouse, &path, "review", json!({})).await.ok(200);
    post(&app, &path).await.ok(200);
    assert_eq!(row(&app, white, app.shop.taipei).await, ([0, 0, 0, 0], false));
    let most = 1_000_000_000;
    assert_eq!(row(&app, black, app.shop.taipei).await, ([most, most, 0, 0], false));
    app.db.assert_ledger_balanced().await;
}

#[tokio::test]
async fn a_stocktake_of_nobody_s_goods_is_opened_by_name_and_is_found_by_its_filter() {
    let app = TestApp::new().await;
    let (tote, kaohsiung) = (app.shop.tote_small, app.shop.kaohsiung);
    let named = json!({"warehouse_id": kaohsiung, "variant_ids": [tote]});
    let opened = app.staff(Role::Warehouse).post(STOCKTAKES, named).await.ok(201);
    assert_eq!(row(&app, tote, kaohsiung).await, ([0, 0, 0, 0], true));
    let mut ops = app.staff(Role::Ops);
    for (query, found) in [
        (format!("variant_id={tote}"), 1),
        (format!("variant_id={}", seed::id::<kernel::id::VariantId>(0xee, 5)), 0),
        (format!("warehouse_id={kaohsiung}&status=open"), 1),
        (format!("warehouse_id={}", app.shop.taipei), 0),
        ("status=posted".to_owned(), 0),
    ] {
        let page = ops.get(&format!("{STOCKTAKES}?{query}")).await.ok(200);
        let ids: Vec<&Value> =
            page["items"].as_array().unwrap().iter().map(|it| &it["id"]).collect();
        assert_eq!(ids, vec![&opened["id"]; found], "{query}");
    }
    for query in ["status=frozen", "warehouse_id=x", "cursor=x"] {
        let refused = ops.get(&format!("{STOCKTAKES}?{query}")).await;
        assert_eq!(refused.problem(422), "VALIDATION_FAILED", "{query}");
    }
}
