//! Rows written by `COPY`, more than a socket takes at a time: all of them, or none.

use pg::copy::{Table, rows};
use testkit::TestDb;

const TABLE: Table = Table { name: "many", columns: &["id", "text"] };

async fn table(conn: &mut pg::Connection) {
    sqlx::query("CREATE TEMPORARY TABLE many (id int PRIMARY KEY, text text)")
        .execute(&mut *conn)
        .await
        .unwrap();
}

async fn stored(conn: &mut pg::Connection) -> (i64, i64, i64) {
    sqlx::query_as(
        "SELECT count(*), coalesce(sum(id), 0), coalesce(sum(length(text)), 0) FROM many",
    )
    .fetch_one(conn)
    .await
    .unwrap()
}

/// `count` rows of about a hundred bytes: two thousand of them fill a socket's buffer.
fn many(count: i32) -> Vec<(i32, String)> {
    (1..=count).map(|id| (id, "杯".repeat(30))).collect()
}

#[tokio::test]
async fn many_rows_arrive_whole() {
    let test = TestDb::new().await;
    let mut conn = test.owner().acquire().await.unwrap();
    table(&mut conn).await;
    let mut expected = (0, 0, 0);
    for count in [1, 20_000] {
        let given = many(count);
        sqlx::query("TRUNCATE many").execute(&mut *conn).await.unwrap();
        rows(&mut conn, &TABLE, &given, |(id, text), row| {
            row.put(*id).put(text.as_str());
        })
        .await
        .unwrap();
        let count = i64::from(count);
        expected = (count, count * (count + 1) / 2, count * 30);
        assert_eq!(stored(&mut conn).await, expected);
    }
    assert_eq!(expected.0, 20_000);
}

#[tokio::test]
async fn a_row_that_cannot_be_stored_takes_the_others_with_it() {
    let test = TestDb::new().await;
    let mut conn = test.owner().acquire().await.unwrap();
    table(&mut conn).await;
    // It is refused while most of the others are still to be sent.
    let mut given = many(20_000);
    given[1_000].0 = 1;
    let refused = rows(&mut conn, &TABLE, &given, |(id, text), row| {
        row.put(*id).put(text.as_str());
    })
    .await
    .unwrap_err();
    assert!(refused.to_string().contains("many_pkey"), "{refused}");
    // The connection is as it was: nothing of what was sent afterwards is left over in it.
    assert_eq!(stored(&mut conn).await, (0, 0, 0));
    rows(&mut conn, &TABLE, &given[..1_000], |(id, text), row| {
        row.put(*id).put(text.as_str());
    })
    .await
    .unwrap();
    assert_eq!(stored(&mut conn).await, (1_000, 500_500, 30_000));
}
