//! A cache before a real server, whose answers are scripted.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri},
    response::{IntoResponse as _, Response},
};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use jiff::{SignedDuration, Timestamp};
use kernel::ManualClock;
use telemetry::Metrics;
use tokio::{net::TcpListener, sync::watch};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use crate::{Generation, Means, Origin, PageCache, PageCacheMetrics, Settings};

/// What the server on the other side says of its pages.
pub(super) const SHARED: &str =
    "public, max-age=0, s-maxage=2, stale-while-revalidate=5, stale-if-error=60";

/// What the server on the other side does.
#[derive(Debug)]
pub(super) struct Script {
    /// How often it was asked.
    asked: AtomicUsize,
    /// Answers wait until this is open.
    pub(super) gate: watch::Sender<bool>,
    /// Headers of its answers.
    headers: Mutex<HashMap<&'static str, &'static str>>,
    pub(super) status: Mutex<StatusCode>,
    /// What pages begin with.
    pub(super) words: Mutex<String>,
}

impl Script {
    pub(super) fn say(&self, name: &'static str, value: &'static str) {
        self.headers.lock().unwrap().insert(name, value);
    }

    pub(super) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

async fn page(State(script): State<Arc<Script>>, headers: HeaderMap, uri: Uri) -> Response {
    let number = script.asked.fetch_add(1, Ordering::SeqCst) + 1;
    script.gate.subscribe().wait_for(|open| *open).await.unwrap();
    let told =
        |name: &str| headers.get(name).map_or("-", |value| value.to_str().unwrap()).to_owned();
    let words = script.words.lock().unwrap().clone();
    let text = format!(
        "{words}{number} {} {uri} cookie={} auth={} agent={}",
        told("host"),
        told("cookie"),
        told("authorization"),
        told("user-agent"),
    );
    let status = *script.status.lock().unwrap();
    let mut answer = (status, text).into_response();
    for (name, value) in &*script.headers.lock().unwrap() {
        answer.headers_mut().insert(*name, HeaderValue::from_static(value));
    }
    answer
}

/// Asks the server by real HTTP.
#[derive(Clone, Debug)]
pub(super) struct Loopback {
    client: Client<HttpConnector, Body>,
    address: SocketAddr,
    away: Arc<AtomicBool>,
}

impl Origin for Loopback {
    async fn ask(&self, mut request: Request) -> Response {
        let away = || (StatusCode::SERVICE_UNAVAILABLE, "back soon").into_response();
        if self.away.load(Ordering::SeqCst) {
            return away();
        }
        let target = request.uri().path_and_query().unwrap().to_string();
        *request.uri_mut() = format!("http://{}{target}", self.address).parse().unwrap();
        match self.client.request(request).await {
            Ok(answer) => answer.map(Body::new),
            Err(_) => away(),
        }
    }
}

/// The cache and what it stands between.
pub(super) struct House {
    pub(super) cache: PageCache<Loopback>,
    pub(super) script: Arc<Script>,
    clock: Arc<ManualClock>,
    pub(super) generation: Generation,
    pub(super) metrics: Metrics,
    pub(super) tasks: TaskTracker,
    pub(super) away: Arc<AtomicBool>,
    _stop: DropGuard,
}

/// A cache of these settings, empty.
pub(super) async fn house(settings: Settings) -> House {
    let script = Arc::new(Script {
        asked: AtomicUsize::new(0),
        gate: watch::channel(true).0,
        headers: Mutex::default(),
        status: Mutex::new(StatusCode::OK),
        words: Mutex::default(),
    });
    script.say("content-type", "text/html; charset=utf-8");
    script.say("cache-control", SHARED);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = Router::new().fallback(page).with_state(Arc::clone(&script));
    let stop = CancellationToken::new();
    let ended = stop.clone();
    TaskTracker::new().spawn(async move {
        let serving = axum::serve(listener, app);
        ended.run_until_cancelled(serving.into_future()).await;
    });
    let away = Arc::new(AtomicBool::new(false));
    let client = Client::builder(TokioExecutor::new()).build_http();
    let origin = Loopback { client, address, away: Arc::clone(&away) };
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let (generation, metrics, tasks) = (Generation::default(), Metrics::new(), TaskTracker::new());
    let means = Means {
        generation: generation.clone(),
        clock: clock.clone(),
        metrics: PageCacheMetrics::new(&metrics).unwrap(),
        tasks: tasks.clone(),
        stop: stop.clone(),
    };
    let cache = PageCache::new(origin, settings, means);
    House { cache, script, clock, generation, metrics, tasks, away, _stop: stop.drop_guard() }
}

/// A cache as it is by default.
pub(super) async fn ordinary() -> House {
    house(Settings::default()).await
}

impl House {
    pub(super) async fn send(
        &self,
        method: Method,
        target: &str,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(target);
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header("host", "shop.example");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = self.cache.answer(request.body(Body::empty()).unwrap()).await;
        let (head, body) = answer.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8_lossy(&body).into_owned();
        Answer { status: head.status.as_u16(), headers: head.headers, text, length: body.len() }
    }

    pub(super) async fn get(&self, target: &str) -> Answer {
        self.send(Method::GET, target, &[]).await
    }

    pub(super) fn later(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    /// Until nothing is asked in the background any more.
    pub(super) async fn settle(&self) {
        self.tasks.close();
        self.tasks.wait().await;
        self.tasks.reopen();
    }

    pub(super) fn count(&self, result: &str) -> u64 {
        let text = self.metrics.encode().unwrap();
        let name = format!("oxcart_page_cache_requests_total{{result=\"{result}\"}} ");
        let line = text.lines().find_map(|line| line.strip_prefix(&name)).unwrap();
        line.parse().unwrap()
    }
}

/// What somebody was answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    headers: HeaderMap,
    pub(super) text: String,
    pub(super) length: usize,
}

impl Answer {
    pub(super) fn told(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Which rendering it is.
    pub(super) fn number(&self) -> usize {
        self.text.split(' ').next().unwrap().parse().unwrap()
    }
}
