//! A database that stands still: what does not fit in the queue is refused at once, what was
//! accepted is answered, also when the program is told to stop meanwhile.

use std::time::{Duration, Instant};

use futures::future::join_all;
use kernel::id::VariantId;
use reqwest::Response;
use serde_json::Value;
use testkit::{TestDb, seed::Shop};
use tokio::{task::JoinHandle, time::sleep};
use tokio_util::task::TaskTracker;

use crate::program::{Program, audit, body, count};

const NARROW: [(&str, &str); 3] =
    [("OXCART_INTAKE_QUEUE", "8"), ("OXCART_INTAKE_BATCH", "4"), ("OXCART_INTAKE_BATCHERS", "1")];
/// The stock is held no longer than this: PostgreSQL's own limit for locks is longer.
const HELD: Duration = Duration::from_secs(6);

/// Asks for one unit.
fn ask(
    program: &Program,
    variant: VariantId,
    key: String,
    prefer: &'static str,
) -> JoinHandle<Response> {
    let (client, url) = program.address();
    TaskTracker::new().spawn(async move {
        let request = client.post(format!("{url}/api/orders")).header("idempotency-key", key);
        let request = request.header("prefer", prefer).json(&body(variant));
        request.send().await.unwrap()
    })
}

/// Holds the stock, so that no order can be placed, until it is dropped.
async fn hold(db: &TestDb) -> pg::Transaction {
    let mut holding = db.owner().begin().await.unwrap();
    sqlx::query("SELECT FROM inventory.stock FOR UPDATE").execute(&mut *holding).await.unwrap();
    holding
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_refuses_at_once_and_whoever_is_in_it_is_answered() {
    let (db, data) = (TestDb::new().await, tempfile::tempdir().unwrap());
    let shop = Shop::small(&db).await;
    let program = Program::start_with(&db, &data, &NARROW).await;
    let holding = hold(&db).await;
    let mut asked = Vec::new();
    for number in 0..40 {
        let prefer = if number % 2 == 0 { "respond-async" } else { "wait" };
        asked.push(ask(&program, shop.tote_large, format!("buyer-{number}"), prefer));
    }
    // Everybody but those who wait in the queue, and those in the batch that waits for the stock.
    let began = Instant::now();
    while asked.iter().filter(|asked| !asked.is_finished()).count() > 12 {
        assert!(began.elapsed() < HELD, "the others hang, too");
        sleep(Duration::from_millis(10)).await;
    }
    sleep(Duration::from_millis(300)).await;
    drop(holding);
    let mut counts = [0; 3];
    for asked in asked {
        let answer = asked.await.unwrap();
        let status = answer.status().as_u16();
        let retry_after = answer.headers().get("retry-after").cloned();
        let body: Value = answer.json().await.unwrap();
        match status {
            201 => counts[0] += 1,
            202 => counts[1] += 1,
            503 => {
                assert_eq!(body["code"], "QUEUE_FULL");
                let seconds: u64 = retry_after.unwrap().to_str().unwrap().parse().unwrap();
                assert!((1..=5).contains(&seconds), "{seconds}");
                counts[2] += 1;
            }
            _ => panic!("{status}: {body}"),
        }
    }
    let [placed, accepted, refused] = counts;
    assert_eq!(placed + accepted + refused, 40);
    assert!((8..=16).contains(&(placed + accepted)), "{counts:?}");
    // Nothing was written for those refused, and everything for the others.
    let orders = async || count(&db, "SELECT count(*) FROM orders.orders").await;
    let began = Instant::now();
    while orders().await < placed + accepted && began.elapsed() < Duration::from_secs(10) {
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(orders().await, placed + accepted);
    // Asking again with the same keys places the rest, each once.
    for number in 0..40 {
        let answer =
            ask(&program, shop.tote_large, format!("buyer-{number}"), "wait").await.unwrap();
        assert_eq!(answer.status(), 201);
    }
    assert_eq!(orders().await, 40);
    let (clean, text) = audit(&db, &data);
    assert!(clean, "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_told_to_stop_answers_what_it_accepted_and_nothing_else() {
    let (db, data) = (TestDb::new().await, tempfile::tempdir().unwrap());
    let shop = Shop::small(&db).await;
    let mut program = Program::start(&db, &data).await;
    let holding = hold(&db).await;
    let mut waiting = Vec::new();
    for number in 0..30 {
        waiting.push(ask(&program, shop.tote_large, format!("buyer-{number}"), "wait"));
    }
    let accepted = (0..10)
        .map(|number| ask(&program, shop.tote_large, format!("absent-{number}"), "respond-async"));
    for asked in join_all(accepted).await {
        assert_eq!(asked.unwrap().status(), 202);
    }
    // An idle connection, and a stream that would go on.
    let _idle = program.connect("").await;
    sleep(Duration::from_millis(500)).await;
    assert!(waiting.iter().all(|asked| !asked.is_finished()));
    program.terminate();
    let (client, url) = program.address();
    let began = Instant::now();
    while client.get(format!("{url}/healthz")).send().await.is_ok() {
        assert!(began.elapsed() < HELD, "the door is still open");
        sleep(Duration::from_millis(20)).await;
    }
    drop(holding);
    for asked in waiting {
        let answer = asked.await.unwrap();
        assert_eq!(answer.status(), 201);
    }
    assert!(program.ended().await);
    assert_eq!(count(&db, "SELECT count(*) FROM orders.orders").await, 40);
    let (clean, text) = audit(&db, &data);
    assert!(clean, "{text}");
}
