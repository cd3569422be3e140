//! Starting, asking, killing and auditing the program.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use kernel::id::VariantId;
use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::TestDb;

/// How long a start may take on a busy machine.
const START_TIME: Duration = Duration::from_mins(1);

/// `oxcart serve` on a port of its own.
pub struct Program {
    child: Child,
    url: String,
    client: Client,
}

/// What a client learnt of its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// `201` with this body.
    Placed(Value),
    /// Another status with this problem.
    Refused(u16, Value),
    /// No answer: placed or not, only the key can tell.
    Lost,
}

fn command(db: &TestDb, data: &TempDir, name: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oxcart"));
    command
        .arg(name)
        .env("DATABASE_URL", db.owner_url())
        .env("OXCART_DATA", data.path())
        .env("OXCART_WEB_URL", "http://127.0.0.1:9")
        .env("OXCART_ECPAY_MODE", "stage")
        .env("OXCART_ADMIN_EMAIL", "admin@example.com")
        .env("OXCART_ADMIN_PASSWORD", "a test's administrator")
        .env("OXCART_LOG", "warn");
    command
}

impl Program {
    /// Starts it and waits until it is ready. A port that was snatched away is tried again.
    pub async fn start(db: &TestDb, data: &TempDir) -> Self {
        let client = Client::builder()
            .connect_timeout(Duration::from_secs(10))
            .timeout(Duration::from_mins(1))
            .build()
            .unwrap();
        let began = Instant::now();
        while began.elapsed() < START_TIME {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let mut serve = command(db, data, "serve");
            serve.env("PORT", port.to_string()).stdin(Stdio::null());
            let url = format!("http://127.0.0.1:{port}");
            let mut program = Self { child: serve.spawn().unwrap(), url, client: client.clone() };
            while began.elapsed() < START_TIME && program.child.try_wait().unwrap().is_none() {
                let ready = client.get(format!("{}/readyz", program.url)).send().await;
                if ready.is_ok_and(|answer| answer.status().is_success()) {
                    return program;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        panic!("the program did not become ready");
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks for one unit with this key.
    pub async fn order(&self, variant: VariantId, key: &str) -> Answer {
        order(&self.client, &self.url, variant, key).await
    }

    /// For clients that live longer than the program.
    pub fn address(&self) -> (Client, String) {
        (self.client.clone(), self.url.clone())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Asks for one unit with this key.
pub async fn order(client: &Client, url: &str, variant: VariantId, key: &str) -> Answer {
    let body = json!({
        "items": [{"variant_id": variant, "quantity": 1}],
        "contact": {"email": "a@example.com", "phone": "0912345678"},
        "shipping_address": {
            "name": "王小明", "phone": "0912345678", "postal_code": "100", "city": "臺北市",
            "district": "中正區", "address1": "重慶南路一段 122 號"
        },
        "shipping_method": "home_delivery", "payment_method": "ecpay_credit"
    });
    let request = client.post(format!("{url}/api/orders")).header("idempotency-key", key);
    let Ok(answer) = request.json(&body).send().await else { return Answer::Lost };
    let status = answer.status().as_u16();
    match answer.json::<Value>().await {
        Ok(body) if status == 201 => Answer::Placed(body),
        Ok(body) => Answer::Refused(status, body),
        Err(_) => Answer::Lost,
    }
}

/// `oxcart audit`: whether it found nothing wrong, and what it printed.
pub fn audit(db: &TestDb, data: &TempDir) -> (bool, String) {
    let output = command(db, data, "audit").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.success(), text + &String::from_utf8_lossy(&output.stderr))
}

/// A number from the database.
pub async fn count(db: &TestDb, sql: &'static str) -> i64 {
    let mut conn = db.owner().acquire().await.unwrap();
    sqlx::query_scalar(sql).fetch_one(&mut *conn).await.unwrap()
}
