//! Against a real server on the other side.

use std::fmt::Write as _;

use axum::{
    Router,
    http::{HeaderMap, HeaderValue},
    routing::get,
};
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use http_body_util::BodyExt as _;
use tokio::{net::TcpListener, sync::watch};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::*;
use crate::supervise::http::{Limits, serve};

/// A storefront that tells what it was sent. It ends when the guard is dropped.
async fn storefront() -> (String, DropGuard) {
    let echo = |headers: HeaderMap, uri: Uri, body: Bytes| async move {
        let mut text = format!("{uri}\n");
        for (name, value) in &headers {
            writeln!(text, "{name}: {}", value.to_str().unwrap()).unwrap();
        }
        let headers = [("connection", "x-private"), ("x-private", "1"), ("x-shop", "yes")];
        (headers, format!("{text}\n{}", String::from_utf8_lossy(&body)))
    };
    let drip = async || {
        let chunks = stream::iter(["one ", "two"]).then(|text| async move {
            sleep(Duration::from_millis(50)).await;
            Ok::<_, std::io::Error>(text)
        });
        Body::from_stream(chunks)
    };
    let app = Router::new().route("/echo", get(echo).post(echo)).route("/drip", get(drip));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let stop = CancellationToken::new();
    tokio_util::task::TaskTracker::new().spawn(serve(
        listener,
        app,
        Limits::generous(),
        telemetry::Metrics::new(),
        stop.clone(),
    ));
    (address, stop.drop_guard())
}

fn request(method: Method, path: &str) -> Request {
    let mut request = Request::new(Body::empty());
    *request.method_mut() = method;
    *request.uri_mut() = path.parse().unwrap();
    request.headers_mut().insert(header::HOST, HeaderValue::from_static("shop.example"));
    let peer: SocketAddr = "192.0.2.7:1234".parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(peer));
    request
}

async fn text(response: Response) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[tokio::test]
async fn a_request_arrives_with_its_origin_and_without_hop_by_hop_headers() {
    let (address, _guard) = storefront().await;
    let proxy = Proxy::new(Upstream::fixed(&address), "https://shop.example");
    let mut request = request(Method::GET, "/echo?q=%E8%8C%B6");
    for (name, value) in [
        ("connection", "close, x-mine"),
        ("x-mine", "1"),
        ("te", "trailers"),
        ("upgrade", "websocket"),
        ("x-forwarded-for", "203.0.113.9"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "gopher"),
        ("cookie", "a=b"),
    ] {
        request.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    let answer = proxy.forward(request).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers().get("x-shop").unwrap(), "yes");
    assert!(answer.headers().get("x-private").is_none());
    let seen = text(answer).await;
    for line in [
        "/echo?q=%E8%8C%B6",
        "host: shop.example",
        "x-forwarded-host: shop.example",
        "x-forwarded-proto: https",
        "x-forwarded-for: 203.0.113.9, 192.0.2.7",
        "cookie: a=b",
    ] {
        assert!(seen.lines().any(|seen| seen == line), "{line} is not in\n{seen}");
    }
    for gone in ["x-mine", "upgrade", "evil", "trailers"] {
        assert!(!seen.contains(gone), "{gone} is in\n{seen}");
    }
}

#[tokio::test]
async fn the_storefront_learns_who_asks_from_us_alone() {
    let (address, _guard) = storefront().await;
    let ask = async |proxy: &Proxy, pairs: &[(&'static str, &'static str)]| {
        let mut request = request(Method::GET, "/echo");
        for (name, value) in pairs {
            request.headers_mut().append(*name, HeaderValue::from_static(value));
        }
        let seen = text(proxy.forward(request).await).await;
        let ours = |line: &&str| line.starts_with("x-oxcart-");
        seen.lines().filter(ours).map(str::to_owned).collect::<Vec<_>>()
    };
    let forged = [
        ("x-oxcart-client", "203.0.113.9"),
        ("x-oxcart-client", "203.0.113.8"),
        ("x-oxcart-web-secret", "guessed"),
        ("x-forwarded-for", "203.0.113.9"),
    ];
    let proxy = Proxy::new(Upstream::fixed(&address), "http://localhost");
    assert_eq!(ask(&proxy, &forged).await, ["x-oxcart-client: 192.0.2.7"]);
    let proxy = proxy.introducing(Networks::default(), Some("the secret"));
    let expected = ["x-oxcart-client: 192.0.2.7", "x-oxcart-web-secret: the secret"];
    assert_eq!(ask(&proxy, &forged).await, expected);
    // A proxy of ours in front of us is believed.
    let proxy = proxy.introducing("192.0.2.0/24".parse().unwrap(), None);
    assert_eq!(ask(&proxy, &forged).await, ["x-oxcart-client: 203.0.113.9"]);
}

#[tokio::test]
async fn bodies_stream_both_ways_and_large_ones_are_refused() {
    let (address, _guard) = storefront().await;
    let proxy = Proxy::new(Upstream::fixed(&address), "http://localhost");
    let mut body = proxy.forward(request(Method::GET, "/drip")).await.into_body();
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(first, "one ", "the first part came before the second was made");

    let mut post = request(Method::POST, "/echo");
    *post.body_mut() = Body::from("hello");
    assert!(text(proxy.forward(post).await).await.ends_with("\nhello"));

    let mut large = request(Method::POST, "/echo");
    large.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(BODY_MAX + 1));
    assert_eq!(proxy.forward(large).await.status(), StatusCode::PAYLOAD_TOO_LARGE);

    let count = BODY_MAX / (1 << 16) + 1;
    let chunks =
        stream::iter((0..count).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![0; 1 << 16]))));
    let mut unannounced = request(Method::POST, "/echo");
    *unannounced.body_mut() = Body::from_stream(chunks);
    assert!(!proxy.forward(unannounced).await.status().is_success());
}

#[tokio::test]
async fn a_request_waits_for_a_server_that_is_starting() {
    let (address, _guard) = storefront().await;
    let (told, upstream) = watch::channel(None);
    let proxy = Proxy::new(Upstream::watched(upstream), "http://localhost");
    let (answer, ()) = tokio::join!(proxy.forward(request(Method::GET, "/echo")), async {
        sleep(Duration::from_millis(100)).await;
        told.send_replace(Some(address));
    });
    assert_eq!(answer.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_request_that_found_a_dead_server_is_sent_to_the_next_one() {
    let (alive, _guard) = storefront().await;
    let (told, upstream) = watch::channel(Some("127.0.0.1:1".to_owned()));
    let proxy = Proxy::new(Upstream::watched(upstream), "http://localhost");
    let (answer, ()) = tokio::join!(proxy.forward(request(Method::GET, "/echo")), async {
        sleep(Duration::from_millis(150)).await;
        told.send_replace(Some(alive));
    });
    assert_eq!(answer.status(), StatusCode::OK);
    // A form may have been read by the dead one: it is not sent twice.
    let dead = Proxy::new(Upstream::fixed("127.0.0.1:1"), "http://localhost");
    let answer = dead.forward(request(Method::POST, "/echo")).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stays_away_is_admitted_in_both_languages() {
    let (_told, upstream) = watch::channel(None);
    let proxy = Proxy::new(Upstream::watched(upstream), "http://localhost");
    let began = Instant::now();
    let answer = proxy.forward(request(Method::GET, "/")).await;
    assert_eq!(began.elapsed().as_secs(), PATIENCE.as_secs());
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers()[header::RETRY_AFTER], "3");
    let page = text(answer).await;
    assert!(page.contains("馬上回來") && page.contains("Back in a moment"));
}
