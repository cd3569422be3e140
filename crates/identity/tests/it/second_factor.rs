//! The second factor on a real database.

use identity::{IdentityError, RecoveryCode, Refreshed, SecondFactorState, SecondStep};
use kernel::Clock as _;
use testkit::TestDb;

use crate::people::{
    admit, admitted, begin, confirm, count, everything, execute, factors, pass, register, shown,
    sign_in, start, tokens, verified, with_factor,
};

async fn state(db: &TestDb, user: kernel::id::UserId) -> SecondFactorState {
    let mut conn = db.db().acquire().await.unwrap();
    identity::second_factor_state(&mut conn, user).await.unwrap()
}

#[tokio::test]
async fn it_counts_from_the_first_right_code_on() {
    let db = TestDb::new().await;
    let user = register(&db, "a@example.com").await;
    let session = sign_in(&db, &user).await;
    let off = SecondFactorState { enabled: false, recovery_codes_left: 0 };
    assert_eq!(state(&db, user.id).await, off);
    let refused = confirm(&db, &user, session.session_id, "123456").await;
    assert!(matches!(refused, Err(IdentityError::SecondFactorOff)));

    let never_confirmed = begin(&db, &user).await.unwrap();
    let secret = begin(&db, &user).await.unwrap();
    assert_ne!(never_confirmed, secret);
    for wrong in [shown(&db, &never_confirmed), String::new(), "12345".to_owned()] {
        assert_eq!(confirm(&db, &user, session.session_id, &wrong).await.unwrap(), None);
    }
    assert_eq!(state(&db, user.id).await, off);
    assert!(matches!(admit(&db, &user, None).await, SecondStep::Admitted(_)));

    let code = shown(&db, &secret);
    let codes = confirm(&db, &user, session.session_id, &code).await.unwrap().unwrap();
    assert_eq!(codes.len(), 10);
    let on = SecondFactorState { enabled: true, recovery_codes_left: 10 };
    assert_eq!(state(&db, user.id).await, on);
    assert!(matches!(admit(&db, &user, None).await, SecondStep::CodeRequired));
    assert!(matches!(admit(&db, &user, Some("  ")).await, SecondStep::CodeRequired));

    // It cannot be exchanged behind its owner's back.
    assert!(matches!(begin(&db, &user).await, Err(IdentityError::SecondFactorOn)));
    let again = confirm(&db, &user, session.session_id, &shown(&db, &secret)).await;
    assert!(matches!(again, Err(IdentityError::SecondFactorOn)));
}

#[tokio::test]
async fn a_code_works_once_also_the_one_that_turned_it_on() {
    let db = TestDb::new().await;
    let (user, _, secret, _) = with_factor(&db, "a@example.com").await;
    let first = secret.code_at(db.clock().now() - jiff::SignedDuration::from_secs(60));
    assert!(!admitted(&db, &user, &first).await, "used to turn it on");
    let code = shown(&db, &secret);
    assert!(admitted(&db, &user, &code).await);
    assert!(!admitted(&db, &user, &code).await);
    let older = secret.code_at(db.clock().now() - jiff::SignedDuration::from_secs(30));
    assert!(!admitted(&db, &user, &older).await, "older than one that was used");
    pass(&db, 30);
    assert!(admitted(&db, &user, &format!(" {} ", shown(&db, &secret))).await);
    assert!(!admitted(&db, &user, "000000").await);
}

#[tokio::test]
async fn two_at_the_same_moment_with_one_code_are_one_too_many() {
    let db = TestDb::new().await;
    let (user, _, secret, codes) = with_factor(&db, "a@example.com").await;
    for code in [shown(&db, &secret), codes[0].clone()] {
        let (a, b) = tokio::join!(admitted(&db, &user, &code), admitted(&db, &user, &code));
        assert!(a != b, "{a} {b}");
    }
}

#[tokio::test]
async fn a_recovery_code_stands_in_once_and_new_ones_replace_all() {
    let db = TestDb::new().await;
    let (user, _, secret, codes) = with_factor(&db, "a@example.com").await;
    let (other, ..) = with_factor(&db, "b@example.com").await;
    assert!(!admitted(&db, &other, &codes[0]).await, "somebody else's");
    assert!(admitted(&db, &user, &codes[0].to_uppercase()).await);
    assert!(!admitted(&db, &user, &codes[0]).await);
    assert_eq!(state(&db, user.id).await.recovery_codes_left, 9);

    let clock = db.clock();
    let tools = (db.ids(), &*clock as &dyn kernel::Clock);
    let mut tx = db.db().begin().await.unwrap();
    let refused = factors().new_recovery_codes(&mut tx, user.id, "000000", tools).await.unwrap();
    assert!(refused.is_none());
    let code = shown(&db, &secret);
    let fresh = factors().new_recovery_codes(&mut tx, user.id, &code, tools).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(state(&db, user.id).await.recovery_codes_left, 10);
    assert!(!admitted(&db, &user, &codes[1]).await);
    assert!(admitted(&db, &user, &fresh.unwrap()[0].reveal()).await);
}

#[tokio::test]
async fn no_session_starts_without_it_and_it_is_known_ever_after() {
    let db = TestDb::new().await;
    let (user, _, secret, _) = with_factor(&db, "a@example.com").await;
    let who = verified(&db, &user).await;
    assert_eq!(start(&db, who).await, None, "the password alone");

    let SecondStep::Admitted(who) = admit(&db, &user, Some(&shown(&db, &secret))).await else {
        panic!("the code is right");
    };
    let session = start(&db, who).await.unwrap();
    assert!(session.second_factor);
    let now = db.clock().now();
    let token = tokens().issue_to(&session, now).unwrap();
    assert!(tokens().verify(&token, now).unwrap().second_factor);
    let mut tx = db.db().begin().await.unwrap();
    let refreshed =
        identity::refresh(&mut tx, &session.refresh_token, db.ids(), &*db.clock()).await;
    tx.commit().await.unwrap();
    let Refreshed::Granted(next) = refreshed.unwrap() else { panic!("the token is good") };
    assert!(next.second_factor);
}

#[tokio::test]
async fn turning_it_on_ends_the_sessions_that_gave_none_but_the_one_that_does_it() {
    let db = TestDb::new().await;
    let user = register(&db, "a@example.com").await;
    let (kept, other) = (sign_in(&db, &user).await, sign_in(&db, &user).await);
    let secret = begin(&db, &user).await.unwrap();
    confirm(&db, &user, kept.session_id, &shown(&db, &secret)).await.unwrap().unwrap();
    let mut tx = db.db().begin().await.unwrap();
    let refreshed = identity::refresh(&mut tx, &other.refresh_token, db.ids(), &*db.clock()).await;
    assert!(matches!(refreshed.unwrap(), Refreshed::Refused));
    let refreshed = identity::refresh(&mut tx, &kept.refresh_token, db.ids(), &*db.clock()).await;
    let Refreshed::Granted(next) = refreshed.unwrap() else { panic!("it was kept") };
    assert!(next.second_factor);
}

#[tokio::test]
async fn it_goes_with_both_factors_only() {
    let db = TestDb::new().await;
    let (user, session, secret, _) = with_factor(&db, "a@example.com").await;
    let who = verified(&db, &user).await;
    let now = db.clock().now();
    let mut tx = db.db().begin().await.unwrap();
    assert!(!factors().remove(&mut tx, &who, "000000", now).await.unwrap());
    let code = shown(&db, &secret);
    assert!(factors().remove(&mut tx, &who, &code, now).await.unwrap());
    tx.commit().await.unwrap();
    assert!(matches!(admit(&db, &user, None).await, SecondStep::Admitted(_)));
    assert_eq!(count(&db, "SELECT count(*) FROM identity.recovery_codes").await, 0);
    let mut tx = db.db().begin().await.unwrap();
    let refreshed =
        identity::refresh(&mut tx, &session.refresh_token, db.ids(), &*db.clock()).await;
    let Refreshed::Granted(next) = refreshed.unwrap() else { panic!("the session goes on") };
    assert!(!next.second_factor);
    let gone = factors().remove(&mut tx, &who, &code, now).await;
    assert!(matches!(gone, Err(IdentityError::SecondFactorOff)));
}

#[tokio::test]
async fn neither_secret_nor_codes_are_stored_readable() {
    let db = TestDb::new().await;
    let (_, _, secret, codes) = with_factor(&db, "a@example.com").await;
    let all = everything(&db).await.to_lowercase();
    let bytes = data_encoding::BASE32_NOPAD.decode(secret.base32().as_bytes()).unwrap();
    assert!(!all.contains(&data_encoding::HEXLOWER.encode(&bytes)));
    assert!(!all.contains(&secret.base32().to_lowercase()));
    for code in codes {
        let plain = code.replace('-', "");
        let hex = data_encoding::HEXLOWER.encode(plain.as_bytes());
        assert!(!all.contains(&code) && !all.contains(&plain) && !all.contains(&hex));
        assert!(RecoveryCode::parse(&code).is_some());
    }
}

#[tokio::test]
async fn a_deactivated_person_has_no_second_step_that_helps() {
    let db = TestDb::new().await;
    let (user, _, secret, _) = with_factor(&db, "a@example.com").await;
    let who = verified(&db, &user).await;
    execute(&db, "UPDATE identity.users SET active = false").await;
    let mut tx = db.db().begin().await.unwrap();
    let code = shown(&db, &secret);
    let step = factors().admit(&mut tx, who, Some(&code), db.clock().now()).await.unwrap();
    tx.commit().await.unwrap();
    let SecondStep::Admitted(who) = step else { return };
    assert_eq!(start(&db, who).await, None);
}
