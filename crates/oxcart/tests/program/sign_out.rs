//! Several servers over one database: what one of them ends, ends at all of them, and a key that
//! follows another signs nobody out.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::TestDb;

use crate::program::{Program, run};

const PASSWORD: &str = "correct horse battery";
/// The promise is a second. Two servers, a database and other tests share two processors here.
const PATIENCE: Duration = Duration::from_secs(10);

async fn post(program: &Program, path: &str, body: &Value) -> (u16, Value) {
    let (client, url) = program.address();
    let answer = client.post(format!("{url}{path}")).json(body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

/// Whether the server believes this token.
async fn knows(program: &Program, token: &str) -> bool {
    let (client, url) = program.address();
    let answer = client.get(format!("{url}/api/me")).bearer_auth(token).send().await.unwrap();
    match answer.status().as_u16() {
        200 => true,
        401 => false,
        status => panic!("{status}"),
    }
}

/// Asks until the server does not believe the token any more.
async fn forgets(program: &Program, token: &str) {
    let began = Instant::now();
    while knows(program, token).await {
        assert!(began.elapsed() < PATIENCE, "the token is still believed");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn sign_in(program: &Program) -> String {
    let body = json!({"email": "a@example.com", "password": PASSWORD});
    let (status, session) = post(program, "/api/auth/login", &body).await;
    assert_eq!(status, 200, "{session}");
    session["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_one_server_ends_ends_at_all_of_them_and_a_new_key_ends_nothing() {
    let (db, data) = (TestDb::new().await, [TempDir::new().unwrap(), TempDir::new().unwrap()]);
    let (one, two) = tokio::join!(Program::start(&db, &data[0]), Program::start(&db, &data[1]));
    let account = json!({"email": "a@example.com", "password": PASSWORD, "name": "王小明"});
    assert_eq!(post(&one, "/api/auth/register", &account).await.0, 202);

    let (ended, kept) = (sign_in(&one).await, sign_in(&two).await);
    assert!(knows(&two, &ended).await && knows(&one, &kept).await);
    let (client, url) = one.address();
    let out = client.post(format!("{url}/api/auth/logout")).bearer_auth(&ended);
    assert_eq!(out.send().await.unwrap().status().as_u16(), 204);
    assert!(!knows(&one, &ended).await, "where it was ended, at once");
    forgets(&two, &ended).await;
    assert!(knows(&one, &kept).await && knows(&two, &kept).await);

    let (ok, said) = run(&db, &data[0], &["keys", "rotate"]);
    assert!(ok && said.contains("nobody is signed out"), "{said}");
    assert!(knows(&one, &kept).await && knows(&two, &kept).await);
    let (ok, said) = run(&db, &data[0], &["keys", "rotate", "--at-once"]);
    assert!(ok && said.contains("from now on"), "{said}");
    forgets(&one, &kept).await;
    forgets(&two, &kept).await;
    let fresh = sign_in(&one).await;
    assert!(knows(&one, &fresh).await && knows(&two, &fresh).await);
}
