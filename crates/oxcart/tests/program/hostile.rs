//! Clients that dribble, dawdle, flood or leave: each loses its own connection, and nobody else
//! notices.

use std::time::{Duration, Instant};

use kernel::id::VariantId;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use testkit::{TestDb, seed::Shop};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::program::{Answer, Program, body, count};

/// Limits short enough for a test, and for a slow machine.
const SHORT: [(&str, &str); 3] = [
    ("OXCART_HTTP_READ_SECONDS", "6"),
    ("OXCART_HTTP_WRITE_SECONDS", "6"),
    ("OXCART_HTTP_CONNECTIONS", "1000"),
];
/// What an order may take while others misbehave, on a busy machine: less than any limit of theirs.
const UNDISTURBED: Duration = Duration::from_secs(5);
/// Nothing in a test takes longer.
const PATIENCE: Duration = Duration::from_mins(1);

/// Places an order, which has to be as quick as ever.
async fn buy(program: &Program, variant: VariantId, key: &str) {
    let began = Instant::now();
    let answer = program.order(variant, key).await;
    let lasted = began.elapsed();
    assert!(matches!(answer, Answer::Placed(_)), "{key}: {answer:?}");
    assert!(lasted < UNDISTURBED, "{key}: {lasted:?}");
}

/// Sends a byte now and then until the connection is cut. How long that took, and what was said.
async fn dribble(client: TcpStream) -> (Duration, Vec<u8>) {
    let began = Instant::now();
    let (mut read, mut write) = client.into_split();
    let mut said = Vec::new();
    let dribbling = async {
        while write.write_all(b"a").await.is_ok() {
            sleep(Duration::from_millis(100)).await;
        }
    };
    let listening = async {
        read.read_to_end(&mut said).await.ok();
    };
    let cut = async {
        tokio::select! { () = dribbling => {}, () = listening => {} }
    };
    timeout(PATIENCE, cut).await.unwrap();
    (began.elapsed(), said)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_dribbles_is_cut_off_and_stalls_nobody() {
    let (db, data) = (TestDb::new().await, tempfile::tempdir().unwrap());
    let shop = Shop::small(&db).await;
    let program = Program::start_with(&db, &data, &SHORT).await;
    let head = "POST /api/orders HTTP/1.1\r\nhost: x\r\nx-";
    let rest =
        "content-type: application/json\r\nidempotency-key: slow\r\ncontent-length: 5000\r\n";
    let begun = format!("POST /api/orders HTTP/1.1\r\nhost: x\r\n{rest}\r\n{{");
    let mut dribblers = JoinSet::new();
    for start in [head, &begun] {
        for _ in 0..100 {
            dribblers.spawn(dribble(program.connect(start).await));
        }
    }
    for number in 0..20 {
        buy(&program, shop.tote_large, &format!("buyer-{number}")).await;
    }
    while let Some(dribbler) = dribblers.join_next().await {
        let (lasted, said) = dribbler.unwrap();
        assert!(lasted > Duration::from_secs(4), "the clock is coarse, but not that: {lasted:?}");
        assert!(!said.starts_with(b"HTTP/1.1 2"), "{:?}", String::from_utf8_lossy(&said));
    }
    let cut = async |why| {
        program.metric(&format!("oxcart_http_connections_cut_total{{reason=\"{why}\"}}")).await
    };
    for why in ["head", "body"] {
        assert!((cut(why).await - 100.0).abs() < 0.1, "{why}: {}", cut(why).await);
    }
    assert_eq!(count(&db, "SELECT count(*) FROM orders.orders").await, 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_idle_connections_make_room() {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, hard.min(10_000), hard).unwrap();
    let (db, data) = (TestDb::new().await, tempfile::tempdir().unwrap());
    let shop = Shop::small(&db).await;
    let program = Program::start_with(&db, &data, &SHORT).await;
    let mut idle = Vec::new();
    for round in 0..3 {
        for _ in 0..1_000 {
            idle.push(program.connect("").await);
        }
        // Whoever came within the last second is not sent away for others.
        sleep(Duration::from_millis(2_500)).await;
        buy(&program, shop.tote_large, &format!("buyer-{round}")).await;
    }
    let open = program.metric("oxcart_http_connections").await;
    assert!((1.0..=1_256.0).contains(&open), "{open}");
}

#[tokio::test]
async fn a_huge_body_is_refused_before_it_is_sent() {
    let (db, data) = (TestDb::new().await, tempfile::tempdir().unwrap());
    let shop = Shop::small(&db).await;
    let program = Program::start_with(&db, &data, &SHORT).await;
    for path in ["/api/orders", "/cart"] {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
             idempotency-key: k\r\ncontent-length: 4000000000\r\n\r\n"
        );
        let (mut read, mut write) = program.connect(&head).await.into_split();
        let mut said = Vec::new();
        let mut sent = 0;
        let sending = async {
            while write.write_all(&[b' '; 16 * 1024]).await.is_ok() {
                sent += 16 * 1024;
            }
        };
        let talking = async { tokio::join!(sending, read.read_to_end(&mut said)) };
        timeout(PATIENCE, talking).await.unwrap().1.ok();
        let said = String::from_utf8(said).unwrap();
        assert!(said.starts_with("HTTP/1.1 413 "), "{path}: {said}");
        assert!(sent < 64 << 20, "{path}: {sent} bytes were taken in");
    }
    buy(&program, shop.tote_large, "buyer").await;
    assert_eq!(count(&db, "SELECT count(*) FROM orders.orders").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_does_not_read_answers_is_cut_off_and_stalls_nobody() {
    let (db, data) = (TestDb::new().await, tempfile::tempdir().unwrap());
    let shop = Shop::small(&db).await;
    let program = Program::start_with(&db, &data, &SHORT).await;
    // Hundreds of large answers are asked for at once, and none is read.
    let asked = "GET /api/openapi.json HTTP/1.1\r\nhost: x\r\n\r\n".repeat(400);
    let mut lazy = Vec::new();
    for _ in 0..10 {
        lazy.push(program.connect(&asked).await);
    }
    let cut = async {
        let name = "oxcart_http_connections_cut_total{reason=\"answer\"}";
        while program.metric(name).await < 10.0 {
            buy(&program, shop.tote_large, "buyer").await;
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, cut).await.unwrap();
    drop(lazy);
}

#[tokio::test]
async fn whoever_leaves_loses_only_the_answer() {
    let (db, data) = (TestDb::new().await, tempfile::tempdir().unwrap());
    let shop = Shop::small(&db).await;
    let program = Program::start(&db, &data).await;
    let body = body(shop.tote_large).to_string();
    for number in 0..20 {
        let request = format!(
            "POST /api/orders HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
             idempotency-key: gone-{number}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        drop(program.connect(&request).await);
    }
    for number in 0..20 {
        buy(&program, shop.tote_large, &format!("gone-{number}")).await;
    }
    assert_eq!(count(&db, "SELECT count(*) FROM orders.orders").await, 20);
}
