//! More ways to reach the API: as somebody of the shop, with forms, with bodies that are no JSON.

use axum::{
    body::Body,
    http::{Method, Request, header},
};
use http_body_util::BodyExt as _;
use identity::{AccessTokens, Email, Role, User};
use kernel::id::{SessionId, UserId};
use serde_json::Value;
use tower::ServiceExt as _;

use crate::app::{Answer, TestApp, Visitor};

impl TestApp {
    /// Somebody of the shop with this role.
    pub fn staff(&self, role: Role) -> Visitor<'_> {
        self.bearer(vec![role])
    }

    /// A signed-in shopper.
    pub fn customer(&self) -> Visitor<'_> {
        self.bearer(Vec::new())
    }

    fn bearer(&self, roles: Vec<Role>) -> Visitor<'_> {
        let (clock, ids) = (self.db.shared_clock(), self.db.ids());
        let email = Email::new("somebody@example.com").unwrap();
        let user = User::new(ids.next::<UserId>(&*clock), email, "Somebody".into(), roles);
        let tokens = AccessTokens::new(&[9; 32]).unwrap();
        let token = tokens.issue(&user, ids.next::<SessionId>(&*clock), self.now()).unwrap();
        self.visitor().with("authorization", format!("Bearer {token}"))
    }

    fn now(&self) -> jiff::Timestamp {
        self.db.shared_clock().now()
    }

    /// A number from the database.
    pub async fn count(&self, sql: &'static str) -> i64 {
        let mut conn = self.db.owner().acquire().await.unwrap();
        sqlx::query_scalar(sql).fetch_one(&mut *conn).await.unwrap()
    }

    /// Posts a form.
    pub async fn form(&self, path: &str, body: &str) -> Answer {
        let form = "application/x-www-form-urlencoded";
        self.raw(Method::POST, path, body, form, None).await
    }

    /// Posts a form; the status and the text of the answer.
    pub async fn form_text(&self, path: &str, body: &str) -> (u16, String) {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body.to_owned()));
        let response = self.router.clone().oneshot(request.unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    /// Sends a body as it is.
    pub async fn raw(
        &self,
        method: Method,
        path: &str,
        body: &str,
        content_type: &str,
        key: Option<&str>,
    ) -> Answer {
        let mut request =
            Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, content_type);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { status: parts.status, headers: parts.headers, body }
    }
}
