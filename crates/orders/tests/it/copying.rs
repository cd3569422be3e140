//! Rows written by `COPY`, more than a socket takes at a time: all of them, or none; and what one
//! that is given up leaves behind.

use std::{
    pin::{Pin, pin},
    task::{Context, Poll},
};

use pg::{
    Db, DbOptions,
    copy::{Table, rows},
};
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

/// Work that is given up when it has had to wait so many times: the client hung up, or its time was
/// over.
struct GivenUp<F> {
    work: F,
    waits: usize,
}

impl<F: Future + Unpin> Future for GivenUp<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match Pin::new(&mut self.work).poll(cx) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if self.waits == 0 => Poll::Ready(None),
            Poll::Pending => {
                self.waits -= 1;
                Poll::Pending
            }
        }
    }
}

#[tokio::test]
async fn one_that_is_given_up_leaves_no_answer_for_the_next() {
    let test = TestDb::new().await;
    // One connection: who comes next gets the one that was given up.
    let db = Db::open(&DbOptions::owner(test.owner_url()).with_max_connections(1)).unwrap();
    let given = many(3);
    let mut waits = 0;
    let stored_at_last = loop {
        let mut tx = db.begin().await.unwrap();
        table(&mut tx).await;
        let work = rows(&mut tx, &TABLE, &given, |(id, text), row| {
            row.put(*id).put(text.as_str());
        });
        let outcome = GivenUp { work: pin!(work), waits }.await;
        if let Some(outcome) = outcome {
            outcome.unwrap();
            break stored(&mut tx).await;
        }
        drop(tx);
        for asked in 0..5 {
            let mut conn = db.acquire().await.unwrap();
            let answer: Option<i32> = sqlx::query_scalar("SELECT $1::int4")
                .bind(asked)
                .fetch_optional(&mut *conn)
                .await
                .unwrap();
            assert_eq!(answer, Some(asked), "given up after {waits} waits");
        }
        db.begin().await.unwrap().commit().await.unwrap();
        waits += 1;
    };
    assert_eq!(stored_at_last, (3, 6, 90));
    assert!(waits >= 2, "it was given up at its beginning and at its end: {waits}");
}
