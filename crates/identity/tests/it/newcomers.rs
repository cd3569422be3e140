//! People who register, sign in and come back.

use identity::{
    Device, DisplayName, Email, Password, PasswordHash, Passwords, ProofToken, RefreshToken,
    Refreshed, Registration, SignedIn, User, Verified,
};
use jiff::SignedDuration;
use kernel::id::UserId;
use testkit::TestDb;

pub const PASSWORD: &str = "correct horse battery";

pub async fn hash(db: &TestDb, password: &str) -> PasswordHash {
    let password = Password::new(password).unwrap();
    Passwords::default().hash(password, db.ids()).await.unwrap()
}

/// Asks for an account.
pub async fn ask_to_register(db: &TestDb, email: &str, name: &str) -> Registration {
    let hash = hash(db, PASSWORD).await;
    let mut tx = db.db().begin().await.unwrap();
    let (email, name) = (Email::new(email).unwrap(), DisplayName::new(name).unwrap());
    let registered = identity::register(&mut tx, email, &name, &hash, db.ids(), &*db.clock()).await;
    tx.commit().await.unwrap();
    registered.unwrap()
}

/// Somebody new, and the token of the mail to verify their address.
pub async fn newcomer(db: &TestDb, email: &str) -> (User, ProofToken) {
    match ask_to_register(db, email, "王小明").await {
        Registration::Opened(user, token) => (*user, token),
        Registration::Known(user) => panic!("{user:?} was there already"),
    }
}

/// Somebody new, signed in.
pub async fn register(db: &TestDb, email: &str) -> (User, SignedIn) {
    let (user, _) = newcomer(db, email).await;
    (user, sign_in(db, email, PASSWORD).await.unwrap())
}

pub async fn sign_in(db: &TestDb, email: &str, password: &str) -> Option<SignedIn> {
    sign_in_from(db, email, password, &Device::default()).await
}

pub async fn sign_in_from(
    db: &TestDb,
    email: &str,
    password: &str,
    device: &Device,
) -> Option<SignedIn> {
    let email = Email::new(email).unwrap();
    let mut tx = db.db().begin().await.unwrap();
    let credentials = identity::credentials(&mut tx, &email).await.unwrap();
    let verified = Passwords::default().verify(credentials, password.into()).await.unwrap()?;
    let (ids, clock) = (db.ids(), db.clock());
    let session = identity::start_session(&mut tx, verified, device, ids, &*clock).await.unwrap();
    tx.commit().await.unwrap();
    session
}

/// Gives the password once more.
pub async fn prove(db: &TestDb, user: UserId, password: &str) -> Option<Verified> {
    let mut conn = db.db().acquire().await.unwrap();
    let credentials = identity::credentials_of(&mut conn, user).await.unwrap();
    Passwords::default().verify(credentials, password.into()).await.unwrap()
}

pub async fn refresh(db: &TestDb, token: &RefreshToken) -> Refreshed {
    let mut tx = db.db().begin().await.unwrap();
    let refreshed = identity::refresh(&mut tx, token, db.ids(), &*db.clock()).await.unwrap();
    tx.commit().await.unwrap();
    refreshed
}

/// The next token, or a panic.
pub async fn rotate(db: &TestDb, token: &RefreshToken) -> RefreshToken {
    match refresh(db, token).await {
        Refreshed::Granted(signed_in) => signed_in.refresh_token.clone(),
        other => panic!("{other:?}"),
    }
}

pub fn pass(db: &TestDb, seconds: i64) {
    db.clock().advance(SignedDuration::from_secs(seconds));
}

pub async fn execute(db: &TestDb, sql: &'static str) {
    let mut conn = db.owner().acquire().await.unwrap();
    sqlx::query(sql).execute(&mut *conn).await.unwrap();
}

/// One text from the database.
pub async fn text(db: &TestDb, sql: &'static str) -> String {
    let mut conn = db.owner().acquire().await.unwrap();
    sqlx::query_scalar(sql).fetch_one(&mut *conn).await.unwrap()
}
