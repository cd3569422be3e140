//! What the database computes as the program does.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

#[path = "it/copying.rs"]
mod copying;
#[path = "it/keys.rs"]
mod keys;

use orders::buyer::email_name;
use testkit::TestDb;
use uuid::Uuid;

#[tokio::test]
async fn the_database_names_a_buyer_as_the_program_does() {
    let test = TestDb::new().await;
    let mut conn = test.db().acquire().await.unwrap();
    for email in [
        "a@example.com",
        " A.B@Example.COM ",
        "a+b@example.com",
        "a+b+c@example.com",
        "+a@example.com",
        "a@example.com+b",
        "a+b@c+d@example.com",
        "+",
        "@",
        "",
        "ÄÖ+x@exämple.com",
        "\"a+b\"@example.com",
    ] {
        let name: Uuid = sqlx::query_scalar("SELECT orders.buyer_of_email($1)")
            .bind(email)
            .fetch_one(&mut *conn)
            .await
            .unwrap();
        assert_eq!(name, email_name(email), "{email:?}");
    }
}
