//! How people come by their accounts: registered, verified, with a password; and what nobody else
//! learns of it. What they keep there is in [`crate::belongings`].

use serde_json::{Value, json};

use crate::{
    app::{Answer, TestApp},
    orders::order,
    people::PASSWORD,
};

/// A mail that waits to be sent.
#[derive(Debug, PartialEq, Eq)]
pub struct Mail {
    pub kind: String,
    to: String,
    locale: String,
    link: String,
}

impl Mail {
    /// What its link carries.
    fn token(&self) -> &str {
        self.link.split_once("?token=").unwrap_or_else(|| panic!("{}", self.link)).1
    }
}

impl TestApp {
    /// Every mail about accounts, the first one first.
    async fn mails(&self) -> Vec<Mail> {
        let mut conn = self.db.owner().acquire().await.unwrap();
        let rows: Vec<(String, Value)> =
            sqlx::query_as("SELECT kind, payload FROM outbox.jobs ORDER BY id")
                .fetch_all(&mut *conn)
                .await
                .unwrap();
        let field = |payload: &Value, name: &str| payload[name].as_str().unwrap().to_owned();
        rows.into_iter()
            .map(|(kind, payload)| Mail {
                kind,
                to: field(&payload, "email"),
                locale: field(&payload, "locale"),
                link: field(&payload, "link"),
            })
            .collect()
    }

    pub async fn last_mail(&self) -> Mail {
        self.mails().await.pop().unwrap()
    }

    /// Everything that is known of people, as text.
    pub async fn accounts(&self) -> String {
        let mut conn = self.db.owner().acquire().await.unwrap();
        let sql = "SELECT concat(
                 (SELECT string_agg(u::text, E'\\n' ORDER BY id) FROM identity.users u),
                 (SELECT string_agg(a::text, E'\\n' ORDER BY id) FROM identity.addresses a),
                 (SELECT string_agg(format('%s %s', id, ended_at), E'\\n' ORDER BY id)
                  FROM identity.sessions))";
        sqlx::query_scalar(sql).fetch_one(&mut *conn).await.unwrap()
    }
}

pub async fn register(app: &TestApp, email: &str) -> Answer {
    let account = json!({"email": email, "password": PASSWORD, "name": "王小明"});
    app.visitor().post("/api/auth/register", account).await
}

pub async fn login(app: &TestApp, email: &str, password: &str) -> Answer {
    let who = json!({"email": email, "password": password});
    app.visitor().post("/api/auth/login", who).await
}

async fn forgot(app: &TestApp, email: &str) -> Answer {
    app.visitor().post("/api/auth/password/forgot", json!({"email": email})).await
}

async fn reset(app: &TestApp, token: &str, password: &str) -> Answer {
    let body = json!({"token": token, "password": password});
    app.visitor().post("/api/auth/password/reset", body).await
}

async fn verify(app: &TestApp, token: &str) -> Answer {
    app.visitor().post("/api/auth/email/verify", json!({"token": token})).await
}

/// The whole answer but its trace id.
fn seen(mut answer: Answer) -> String {
    answer.headers.remove("x-trace-id");
    format!("{} {:?} {}", answer.status, answer.headers, answer.body)
}

#[tokio::test]
async fn registering_tells_nobody_but_the_addresss_owner_whether_it_has_an_account() {
    let app = TestApp::new().await;
    let new = seen(register(&app, "a@example.com").await);
    let before = app.accounts().await;
    let known = seen(register(&app, "A@example.com").await);
    assert_eq!(new, known, "byte for byte");
    assert_eq!(app.accounts().await, before, "nothing else has changed");
    let mails = app.mails().await;
    let kinds: Vec<&str> = mails.iter().map(|mail| mail.kind.as_str()).collect();
    assert_eq!(kinds, ["send_verify_email", "send_already_registered"]);
    assert!(mails[0].link.starts_with("http://shop.test/verify-email?token="));
    assert_eq!(mails[0].token().len(), 43);
    assert_eq!(mails[1].link, "http://shop.test/login");
    assert!(mails.iter().all(|mail| mail.to == "a@example.com" && mail.locale == "zh-TW"));
    assert_eq!(app.count("SELECT count(*) FROM identity.sessions").await, 0);
}

#[tokio::test]
async fn mails_speak_the_language_they_were_asked_for_in() {
    let app = TestApp::new().await;
    let account = json!({"email": "a@example.com", "password": PASSWORD, "name": "Ann"});
    let mut english = app.visitor().with("accept-language", "en");
    english.post("/api/auth/register", account).await.ok(202);
    let mail = app.last_mail().await;
    assert_eq!(mail.locale, "en");
    assert!(mail.link.starts_with("http://shop.test/en/verify-email?token="), "{}", mail.link);
}

#[tokio::test]
async fn an_address_is_verified_once_and_in_time() {
    let app = TestApp::new().await;
    register(&app, "a@example.com").await.ok(202);
    let token = app.last_mail().await.token().to_owned();
    let before = app.accounts().await;
    for bad in ["", "x", &"A".repeat(43), &token[..42]] {
        assert_eq!(verify(&app, bad).await.problem(422), "TOKEN_INVALID", "{bad}");
    }
    let long = verify(&app, &"A".repeat(200)).await;
    assert_eq!(long.problem(422), "VALIDATION_FAILED");
    assert_eq!(reset(&app, &token, "a brand new password").await.problem(422), "TOKEN_INVALID");
    assert_eq!(app.accounts().await, before, "and it was not used up");
    assert_eq!(verify(&app, &token).await.ok(200), json!({"email": "a@example.com"}));
    assert_eq!(verify(&app, &token).await.problem(422), "TOKEN_INVALID");

    register(&app, "b@example.com").await.ok(202);
    let token = app.last_mail().await.token().to_owned();
    app.pass(3 * 24 * 3600);
    assert_eq!(verify(&app, &token).await.problem(422), "TOKEN_INVALID");
    let verified = "SELECT count(*) FROM identity.users WHERE email_verified_at IS NOT NULL";
    assert_eq!(app.count(verified).await, 1);
}

#[tokio::test]
async fn the_mail_to_verify_comes_again_for_whoever_is_signed_in() {
    let app = TestApp::new().await;
    let mut person = app.person("a@example.com").await;
    assert_eq!(person.get("/api/me").await.ok(200)["email_verified"], false);
    let resend = "/api/auth/email/verify/resend";
    assert_eq!(person.post(resend, json!({})).await.ok(202), json!({"status": "check_email"}));
    let mail = app.last_mail().await;
    assert_eq!((mail.kind.as_str(), app.mails().await.len()), ("send_verify_email", 2));
    verify(&app, mail.token()).await.ok(200);
    assert_eq!(person.get("/api/me").await.ok(200)["email_verified"], true);
    person.post(resend, json!({})).await.ok(202);
    assert_eq!(app.mails().await.len(), 2, "nothing is left to verify");
    assert_eq!(app.visitor().post(resend, json!({})).await.problem(401), "AUTH_UNAUTHORIZED");
}

#[tokio::test]
async fn a_verified_address_claims_what_was_bought_with_it_as_a_guest() {
    let app = TestApp::new().await;
    let place = async |email: &str, key: &'static str| {
        let mut body = order(&[(app.shop.mug_white, 1)]);
        body["contact"]["email"] = json!(email);
        app.visitor().with("idempotency-key", key).post("/api/orders", body).await.ok(201)
    };
    let mine = place("Wang@Example.com", "k1").await;
    place("somebody@example.com", "k2").await;
    let mut person = app.person("wang@example.com").await;
    let token = app.last_mail().await.token().to_owned();
    assert_eq!(person.get("/api/orders").await.ok(200)["items"], json!([]));
    let path = format!("/api/orders/{}", mine["id"].as_str().unwrap());
    assert_eq!(person.get(&path).await.problem(404), "ORDER_NOT_FOUND");

    verify(&app, &token).await.ok(200);
    let orders = person.get("/api/orders").await.ok(200);
    assert_eq!(orders["items"].as_array().unwrap().len(), 1);
    assert_eq!(orders["items"][0]["id"], mine["id"]);
    person.get(&path).await.ok(200);
    // The guest's own link still opens it, and everything still adds up when it is cancelled.
    let link = mine["access_token"].as_str().unwrap();
    app.visitor().with("x-order-token", link).get(&path).await.ok(200);
    person.post(&format!("{path}/cancel"), json!({})).await.ok(200);
    app.db.assert_ledger_balanced().await;
    let guests = "SELECT count(*) FROM orders.orders WHERE customer_id IS NULL";
    assert_eq!(app.count(guests).await, 1, "the other address's order is nobody's still");
}

#[tokio::test]
async fn a_forgotten_password_tells_nobody_whether_there_is_an_account() {
    let app = TestApp::new().await;
    register(&app, "a@example.com").await.ok(202);
    let known = seen(forgot(&app, "a@example.com").await);
    let unknown = seen(forgot(&app, "nobody@example.com").await);
    assert_eq!(known, unknown, "byte for byte");
    assert_eq!(forgot(&app, "nobody").await.problem(422), "VALIDATION_FAILED");
    let mails = app.mails().await;
    assert_eq!(mails.len(), 2, "{mails:?}");
    let mail = mails.last().unwrap();
    assert_eq!((mail.kind.as_str(), mail.to.as_str()), ("send_reset_password", "a@example.com"));
    assert!(mail.link.starts_with("http://shop.test/reset-password?token="));
}

#[tokio::test]
async fn a_new_password_ends_every_session_and_works_once() {
    let app = TestApp::new().await;
    let mut person = app.person("a@example.com").await;
    forgot(&app, "a@example.com").await.ok(202);
    let token = app.last_mail().await.token().to_owned();

    let before = app.accounts().await;
    for easy in ["short", "Password123!", "a@example.com", "王小明王小明王小明王"] {
        let answer = reset(&app, &token, easy).await;
        assert_eq!(answer.problem(422), "VALIDATION_FAILED", "{easy}");
        assert_eq!(answer.body["errors"][0]["pointer"], "/password");
    }
    assert_eq!(app.accounts().await, before);
    person.get("/api/me").await.ok(200);

    assert_eq!(reset(&app, &token, "a brand new password").await.status.as_u16(), 204);
    assert_eq!(reset(&app, &token, "yet another password").await.problem(422), "TOKEN_INVALID");
    assert_eq!(person.get("/api/me").await.problem(401), "AUTH_UNAUTHORIZED");
    let refreshed = person.post("/api/auth/refresh", json!({})).await;
    assert_eq!(refreshed.problem(401), "AUTH_UNAUTHORIZED");
    assert_eq!(
        login(&app, "a@example.com", PASSWORD).await.problem(401),
        "AUTH_INVALID_CREDENTIALS"
    );
    let session = login(&app, "a@example.com", "a brand new password").await.ok(200);
    assert_eq!(session["user"]["email_verified"], true, "whoever has the link reads the mail");
    let mail = app.last_mail().await;
    assert_eq!(mail.kind, "send_password_changed");
    assert_eq!(mail.link, "http://shop.test/forgot-password");
}

#[tokio::test]
async fn an_old_link_sets_no_password() {
    let app = TestApp::new().await;
    let mut person = app.person("a@example.com").await;
    forgot(&app, "a@example.com").await.ok(202);
    let token = app.last_mail().await.token().to_owned();
    app.pass(30 * 60);
    person.post("/api/auth/refresh", json!({})).await.ok(200);
    let (before, mails) = (app.accounts().await, app.mails().await);
    assert_eq!(reset(&app, &token, "a brand new password").await.problem(422), "TOKEN_INVALID");
    assert_eq!(verify(&app, &token).await.problem(422), "TOKEN_INVALID");
    assert_eq!((app.accounts().await, app.mails().await), (before, mails));
    login(&app, "a@example.com", PASSWORD).await.ok(200);
}

#[tokio::test]
async fn a_password_is_changed_by_whoever_knows_it() {
    let app = TestApp::new().await;
    let mut here = app.person("a@example.com").await;
    let mut there = app.visitor();
    let who = json!({"email": "a@example.com", "password": PASSWORD});
    there.post("/api/auth/login", who).await.ok(200);
    let change =
        |current: &str, new: &str| json!({"current_password": current, "new_password": new});
    let (before, mails) = (app.accounts().await, app.mails().await);
    let wrong = here.post("/api/me/password", change("wrong password", "a brand new password"));
    assert_eq!(wrong.await.problem(401), "AUTH_INVALID_CREDENTIALS");
    for easy in ["short", "qwertyuiop12", "a@example.com"] {
        let answer = here.post("/api/me/password", change(PASSWORD, easy)).await;
        assert_eq!(answer.problem(422), "VALIDATION_FAILED");
        assert_eq!(answer.body["errors"][0]["pointer"], "/new_password");
    }
    let stranger =
        app.visitor().post("/api/me/password", change(PASSWORD, "a brand new password")).await;
    assert_eq!(stranger.problem(401), "AUTH_UNAUTHORIZED");
    assert_eq!((app.accounts().await, app.mails().await), (before, mails));

    let changed = here.post("/api/me/password", change(PASSWORD, "a brand new password")).await;
    assert_eq!(changed.status.as_u16(), 204);
    here.get("/api/me").await.ok(200);
    assert_eq!(there.get("/api/me").await.problem(401), "AUTH_UNAUTHORIZED");
    assert_eq!(there.post("/api/auth/refresh", json!({})).await.problem(401), "AUTH_UNAUTHORIZED");
    assert_eq!(
        login(&app, "a@example.com", PASSWORD).await.problem(401),
        "AUTH_INVALID_CREDENTIALS"
    );
    login(&app, "a@example.com", "a brand new password").await.ok(200);
    assert_eq!(app.last_mail().await.kind, "send_password_changed");
}
