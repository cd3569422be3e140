//! Every route, tried as every kind of actor. The table of who gets through is generated from the
//! routes' own rules and kept beside this file; whoever is turned away has changed nothing.

use std::fmt::Write as _;

use api::access::{RULES, RouteRule};
use axum::http::Method;
use identity::{AccessTokens, Email, Role, User};
use kernel::id::{SessionId, UserId};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{Answer, TestApp, Visitor};

/// Who tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    /// Nobody known.
    Guest,
    /// A customer who owns nothing that is asked for.
    Stranger,
    /// The customer whose order and account it is.
    Owner,
    Warehouse,
    Ops,
    Admin,
    /// A program with an administrator's key, for reading stock only.
    Key,
    /// An administrator who was dismissed a moment ago, with a token that has not run out.
    Dismissed,
}

const ALL: [Who; 8] = [
    Who::Guest,
    Who::Stranger,
    Who::Owner,
    Who::Warehouse,
    Who::Ops,
    Who::Admin,
    Who::Key,
    Who::Dismissed,
];

impl Who {
    fn id(self) -> UserId {
        Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0a00 + self as u128).into()
    }

    const fn roles(self) -> &'static [Role] {
        match self {
            Self::Warehouse => &[Role::Warehouse],
            Self::Ops => &[Role::Ops],
            Self::Admin | Self::Key | Self::Dismissed => &[Role::Admin],
            Self::Guest | Self::Stranger | Self::Owner => &[],
        }
    }
}

/// A shop with all of them, and an order of the owner.
struct Stage {
    app: TestApp,
    order: String,
    key: String,
    /// A token from before the dismissal.
    dismissed: String,
}

impl Stage {
    async fn set() -> Self {
        let app = TestApp::new().await;
        app.index().await;
        let mut conn = app.db.owner().acquire().await.unwrap();
        for who in ALL.into_iter().filter(|who| *who != Who::Guest) {
            let roles: Vec<String> = who.roles().iter().map(|it| it.as_str().to_owned()).collect();
            sqlx::query(
                "INSERT INTO identity.users (id, email, name, password_hash, roles, created_at, updated_at)
                 VALUES ($1, $2, $3, 'x', $4, now(), now())",
            )
            .bind(who.id().as_uuid())
            .bind(format!("{who:?}@example.com"))
            .bind(format!("{who:?}"))
            .bind(roles)
            .execute(&mut *conn)
            .await
            .unwrap();
        }
        drop(conn);
        let dismissed = String::new();
        let mut stage = Self { app, order: String::new(), key: String::new(), dismissed };
        stage.dismissed = stage.token(Who::Dismissed);
        let scope = json!({"name": "stock", "scopes": ["stock_read"]});
        let key = stage.visitor(Who::Key).post("/api/me/api-keys", scope).await.ok(201);
        stage.key = key["key"].as_str().unwrap().to_owned();
        let body = order_body(&stage.app);
        let mut owner = stage.visitor(Who::Owner).with("idempotency-key", stage.new_key());
        let order = owner.post("/api/orders", body).await.ok(201);
        stage.order = order["id"].as_str().unwrap().to_owned();
        stage.app.pass(2);
        let path = format!("/api/admin/users/{}", Who::Dismissed.id());
        let dismissal = json!({"active": false, "reason": "left the company"});
        stage.visitor(Who::Admin).patch(&path, dismissal).await.ok(200);
        stage
    }

    fn visitor(&self, who: Who) -> Visitor<'_> {
        let visitor = self.app.visitor();
        match who {
            Who::Guest => visitor,
            Who::Dismissed if !self.dismissed.is_empty() => {
                visitor.with("authorization", format!("Bearer {}", self.dismissed))
            }
            Who::Key if !self.key.is_empty() => {
                visitor.with("authorization", format!("Bearer {}", self.key))
            }
            _ => visitor.with("authorization", format!("Bearer {}", self.token(who))),
        }
    }

    /// An idempotency key that nobody has used.
    fn new_key(&self) -> String {
        Uuid::from_bytes(self.app.db.ids().bytes()).to_string()
    }

    fn token(&self, who: Who) -> String {
        let clock = self.app.db.shared_clock();
        let email = Email::new("somebody@example.com").unwrap();
        let user = User::new(who.id(), email, format!("{who:?}"), who.roles().to_vec());
        let tokens = AccessTokens::new(&[9; 32]).unwrap();
        let session = self.app.db.ids().next::<SessionId>(&*clock);
        tokens.issue(&user, session, clock.now()).unwrap()
    }

    /// Everything the database holds, but for what asking alone may write.
    async fn fingerprint(&self) -> String {
        let but = ["identity.api_keys", "outbox.lanes", "access.decisions"];
        self.app.db.fingerprint(&but).await
    }

    async fn call(&self, rule: &RouteRule, who: Who) -> Answer {
        let path = rule
            .path
            .replace("/orders/{id}", &format!("/orders/{}", self.order))
            .replace("/admin/users/{id}", &format!("/admin/users/{}", Who::Owner.id()))
            .replace("{variant_id}", &self.app.shop.mug_white.to_string())
            .replace("{version}", "0")
            .replace("{name}", "audit")
            .replace("{delivery_id}", "01990000-0000-7000-8000-0000000000fe")
            .replace("{kind}", "order_paid")
            .replace("{return_id}", "01990000-0000-7000-8000-0000000000fe")
            .replace("{slug}", "kitchen")
            .replace("{position}", "1")
            .replace("{day}", "2026-05-31")
            .replace("{refund_id}", "01990000-0000-7000-8000-0000000000fe")
            .replace("{code}", "ecpay_atm")
            .replace("{id}", "01990000-0000-7000-8000-0000000000ff");
        let method: Method = rule.method.parse().unwrap();
        let body = (method != Method::GET).then(|| self.body(rule));
        let key = self.new_key();
        self.visitor(who).with("idempotency-key", key).send(method, &path, body).await
    }

    /// A body that would be good enough to do something.
    fn body(&self, rule: &RouteRule) -> Value {
        let reason = "because";
        match (rule.method, rule.path) {
            ("POST", "/api/orders") => order_body(&self.app),
            ("POST", "/api/admin/inventory/{variant_id}/receive") => {
                json!({"warehouse_id": self.app.shop.taipei, "quantity": 1, "reason": reason})
            }
            ("PUT", "/api/admin/inventory/{variant_id}/safety-stock") => {
                json!({"warehouse_id": self.app.shop.taipei, "safety_stock": 1})
            }
            ("POST", "/api/admin/transfers") => json!({
                "from_warehouse_id": self.app.shop.taipei,
                "to_warehouse_id": self.app.shop.kaohsiung,
                "lines": [{"variant_id": self.app.shop.tote_old, "quantity": 1}],
            }),
            ("POST", "/api/admin/stocktakes") => json!({
                "warehouse_id": self.app.shop.taipei, "variant_ids": [self.app.shop.tote_old],
            }),
            (
                "POST",
                "/api/admin/orders/{id}/cancel"
                | "/api/admin/dead-letters/replay"
                | "/api/orders/{id}/refunds",
            ) => json!({"reason": reason}),
            ("POST", "/api/admin/orders/{id}/shipments") => {
                json!({"warehouse_id": self.app.shop.taipei})
            }
            ("POST", "/api/orders/{id}/returns") => {
                json!({"cause": "other", "lines": [{"line_no": 1, "quantity": 1}]})
            }
            ("PATCH", "/api/admin/users/{id}") => json!({"roles": ["ops"], "reason": reason}),
            ("POST", "/api/admin/policies") => json!({"files": [], "comment": reason}),
            ("POST", "/api/admin/policies/{version}/activate") => {
                json!({"instead_of": 0, "reason": reason})
            }
            ("POST", "/api/admin/policies/explain") => json!({"question": {
                "subject": {"user_id": null}, "action": "order_read",
                "resource": {"kind": "Order"},
                "circumstances": {"time": "2026-11-21T00:00:00Z", "source": "session"}
            }}),
            ("POST", "/api/cart/items") => {
                json!({"variant_id": self.app.shop.mug_white, "quantity": 1})
            }
            ("POST", "/api/orders/{id}/payments") => json!({"method": "ecpay_credit"}),
            ("POST", "/api/admin/webhooks") => json!({
                "url": "https://erp.example/hooks", "description": "ERP", "events": ["*"],
            }),
            ("PUT", path) if path.ends_with("/account") => json!({
                "bank_code": "812", "account_number": "20001234567890", "holder": "Somebody",
            }),
            ("POST", "/api/admin/refunds/{id}/confirm") => json!({"reference": "T-1"}),
            ("POST", path) if path.starts_with("/api/admin/refunds/") => json!({"reason": reason}),
            ("POST", "/api/admin/payment-tasks/{id}/resolve") => {
                json!({"answer": "accept", "reason": reason})
            }
            ("PATCH", "/api/me") => json!({"name": "Another"}),
            _ => json!({}),
        }
    }
}

fn order_body(app: &TestApp) -> Value {
    crate::orders::order(&[(app.shop.mug_white, 1)])
}

/// Whether somebody was turned away, and how; everything else got through to the handler.
fn denied(answer: &Answer) -> Option<u16> {
    let code = answer.body["code"].as_str().unwrap_or_default();
    let away = ["AUTH_UNAUTHORIZED", "FORBIDDEN", "ORDER_NOT_FOUND"].contains(&code);
    away.then(|| answer.status.as_u16())
}

#[tokio::test]
async fn every_route_is_tried_by_every_actor_and_who_is_turned_away_changed_nothing() {
    let stage = Stage::set().await;
    let mut table = String::new();
    let mut before = stage.fingerprint().await;
    // What deletes accounts comes last, so that there is somebody to try the others.
    let (ends, others): (Vec<&RouteRule>, Vec<&RouteRule>) =
        RULES.iter().partition(|rule| rule.method == "DELETE" && rule.path == "/api/me");
    for rule in others.into_iter().chain(ends).filter(|it| !it.path.starts_with("/api/dev/")) {
        write!(table, "{:6} {:45}", rule.method, rule.path).unwrap();
        for who in ALL {
            let answer = stage.call(rule, who).await;
            assert!(answer.status.as_u16() < 500, "{who:?} {rule:?}: {:?}", answer.body);
            let after = stage.fingerprint().await;
            match denied(&answer) {
                Some(status) => {
                    assert_eq!(after, before, "{who:?} {rule:?} changed something");
                    write!(table, " {status}").unwrap();
                }
                None => table.push_str("  ok"),
            }
            before = after;
        }
        table.push('\n');
    }
    let head = format!("{:52} guest stranger owner warehouse ops admin key dismissed\n", "");
    insta::assert_snapshot!("actors", head + &table);
}
