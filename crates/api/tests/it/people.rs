//! People with an account and a session of their own.

use serde_json::json;

use crate::app::{TestApp, Visitor};

pub const PASSWORD: &str = "correct horse battery";

impl TestApp {
    /// Somebody who has registered and signed in.
    pub async fn person(&self, email: &str) -> Visitor<'_> {
        let mut visitor = self.visitor();
        let account = json!({"email": email, "password": PASSWORD, "name": "王小明"});
        visitor.post("/api/auth/register", account).await.ok(202);
        visitor
            .post("/api/auth/login", json!({"email": email, "password": PASSWORD}))
            .await
            .ok(200);
        visitor
    }
}
