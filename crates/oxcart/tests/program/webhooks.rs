//! Another system is told of an order: by the real program, which is killed between sending and
//! noting it.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{Router, extract::State, http::HeaderMap, http::StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};
use testkit::{TestDb, seed::Shop};
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use webhooks::{Secret, signature};

use crate::program::{Answer, Program, count};

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

type Requests = Arc<Mutex<Vec<(HeaderMap, String)>>>;

/// A server that lets nobody go without a pass; its port.
async fn receiver(requests: &Requests, passes: &Arc<Semaphore>, stop: &CancellationToken) -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let desk = (Arc::clone(requests), Arc::clone(passes));
    let receive = async |State((requests, passes)): State<(Requests, Arc<Semaphore>)>,
                         headers: HeaderMap,
                         body: String| {
        requests.lock().unwrap().push((headers, body));
        passes.acquire().await.unwrap().forget();
        StatusCode::NO_CONTENT
    };
    let app = Router::new().fallback(receive).with_state(desk);
    let stop = stop.clone();
    TaskTracker::new().spawn(async move {
        let serving = axum::serve(listener, app);
        stop.run_until_cancelled(async { serving.await.unwrap() }).await;
    });
    port
}

/// Waits until so many requests have come.
async fn came(requests: &Requests, number: usize) {
    let began = Instant::now();
    while requests.lock().unwrap().len() < number {
        assert!(began.elapsed() < PATIENCE, "request {number} does not come");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn post(program: &Program, path: &str, token: &str, body: &Value) -> Value {
    let (client, url) = program.address();
    let request = client.post(format!("{url}{path}")).bearer_auth(token).json(body);
    let answer = request.send().await.unwrap();
    assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
    answer.json().await.unwrap()
}

async fn sign_in(program: &Program) -> String {
    let (client, url) = program.address();
    let body = json!({"email": "admin@example.com", "password": "a test's administrator"});
    let request = client.post(format!("{url}/api/auth/login")).json(&body);
    let session: Value = request.send().await.unwrap().json().await.unwrap();
    session["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_told_although_the_program_dies_on_the_way() {
    let db = TestDb::new().await;
    let data = tempfile::tempdir().unwrap();
    let shop = Shop::small(&db).await;
    let (requests, passes) = (Requests::default(), Arc::new(Semaphore::new(0)));
    let end = CancellationToken::new();
    let _ended = end.clone().drop_guard();
    let port = receiver(&requests, &passes, &end).await;
    let settings = [("OXCART_WEBHOOK_ALLOW", "127.0.0.0/8"), ("OXCART_DEV_CLOCK", "true")];
    let mut program = Program::start_with(&db, &data, &settings).await;
    let token = sign_in(&program).await;
    let form = json!({
        "url": format!("http://127.0.0.1:{port}/hooks"), "description": "ERP",
        "events": ["order.created"],
    });
    let webhook = post(&program, "/api/admin/webhooks", &token, &form).await;
    let secret = Secret::parse(webhook["secret"].as_str().unwrap()).unwrap();

    let Answer::Placed(order) = program.order(shop.mug_white, "one").await else { panic!() };
    came(&requests, 1).await;
    program.kill();
    passes.add_permits(9);
    program = Program::start_with(&db, &data, &settings).await;
    // What the dead one had taken is free again when its lease has run out.
    post(&program, "/api/dev/clock/advance", "", &json!({"seconds": 61})).await;
    came(&requests, 2).await;

    let began = Instant::now();
    let arrived = "SELECT count(*) FROM webhooks.deliveries
                    WHERE status = 'delivered' AND attempts = 2";
    while count(&db, arrived).await == 0 {
        assert!(began.elapsed() < PATIENCE, "it is not noted");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let requests = requests.lock().unwrap().clone();
    assert_eq!(requests.len(), 2);
    for (headers, body) in &requests {
        let header = |name: &str| headers[name].to_str().unwrap();
        let at = Timestamp::from_second(header(signature::TIMESTAMP).parse().unwrap()).unwrap();
        let (id, signed) = (header(signature::ID), header(signature::SIGNATURE));
        assert!(signature::verifies(&secret, id, at, body, signed));
        let told: Value = serde_json::from_str(body).unwrap();
        assert_eq!((&told["id"], &told["type"]), (&json!(id), &json!("order.created")));
        assert_eq!(told["data"]["order_id"], order["id"]);
    }
    assert_eq!(requests[0].0[signature::ID], requests[1].0[signature::ID]);
    assert_eq!(requests[0].1, requests[1].1);
}
