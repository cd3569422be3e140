//! Starting, asking, killing and auditing the program.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use kernel::id::VariantId;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::TestDb;
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

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
        .env("OXCART_RATE_LIMIT_EXEMPT", "127.0.0.0/8, ::1/128")
        .env("OXCART_LOG", "warn");
    command
}

impl Program {
    /// Starts it and waits until it is ready.
    pub async fn start(db: &TestDb, data: &TempDir) -> Self {
        Self::start_with(db, data, &[]).await
    }

    /// With these settings. A port that was snatched away is tried again.
    pub async fn start_with(db: &TestDb, data: &TempDir, settings: &[(&str, &str)]) -> Self {
        let client = Client::builder()
            .connect_timeout(Duration::from_secs(10))
            .timeout(Duration::from_mins(1))
            .build()
            .unwrap();
        let began = Instant::now();
        while began.elapsed() < START_TIME {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let mut serve = command(db, data, "serve");
            serve.envs(settings.iter().copied());
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

    /// SIGTERM: it is to stop, gracefully.
    pub fn terminate(&self) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
    }

    /// Waits until it has ended; whether it ended well.
    pub async fn ended(&mut self) -> bool {
        let began = Instant::now();
        while began.elapsed() < START_TIME {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.success();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the program did not end");
    }

    /// A connection of one's own, with this already said.
    pub async fn connect(&self, text: &str) -> TcpStream {
        let address = self.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    /// A number at `/metrics`.
    pub async fn metric(&self, name: &str) -> f64 {
        let text = self.client.get(format!("{}/metrics", self.url)).send().await.unwrap();
        let text = text.text().await.unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
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

/// An order for one unit.
pub fn body(variant: VariantId) -> Value {
    json!({
        "items": [{"variant_id": variant, "quantity": 1}],
        "contact": {"email": "a@example.com", "phone": "0912345678"},
        "shipping_address": {
            "name": "王小明", "phone": "0912345678", "postal_code": "100", "city": "臺北市",
            "district": "中正區", "address1": "重慶南路一段 122 號"
        },
        "shipping_method": "home_delivery", "payment_method": "ecpay_credit"
    })
}

/// Asks for one unit with this key.
pub async fn order(client: &Client, url: &str, variant: VariantId, key: &str) -> Answer {
    let request = client.post(format!("{url}/api/orders")).header("idempotency-key", key);
    let Ok(answer) = request.json(&body(variant)).send().await else { return Answer::Lost };
    let status = answer.status().as_u16();
    match answer.json::<Value>().await {
        Ok(body) if status == 201 => Answer::Placed(body),
        Ok(body) => Answer::Refused(status, body),
        Err(_) => Answer::Lost,
    }
}

/// `oxcart audit`: whether it found nothing wrong, and what it printed.
pub fn audit(db: &TestDb, data: &TempDir) -> (bool, String) {
    run(db, data, &["audit"])
}

/// A short command: whether it went well, and what it printed.
pub fn run(db: &TestDb, data: &TempDir, words: &[&str]) -> (bool, String) {
    let output = command(db, data, words[0]).args(&words[1..]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.success(), text + &String::from_utf8_lossy(&output.stderr))
}

/// A number from the database.
pub async fn count(db: &TestDb, sql: &'static str) -> i64 {
    let mut conn = db.owner().acquire().await.unwrap();
    sqlx::query_scalar(sql).fetch_one(&mut *conn).await.unwrap()
}
