//! Stocktakes against orders, against one another, and against goods that come.

use futures::future::join_all;
use identity::Role;
use serde_json::json;

use crate::{
    app::TestApp,
    stocktakes::{STOCKTAKES, act, adjustments, count, open, place, post, row},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_and_an_opening_at_the_same_moment_agree() {
    let app = TestApp::new().await;
    let large = app.shop.tote_large;
    let form = json!({"warehouse_id": app.shop.taipei});
    let orders = join_all((0..24).map(|n| {
        let app = &app;
        async move { place(app, &format!("k{n}"), &[(large, 1)]).await.status.as_u16() }
    }));
    let mut warehouse = app.staff(Role::Warehouse);
    let (opened, statuses) = tokio::join!(warehouse.post(STOCKTAKES, form), orders);
    let path = format!("{STOCKTAKES}/{}", opened.ok(201)["id"].as_str().unwrap());
    let taken = i64::try_from(statuses.iter().filter(|status| **status == 201).count()).unwrap();
    assert!(statuses.iter().all(|status| [201, 409].contains(status)), "{statuses:?}");
    assert_eq!(row(&app, large, app.shop.taipei).await, ([100, 100 - taken, taken, 0], true));
    // What the stocktake knows is what was promised when it froze the row.
    let promised =
        app.count("SELECT promised::bigint FROM inventory.stocktake_lines WHERE expected = 100");
    assert_eq!(promised.await, taken);
    let mut counter = app.staff(Role::Warehouse);
    count(&mut counter, &path, &[(large, 90)]).await.ok(200);
    app.db.assert_ledger_balanced().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_stocktakes_over_the_same_rows_one_opens() {
    let app = TestApp::new().await;
    let form = json!({"warehouse_id": app.shop.taipei});
    let open = || async { app.staff(Role::Warehouse).post(STOCKTAKES, form.clone()).await };
    let (a, b) = tokio::join!(open(), open());
    let mut statuses = [a.status.as_u16(), b.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    let held = "SELECT count(DISTINCT frozen_by) FROM inventory.stock WHERE frozen_by IS NOT NULL";
    assert_eq!(app.count(held).await, 1);
    assert_eq!(app.count("SELECT count(*) FROM inventory.stocktakes").await, 1);
    app.db.assert_ledger_balanced().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn goods_that_come_while_it_is_posted_come_before_or_after_it() {
    let app = TestApp::new().await;
    let white = app.shop.mug_white;
    let path = open(&app, &[white], json!({})).await;
    let mut warehouse = app.staff(Role::Warehouse);
    count(&mut warehouse, &path, &[(white, 7)]).await.ok(200);
    act(&mut warehouse, &path, "review", json!({})).await.ok(200);
    let receive = format!("/api/admin/inventory/{white}/receive");
    let goods = json!({"warehouse_id": app.shop.taipei, "quantity": 5, "reason": "PO-1"});
    let (posted, again, received) =
        tokio::join!(post(&app, &path), post(&app, &path), warehouse.post(&receive, goods));
    // Posted once.
    let mut statuses = [posted.status.as_u16(), again.status.as_u16()];
    statuses.sort_unstable();
    assert!(statuses == [200, 409] || statuses == [200, 412], "{statuses:?}");
    let came = if received.status.as_u16() == 200 { 5 } else { 0 };
    assert!([200, 409].contains(&received.status.as_u16()), "{received:?}");
    assert_eq!(row(&app, white, app.shop.taipei).await, ([7 + came, 7 + came, 0, 0], false));
    assert_eq!(adjustments(&app).await, 1);
    app.db.assert_ledger_balanced().await;
}
