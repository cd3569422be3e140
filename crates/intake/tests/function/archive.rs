//! An order whose reservations were archived is told as it was.

use serde_json::json;
use testkit::TestDb;

use crate::{
    client::{call, callers},
    form::{count, customer, owner, shop},
};

#[tokio::test]
async fn a_key_that_comes_again_gives_the_first_answer_from_the_archive_too() {
    let test = TestDb::new().await;
    let shop = shop(&test).await;
    let db = callers(&test);
    let mut customer = customer();
    customer["idempotency_key"] = json!("again");
    let items = json!([{"variant_id": shop.mug_white, "quantity": 2}]);
    let first = call(&db, &customer, &items).await.unwrap();
    owner(
        &test,
        "WITH old AS (DELETE FROM inventory.reservations RETURNING *)
         INSERT INTO inventory.reservations_archive (shard, order_id, line_no, warehouse_id
              , variant_id, quantity, available_before, status, expires_at, created_at, closed_at)
         SELECT shard, order_id, line_no, warehouse_id, variant_id, quantity, available_before
              , 'expired', expires_at, created_at, expires_at FROM old",
    )
    .await;
    assert_eq!(call(&db, &customer, &items).await.unwrap(), first);
    assert_eq!(count(&test, "SELECT count(*) FROM inventory.reservations").await, 0);
    assert_eq!(first["inventory_deduction_results"][0]["quantity"], 2);
}
