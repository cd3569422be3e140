//! What comes after the password, for people who have an account.

use identity::{
    AccessTokens, Admitted, Device, IdentityError, RecoveryCode, SecondFactors, SecondStep,
    SignedIn, TotpSecret, User, Verified,
};
use kernel::{Clock as _, id::SessionId};
use testkit::TestDb;

use crate::newcomers;
pub use crate::newcomers::{PASSWORD, execute, pass};

pub async fn count(db: &TestDb, sql: &'static str) -> i64 {
    let mut conn = db.owner().acquire().await.unwrap();
    sqlx::query_scalar(sql).fetch_one(&mut *conn).await.unwrap()
}

/// The tables of identity as text, to be searched for what must not be there.
pub async fn everything(db: &TestDb) -> String {
    let mut conn = db.owner().acquire().await.unwrap();
    sqlx::query_scalar(
        "SELECT string_agg(row, ' ') FROM (
             SELECT t::text AS row FROM identity.second_factors t
             UNION ALL SELECT t::text FROM identity.recovery_codes t
             UNION ALL SELECT t::text FROM identity.api_keys t
             UNION ALL SELECT t::text FROM identity.users t
             UNION ALL SELECT t::text FROM identity.refresh_tokens t
         ) AS rows",
    )
    .fetch_one(&mut *conn)
    .await
    .unwrap()
}

pub async fn register(db: &TestDb, email: &str) -> User {
    newcomers::newcomer(db, email).await.0
}

/// Somebody who has given the right password.
pub async fn verified(db: &TestDb, user: &User) -> Verified {
    newcomers::prove(db, user.id, PASSWORD).await.unwrap()
}

pub async fn start(db: &TestDb, who: impl Into<Admitted>) -> Option<SignedIn> {
    let mut tx = db.db().begin().await.unwrap();
    let device = Device::default();
    let session = identity::start_session(&mut tx, who, &device, db.ids(), &*db.clock()).await;
    tx.commit().await.unwrap();
    session.unwrap()
}

/// Signed in by the password alone.
pub async fn sign_in(db: &TestDb, user: &User) -> SignedIn {
    start(db, verified(db, user).await).await.unwrap()
}

pub fn factors() -> SecondFactors {
    SecondFactors::new(&[5; 32])
}

pub fn tokens() -> AccessTokens {
    AccessTokens::new(&[9; 32]).unwrap()
}

/// What the app shows now.
pub fn shown(db: &TestDb, secret: &TotpSecret) -> String {
    secret.code_at(db.clock().now())
}

pub async fn begin(db: &TestDb, user: &User) -> Result<TotpSecret, IdentityError> {
    let who = verified(db, user).await;
    let mut tx = db.db().begin().await.unwrap();
    let secret = factors().begin(&mut tx, &who, db.ids(), &*db.clock()).await?;
    tx.commit().await.unwrap();
    Ok(secret)
}

pub async fn confirm(
    db: &TestDb,
    user: &User,
    session: SessionId,
    code: &str,
) -> Result<Option<Vec<RecoveryCode>>, IdentityError> {
    let mut tx = db.db().begin().await.unwrap();
    let (ids, clock) = (db.ids(), db.clock());
    let codes = factors().confirm(&mut tx, user.id, session, code, (ids, &*clock)).await?;
    tx.commit().await.unwrap();
    Ok(codes)
}

/// Somebody with a second factor, a session that knows it, and a code's time gone by.
pub async fn with_factor(db: &TestDb, email: &str) -> (User, SignedIn, TotpSecret, Vec<String>) {
    let user = register(db, email).await;
    let session = sign_in(db, &user).await;
    let secret = begin(db, &user).await.unwrap();
    let code = shown(db, &secret);
    let codes = confirm(db, &user, session.session_id, &code).await.unwrap().unwrap();
    pass(db, 60);
    (user, session, secret, codes.iter().map(RecoveryCode::reveal).collect())
}

/// The second step of a sign-in.
pub async fn admit(db: &TestDb, user: &User, code: Option<&str>) -> SecondStep {
    let who = verified(db, user).await;
    let mut tx = db.db().begin().await.unwrap();
    let step = factors().admit(&mut tx, who, code, db.clock().now()).await.unwrap();
    tx.commit().await.unwrap();
    step
}

pub async fn admitted(db: &TestDb, user: &User, code: &str) -> bool {
    matches!(admit(db, user, Some(code)).await, SecondStep::Admitted(_))
}
