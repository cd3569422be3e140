//! A server that receives webhooks, and answers as it is told.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use webhooks::{Secret, signature};

/// What came.
#[derive(Clone, Debug)]
pub struct Request {
    pub path: String,
    pub headers: HeaderMap,
    pub body: String,
}

impl Request {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name}")).to_str().unwrap()
    }

    pub fn id(&self) -> &str {
        self.header(signature::ID)
    }

    pub fn at(&self) -> Timestamp {
        let seconds = self.header(signature::TIMESTAMP).parse().unwrap();
        Timestamp::from_second(seconds).unwrap()
    }

    /// Whether it was signed with this secret.
    pub fn is_signed_with(&self, secret: &Secret) -> bool {
        let header = self.header(signature::SIGNATURE);
        signature::verifies(secret, self.id(), self.at(), &self.body, header)
    }
}

/// How to answer.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl Answer {
    pub fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new() }
    }
}

#[derive(Clone)]
struct Desk {
    requests: Arc<Mutex<Vec<Request>>>,
    answers: Arc<Mutex<VecDeque<Answer>>>,
    usual: u16,
    /// Each request takes one before it is answered.
    passes: Option<Arc<Semaphore>>,
}

/// The server; it ends with the test.
pub struct Receiver {
    desk: Desk,
    port: u16,
    stop: CancellationToken,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Receiver {
    /// One that is content with everything.
    pub async fn new() -> Self {
        Self::answering(200).await
    }

    /// One that answers so when nothing else was said.
    pub async fn answering(usual: u16) -> Self {
        Self::start(usual, None).await
    }

    /// One that lets nobody go without a pass.
    pub async fn with_passes(passes: &Arc<Semaphore>) -> Self {
        Self::start(200, Some(Arc::clone(passes))).await
    }

    async fn start(usual: u16, passes: Option<Arc<Semaphore>>) -> Self {
        let (requests, answers) = (Arc::default(), Arc::default());
        let desk = Desk { requests, answers, usual, passes };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let app = Router::new().fallback(receive).with_state(desk.clone());
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        TaskTracker::new().spawn(async move {
            let serving = axum::serve(listener, app);
            stopped.run_until_cancelled(async { serving.await.unwrap() }).await;
        });
        Self { desk, port, stop }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hooks?key=secret", self.port)
    }

    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The next answers; then the usual one.
    pub fn answer(&self, answers: impl IntoIterator<Item = Answer>) {
        self.desk.answers.lock().unwrap().extend(answers);
    }

    pub fn requests(&self) -> Vec<Request> {
        self.desk.requests.lock().unwrap().clone()
    }
}

async fn receive(State(desk): State<Desk>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let request =
        Request { path: uri.to_string(), headers, body: String::from_utf8(body.to_vec()).unwrap() };
    desk.requests.lock().unwrap().push(request);
    if let Some(passes) = &desk.passes {
        passes.acquire().await.unwrap().forget();
    }
    let next = desk.answers.lock().unwrap().pop_front();
    let Answer { status, headers, body } = next.unwrap_or_else(|| Answer::status(desk.usual));
    let mut answer = (StatusCode::from_u16(status).unwrap(), body).into_response();
    // Each attempt connects anew, so that each address is looked at anew.
    answer.headers_mut().insert(header::CONNECTION, "close".parse().unwrap());
    for (name, value) in headers {
        answer.headers_mut().insert(name, value.parse().unwrap());
    }
    answer
}
