//! Opening an account, and what asking for one tells.

use identity::Registration;
use testkit::TestDb;

use crate::newcomers::{PASSWORD, ask_to_register, execute, newcomer, sign_in, text};

const EVERYBODY: &str =
    "SELECT string_agg(format('%s %s %s %s', id, email, name, password_hash), ',')
     FROM identity.users";

#[tokio::test]
async fn an_account_is_opened_once_whatever_the_case_of_the_email() {
    let db = TestDb::new().await;
    let (user, _) = newcomer(&db, "Wang@Example.com").await;
    assert_eq!(user.email.as_str(), "Wang@Example.com");
    assert_eq!((user.roles.as_slice(), user.email_verified, &user.phone), (&[][..], false, &None));
    let before = text(&db, EVERYBODY).await;
    let again = ask_to_register(&db, "wang@example.COM", "Somebody else").await;
    assert!(matches!(again, Registration::Known(known) if *known == user));
    assert_eq!(text(&db, EVERYBODY).await, before, "nothing else changes");

    let mut conn = db.db().acquire().await.unwrap();
    assert_eq!(identity::user(&mut conn, user.id).await.unwrap(), Some(user.clone()));
    execute(&db, "UPDATE identity.users SET active = false").await;
    assert_eq!(identity::user(&mut conn, user.id).await.unwrap(), None);
}

#[tokio::test]
async fn two_who_ask_for_the_same_address_at_once_get_one_account() {
    let db = TestDb::new().await;
    let (a, b) = tokio::join!(
        ask_to_register(&db, "a@example.com", "A"),
        ask_to_register(&db, "A@example.com", "B"),
    );
    let opened = |it: &Registration| matches!(it, Registration::Opened(..));
    assert_ne!(opened(&a), opened(&b));
    assert!(sign_in(&db, "a@example.com", PASSWORD).await.is_some());
}

#[tokio::test]
async fn a_known_address_writes_as_many_rows_as_a_new_one() {
    let db = TestDb::new().await;
    let proofs = "SELECT count(*)::text FROM identity.proofs";
    newcomer(&db, "a@example.com").await;
    assert_eq!(text(&db, proofs).await, "1");
    ask_to_register(&db, "a@example.com", "B").await;
    assert_eq!(text(&db, proofs).await, "2");
    let nobodys = "SELECT count(*)::text FROM identity.proofs WHERE user_id IS NULL";
    assert_eq!(text(&db, nobodys).await, "1", "it proves nothing");
}
