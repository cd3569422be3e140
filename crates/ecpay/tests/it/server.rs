//! A server of one's own on this machine that answers as it is told, connection by connection.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use ecpay::Fields;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What happens on one connection, after the request was read.
pub enum Answer {
    /// These bytes, then the end.
    Bytes(Vec<u8>),
    /// Nothing, with the connection open.
    Silence,
    /// The end at once.
    HangUp,
    /// A head that promises more than comes, and then nothing.
    Stuck,
    /// A body without end.
    Endless,
}

impl Answer {
    /// A whole answer with this status and body.
    pub fn status(status: u16, body: impl AsRef<[u8]>) -> Self {
        Self::with_head(status, "", body)
    }

    /// The same with further lines in the head, each ended by `\r\n`.
    pub fn with_head(status: u16, lines: &str, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n{lines}\r\n"
        );
        Self::Bytes([head.as_bytes(), body].concat())
    }

    /// A body whose length is not told beforehand.
    pub fn chunked(body: &str) -> Self {
        let length = body.len();
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n";
        Self::Bytes(format!("{head}{length:x}\r\n{body}\r\n0\r\n\r\n").into_bytes())
    }
}

/// One request, as it was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Method and path.
    pub line: String,
    /// The head, lower-cased.
    pub head: String,
    /// The fields of the form.
    pub fields: Fields,
}

/// The server. It ends with its test.
pub struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    _task: JoinSet<()>,
}

impl Server {
    /// A server that gives these answers, one a connection, and hangs up on every other.
    pub async fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let mut task = JoinSet::new();
        task.spawn(serve(listener, answers.into_iter().collect(), asked.clone()));
        Self { address, asked, _task: task }
    }

    /// Its base address.
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("no test has panicked in it").clone()
    }
}

async fn serve(
    listener: TcpListener,
    mut answers: VecDeque<Answer>,
    asked: Arc<Mutex<Vec<Asked>>>,
) {
    let mut open = Vec::new();
    while let Ok((mut stream, _)) = listener.accept().await {
        let Some(request) = read(&mut stream).await else { continue };
        asked.lock().expect("no test has panicked in it").push(request);
        let endless = matches!(answers.front(), Some(Answer::Endless));
        let (bytes, keep) = match answers.pop_front() {
            Some(Answer::Bytes(bytes)) => (bytes, false),
            Some(Answer::Silence) => (Vec::new(), true),
            Some(Answer::HangUp) | None => (Vec::new(), false),
            Some(Answer::Stuck) => {
                (b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nMerchantID=".to_vec(), true)
            }
            Some(Answer::Endless) => {
                (b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_vec(), false)
            }
        };
        let mut sent = stream.write_all(&bytes).await;
        while endless && sent.is_ok() {
            sent = stream.write_all(&[b'a'; 4096]).await;
        }
        if keep {
            open.push(stream);
        }
    }
}

/// One request with a body of a told length.
async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut received = Vec::new();
    loop {
        let mut buffer = [0; 4096];
        let count = stream.read(&mut buffer).await.ok()?;
        if count == 0 {
            return None;
        }
        received.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&received).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let lower = head.to_lowercase();
        let length = lower.lines().find_map(|line| line.strip_prefix("content-length: "))?;
        if body.len() >= length.trim().parse().ok()? {
            let line = head.lines().next()?.trim_end_matches(" HTTP/1.1").to_owned();
            let fields = Fields::from_form(body.as_bytes()).ok()?;
            return Some(Asked { line, head: lower, fields });
        }
    }
}
