use std::{collections::HashMap, sync::Arc};

use testkit::{TestDb, seed::Shop};
use tokio::{
    sync::{Mutex, Notify},
    task::JoinSet,
};

use crate::program::{Answer, Program, audit, count, order};

/// Clients at the same time.
const CLIENTS: usize = 16;
/// Acknowledged orders before each kill.
const BEFORE_KILL: usize = 150;

/// Three times: `kill -9` under load, start again. Every acknowledged order is there, once; asking
/// again with a key whose answer was lost gives that key's one order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_order_is_lost_and_none_is_made_twice() {
    let db = TestDb::new().await;
    let data = tempfile::tempdir().unwrap();
    let shop = Shop::small(&db).await;
    testkit::seed::receive(&db, shop.tote_large, shop.taipei, 100_000).await;
    let history: Arc<Mutex<HashMap<String, Answer>>> = Arc::default();
    let mut program = Program::start(&db, &data).await;
    for round in 0..3 {
        let enough = Arc::new(Notify::new());
        let mut clients = JoinSet::new();
        for client_no in 0..CLIENTS {
            let (client, url) = program.address();
            let (history, enough) = (Arc::clone(&history), Arc::clone(&enough));
            clients.spawn(async move {
                for number in 0.. {
                    let key = format!("{round}-{client_no}-{number}");
                    let answer = order(&client, &url, shop.tote_large, &key).await;
                    let over = !matches!(answer, Answer::Placed(_));
                    let mut history = history.lock().await;
                    history.insert(key, answer);
                    if history.len() >= BEFORE_KILL * (round + 1) {
                        enough.notify_one();
                    }
                    if over {
                        return;
                    }
                }
            });
        }
        enough.notified().await;
        program.kill();
        while clients.join_next().await.is_some() {}
        program = Program::start(&db, &data).await;
    }
    let history = history.lock().await;
    let lost = history.values().filter(|answer| **answer == Answer::Lost).count();
    assert!(lost > 0, "the kills came in the middle of requests");
    for (key, first) in &*history {
        let again = program.order(shop.tote_large, key).await;
        let Answer::Placed(body) = &again else { panic!("{key}: {again:?}") };
        if let Answer::Placed(acknowledged) = first {
            assert_eq!(body, acknowledged, "{key}");
        } else {
            assert_eq!(*first, Answer::Lost, "{key}");
        }
    }
    let orders = count(&db, "SELECT count(*) FROM orders.orders").await;
    assert_eq!(usize::try_from(orders).unwrap(), history.len());
    let (clean, text) = audit(&db, &data);
    assert!(clean, "{text}");
}
