use futures::future::join_all;
use testkit::{TestDb, seed::Shop};

use crate::program::{Answer, Program, audit, count};

#[tokio::test]
async fn a_thousand_simultaneous_orders_for_a_hundred_units() {
    let db = TestDb::new().await;
    let data = tempfile::tempdir().unwrap();
    let shop = Shop::small(&db).await;
    let program = Program::start(&db, &data).await;
    let keys: Vec<String> = (0..1000).map(|n| format!("buyer-{n}")).collect();
    let answers = join_all(keys.iter().map(|key| program.order(shop.tote_large, key))).await;
    let placed = answers.iter().filter(|a| matches!(a, Answer::Placed(_))).count();
    let short = answers
        .iter()
        .filter(|a| {
            matches!(a, Answer::Refused(409, body) if body["code"] == "INVENTORY_SHORTAGE"
                && body["shortages"][0]["available"] == 0)
        })
        .count();
    assert_eq!((placed, short), (100, 900));
    assert_eq!(count(&db, "SELECT count(*) FROM orders.orders").await, 100);
    let (clean, text) = audit(&db, &data);
    assert!(clean, "{text}");
}

#[tokio::test]
async fn an_audit_of_books_that_were_tampered_with_fails_and_names_the_rows() {
    let db = TestDb::new().await;
    let data = tempfile::tempdir().unwrap();
    let shop = Shop::small(&db).await;
    let mut conn = db.owner().acquire().await.unwrap();
    sqlx::query("UPDATE inventory.stock SET total = total + 1, available = available + 1 WHERE variant_id = $1")
        .bind(shop.tote_large.as_uuid())
        .execute(&mut *conn)
        .await
        .unwrap();
    drop(conn);
    let (clean, text) = audit(&db, &data);
    assert!(!clean);
    assert!(text.contains(&shop.tote_large.to_string()), "{text}");
}
