use jiff::SignedDuration;
use serde_json::json;
use webhooks::{
    Refused, Secret, WebhookError,
    endpoints::{self, MOST_ENDPOINTS},
};

use crate::{
    Bench,
    receiver::{Answer, Receiver},
};

const URL: &str = "https://erp.example/hooks";

#[tokio::test]
async fn an_address_that_is_not_allowed_is_not_registered() {
    let bench = Bench::new().await;
    let clock = bench.test.clock();
    let context = (bench.test.ids(), &*clock as &dyn kernel::Clock);
    let mut conn = bench.test.db().acquire().await.unwrap();
    let form = Bench::form("https://10.0.0.1/", &["*"]);
    let tools = (&bench.guard, &bench.sealer);
    let refused =
        endpoints::register(&mut conn, &form, Bench::somebody(), tools, context).await.unwrap_err();
    assert!(matches!(refused, WebhookError::Refused(Refused::NotPublic)), "{refused:?}");
    let (endpoint, _) = bench.register(URL, &["*"]).await;
    let refused = endpoints::change(&mut conn, endpoint.id, 1, &form, &bench.guard).await;
    assert!(matches!(refused, Err(WebhookError::Refused(_))), "{refused:?}");
    assert_eq!(bench.endpoint(&endpoint).await, endpoint);
}

#[tokio::test]
async fn who_changes_an_endpoint_has_to_have_seen_it() {
    let bench = Bench::new().await;
    let (endpoint, _) = bench.register(URL, &["*"]).await;
    let mut conn = bench.test.db().acquire().await.unwrap();
    let form = Bench::form("https://erp.example/other", &["order.*"]);
    let (before, after) =
        endpoints::change(&mut conn, endpoint.id, 1, &form, &bench.guard).await.unwrap();
    assert_eq!(before, endpoint);
    assert_eq!((after.version, after.url.as_str()), (2, "https://erp.example/other"));
    let late = endpoints::change(&mut conn, endpoint.id, 1, &form, &bench.guard).await;
    assert!(matches!(late, Err(WebhookError::VersionConflict(2))), "{late:?}");
    let unknown =
        endpoints::change(&mut conn, uuid::Uuid::nil().into(), 1, &form, &bench.guard).await;
    assert!(matches!(unknown, Err(WebhookError::NotFound)), "{unknown:?}");
}

#[tokio::test]
async fn there_are_not_more_endpoints_than_each_event_can_be_matched_with() {
    let bench = Bench::new().await;
    for _ in 0..MOST_ENDPOINTS {
        bench.register(URL, &["*"]).await;
    }
    let clock = bench.test.clock();
    let context = (bench.test.ids(), &*clock as &dyn kernel::Clock);
    let mut conn = bench.test.db().acquire().await.unwrap();
    let (form, tools) = (Bench::form(URL, &["*"]), (&bench.guard, &bench.sealer));
    let one_more = endpoints::register(&mut conn, &form, Bench::somebody(), tools, context).await;
    assert!(matches!(one_more, Err(WebhookError::TooMany(50))), "{one_more:?}");
}

/// The receiver exchanges its secret some time within the overlap, and misses nothing.
#[tokio::test]
async fn one_secret_follows_another_without_a_gap() {
    let bench = Bench::new().await;
    let receiver = Receiver::new().await;
    let (endpoint, old) = bench.register(&receiver.url(), &["*"]).await;
    let clock = bench.test.clock();
    let rotate = async |hours| {
        let context = (bench.test.ids(), &*clock as &dyn kernel::Clock);
        let mut tx = bench.test.db().begin().await.unwrap();
        let overlap = SignedDuration::from_hours(hours);
        let secret =
            endpoints::rotate(&mut tx, endpoint.id, overlap, &bench.sealer, context).await.unwrap();
        tx.commit().await.unwrap();
        secret
    };
    let signed = async |secrets: &[&Secret]| -> Vec<bool> {
        bench.happen("order.paid", &json!({})).await;
        assert_eq!(bench.dispatcher().run_due().await.unwrap(), 1);
        let requests = receiver.requests();
        let last = requests.last().unwrap();
        secrets.iter().map(|secret| last.is_signed_with(secret)).collect()
    };
    assert_eq!(signed(&[&old]).await, [true]);
    let new = rotate(24).await;
    assert_eq!(signed(&[&old, &new]).await, [true, true]);
    bench.pass(SignedDuration::from_hours(24));
    assert_eq!(signed(&[&old, &new]).await, [false, true]);
    // The new one got out: no overlap.
    let newest = rotate(0).await;
    assert_eq!(signed(&[&old, &new, &newest]).await, [false, false, true]);
    let mut conn = bench.test.db().acquire().await.unwrap();
    let infos = endpoints::secrets(&mut conn, endpoint.id, bench.now()).await.unwrap();
    assert_eq!(infos.len(), 1);
    assert_eq!(bench.count("SELECT count(*) FROM webhooks.secrets").await, 1, "what ended is gone");
}

#[tokio::test]
async fn a_secret_is_kept_sealed_and_one_that_cannot_be_opened_is_told() {
    let bench = Bench::new().await;
    let receiver = Receiver::new().await;
    let (endpoint, secret) = bench.register(&receiver.url(), &["*"]).await;
    let mut owner = bench.test.owner().acquire().await.unwrap();
    let sealed: Vec<u8> = sqlx::query_scalar("SELECT sealed FROM webhooks.secrets")
        .fetch_one(&mut *owner)
        .await
        .unwrap();
    assert_eq!(bench.sealer.open(endpoint.id, &sealed).unwrap(), secret);
    sqlx::query("UPDATE webhooks.secrets SET sealed = '\\x00'").execute(&mut *owner).await.unwrap();
    bench.happen("order.paid", &json!({})).await;
    assert_eq!(bench.dispatcher().run_due().await.unwrap(), 1);
    assert_eq!(receiver.requests().len(), 0, "nothing goes out unsigned");
    let error: String = sqlx::query_scalar("SELECT error FROM webhooks.attempts")
        .fetch_one(&mut *owner)
        .await
        .unwrap();
    assert_eq!(error, "its secret cannot be opened: rotate it");
}

#[tokio::test]
async fn what_is_removed_is_gone_with_all_its_own() {
    let bench = Bench::new().await;
    let receiver = Receiver::answering(500).await;
    receiver.answer([Answer::status(200)]);
    let (endpoint, _) = bench.register(&receiver.url(), &["*"]).await;
    let (other, _) = bench.register(URL, &["*"]).await;
    bench.happen("order.paid", &json!({})).await;
    let mut tx = bench.test.db().begin().await.unwrap();
    assert_eq!(endpoints::remove(&mut tx, endpoint.id).await.unwrap().id, endpoint.id);
    tx.commit().await.unwrap();
    let mut conn = bench.test.db().acquire().await.unwrap();
    assert!(endpoints::find(&mut conn, endpoint.id).await.unwrap().is_none());
    let again = endpoints::remove(&mut conn, endpoint.id).await;
    assert!(matches!(again, Err(WebhookError::NotFound)), "{again:?}");
    assert_eq!(bench.deliveries(&endpoint).await.len(), 0);
    assert_eq!(bench.deliveries(&other).await.len(), 1, "another one's stay");
    assert_eq!(bench.count("SELECT count(*) FROM webhooks.secrets").await, 1);
    assert_eq!(receiver.requests().len(), 0);
}
