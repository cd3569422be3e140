//! Seeing one's sessions, changing one's profile, and leaving.

use identity::{
    Device, DisplayName, EndReason, IdentityError, PhoneChange, ProfileChange, Refreshed, User,
    Verified,
};
use kernel::Clock as _;
use testkit::TestDb;

use crate::newcomers::{
    PASSWORD, execute, newcomer, pass, prove, refresh, register, sign_in, sign_in_from, text,
};

async fn close(db: &TestDb, who: &Verified) -> Result<Option<User>, IdentityError> {
    let mut tx = db.db().begin().await.unwrap();
    let closed = identity::close_account(&mut tx, who, db.clock().now()).await?;
    tx.commit().await.unwrap();
    Ok(closed)
}

#[tokio::test]
async fn sessions_show_where_they_were_begun_until_they_are_over() {
    let db = TestDb::new().await;
    let (user, plain) = register(&db, "a@example.com").await;
    pass(&db, 60);
    let browser = Device::new(Some("Mozilla/5.0\r\n"), Some("2001:db8::7".parse().unwrap()));
    let phone = sign_in_from(&db, "a@example.com", PASSWORD, &browser).await.unwrap();
    let mut conn = db.db().acquire().await.unwrap();
    let list = async |conn: &mut pg::Connection| {
        identity::sessions(conn, user.id, db.clock().now()).await.unwrap()
    };
    let sessions = list(&mut conn).await;
    let ids: Vec<_> = sessions.iter().map(|session| session.id).collect();
    assert_eq!(ids, [phone.session_id, plain.session_id], "the one used last first");
    assert_eq!(sessions[0].device, Device::new(Some("Mozilla/5.0"), browser.ip()));
    assert_eq!(sessions[1].device, Device::default());
    assert_eq!(sessions[0].last_used_at, sessions[0].created_at);

    let (other, _) = newcomer(&db, "b@example.com").await;
    let now = db.clock().now();
    let end = identity::end_own_session;
    assert!(!end(&mut conn, other.id, phone.session_id, now).await.unwrap());
    assert_eq!(list(&mut conn).await, sessions);
    assert!(end(&mut conn, user.id, phone.session_id, now).await.unwrap());
    assert!(!end(&mut conn, user.id, phone.session_id, now).await.unwrap());
    assert!(matches!(refresh(&db, &phone.refresh_token).await, Refreshed::Refused));
    assert_eq!(list(&mut conn).await.len(), 1);
    pass(&db, 30 * 24 * 3600);
    assert_eq!(list(&mut conn).await, []);
    assert!(!end(&mut conn, user.id, plain.session_id, db.clock().now()).await.unwrap());
}

#[tokio::test]
async fn all_sessions_of_one_person_end_together() {
    let db = TestDb::new().await;
    let (user, one) = register(&db, "a@example.com").await;
    let two = sign_in(&db, "a@example.com", PASSWORD).await.unwrap();
    let (_, others) = register(&db, "b@example.com").await;
    let mut conn = db.db().acquire().await.unwrap();
    let now = db.clock().now();
    identity::end_sessions(&mut conn, user.id, EndReason::SignedOut, now).await.unwrap();
    for session in [one, two] {
        assert!(matches!(refresh(&db, &session.refresh_token).await, Refreshed::Refused));
    }
    assert!(matches!(refresh(&db, &others.refresh_token).await, Refreshed::Granted(_)));
}

#[tokio::test]
async fn a_profile_changes_where_it_is_asked_to() {
    let db = TestDb::new().await;
    let (user, _) = newcomer(&db, "a@example.com").await;
    let mut conn = db.db().acquire().await.unwrap();
    let now = db.clock().now();
    let mut change = async |change: ProfileChange| {
        identity::change_profile(&mut conn, user.id, &change, now).await.unwrap()
    };
    let phone = "0912345678".to_owned();
    let with_phone =
        ProfileChange { phone: PhoneChange::Set(phone.clone()), ..ProfileChange::default() };
    let expected = User { phone: Some(phone), ..user.clone() };
    assert_eq!(change(with_phone).await, Some(expected.clone()));
    assert_eq!(change(ProfileChange::default()).await, Some(expected));
    let name = Some(DisplayName::new("王大明").unwrap());
    let renamed = change(ProfileChange { name, phone: PhoneChange::Remove }).await.unwrap();
    assert_eq!((renamed.name.as_str(), renamed.phone), ("王大明", None));
    execute(&db, "UPDATE identity.users SET active = false").await;
    assert_eq!(change(ProfileChange::default()).await, None);
}

#[tokio::test]
async fn a_closed_account_says_nothing_of_who_it_was() {
    let db = TestDb::new().await;
    newcomer(&db, "a@example.com").await;
    let device = Device::new(Some("Mozilla/5.0"), Some([203, 0, 113, 7].into()));
    let session = sign_in_from(&db, "a@example.com", PASSWORD, &device).await.unwrap();
    execute(&db, "UPDATE identity.users SET phone = '0912345678'").await;
    execute(
        &db,
        "INSERT INTO identity.addresses (id, user_id, name, phone, postal_code, city, district,
             address1, is_default, created_at, updated_at)
         SELECT id, id, 'X', '0900000000', '100', 'X', 'X', 'X', true, now(), now()
         FROM identity.users",
    )
    .await;
    let who = prove(&db, session.user.id, PASSWORD).await.unwrap();
    let user = close(&db, &who).await.unwrap().unwrap();
    assert_eq!(user.email.as_str(), "a@example.com");
    let row = text(
        &db,
        "SELECT format('%s|%s|%s|%s|%s|%s', email, name, phone, roles, active, closed_at IS NULL)
         FROM identity.users",
    );
    assert_eq!(row.await, format!("closed-{}@invalid|||{{}}|f|f", user.id));
    let left = "SELECT format('%s %s %s', (SELECT count(*) FROM identity.addresses),
             (SELECT count(*) FROM identity.proofs WHERE user_id IS NOT NULL),
             (SELECT count(*) FROM identity.sessions
              WHERE user_agent IS NOT NULL OR ip IS NOT NULL OR ended_at IS NULL))";
    assert_eq!(text(&db, left).await, "0 0 0");
    assert!(matches!(refresh(&db, &session.refresh_token).await, Refreshed::Refused));
    assert!(sign_in(&db, "a@example.com", PASSWORD).await.is_none());
    assert!(prove(&db, user.id, PASSWORD).await.is_none(), "and nothing breaks on trying");
    assert_eq!(close(&db, &who).await.unwrap(), None);

    let (again, _) = newcomer(&db, "a@example.com").await;
    assert_ne!(again.id, user.id, "the address is free");
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let db = TestDb::new().await;
    let (a, _) = newcomer(&db, "a@example.com").await;
    let (b, _) = newcomer(&db, "b@example.com").await;
    execute(&db, "UPDATE identity.users SET roles = '{admin}'").await;
    let (one, two) =
        (prove(&db, a.id, PASSWORD).await.unwrap(), prove(&db, b.id, PASSWORD).await.unwrap());
    // Both at once: one of them is the last.
    let (x, y) = tokio::join!(close(&db, &one), close(&db, &two));
    let refused = [&x, &y].map(|it| matches!(it, Err(IdentityError::LastAdmin)));
    assert!(refused[0] != refused[1], "{x:?} {y:?}");
    let (email, who) = if refused[0] { ("a@example.com", one) } else { ("b@example.com", two) };
    assert!(sign_in(&db, email, PASSWORD).await.is_some(), "nothing was changed");
    assert!(matches!(close(&db, &who).await, Err(IdentityError::LastAdmin)));
}
