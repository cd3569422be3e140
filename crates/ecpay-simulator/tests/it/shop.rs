//! A shop that takes notices and answers as told.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use ecpay::{CodeNotice, NoticeError, PaymentNotice};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

type Answers = Arc<Mutex<VecDeque<(u16, &'static str)>>>;

/// What came, and where.
#[derive(Debug, PartialEq)]
pub(crate) struct Received {
    pub(crate) path: String,
    pub(crate) body: Vec<u8>,
}

impl Received {
    pub(crate) fn payment(&self) -> PaymentNotice {
        self.try_payment().expect("a genuine notice")
    }

    pub(crate) fn try_payment(&self) -> Result<PaymentNotice, NoticeError> {
        PaymentNotice::verify(&self.body, &crate::merchant())
    }

    pub(crate) fn code(&self) -> CodeNotice {
        CodeNotice::verify(&self.body, &crate::merchant()).expect("a genuine notice")
    }
}

pub(crate) struct Shop {
    address: SocketAddr,
    answers: Answers,
    inbox: mpsc::Receiver<Received>,
    tasks: JoinSet<()>,
}

impl Shop {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let answers = Answers::default();
        let (outbox, inbox) = mpsc::channel(100);
        let app = Router::new().fallback(take).with_state((Arc::clone(&answers), outbox));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, app).await.expect("to serve") });
        Self { address, answers, inbox, tasks }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Answers the next requests so; afterwards `200 1|OK` again.
    pub(crate) fn answer(&self, answers: &[(u16, &'static str)]) {
        self.answers.lock().expect("a lock").extend(answers);
    }

    pub(crate) async fn receive(&mut self) -> Received {
        let next = tokio::time::timeout(Duration::from_secs(5), self.inbox.recv()).await;
        next.expect("a notice in time").expect("an open shop")
    }

    pub(crate) async fn receives_nothing_for(&mut self, wait: Duration) {
        if let Ok(received) = tokio::time::timeout(wait, self.inbox.recv()).await {
            panic!("unexpected: {received:?}");
        }
    }

    pub(crate) async fn close(mut self) {
        self.tasks.shutdown().await;
    }
}

async fn take(
    State((answers, outbox)): State<(Answers, mpsc::Sender<Received>)>,
    uri: Uri,
    body: Bytes,
) -> (StatusCode, &'static str) {
    let received = Received { path: uri.path().to_owned(), body: body.to_vec() };
    outbox.send(received).await.expect("an open inbox");
    let (status, answer) =
        answers.lock().expect("a lock").pop_front().unwrap_or((200, ecpay::ACKNOWLEDGED));
    (StatusCode::from_u16(status).expect("a status"), answer)
}
