//! The switchboard: stands between the program and PostgreSQL and lets nothing through that was not
//! called up. It speaks just enough of PostgreSQL's protocol to tell where a request ends.
//!
//! Only what reads or writes is held up. Preparing a statement, opening a transaction and signs of
//! life pass by themselves: whether they happen depends on what a connection has cached, and they
//! change nothing.

use std::{
    collections::HashMap,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
    sync::Notify,
};

/// What a line is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// Nothing that matters.
    Idle,
    /// It wants to be let through, with this statement.
    Asking(String),
    /// It was called up; `true`: its answer is not to be delivered.
    Called(bool),
    /// PostgreSQL is at it.
    Running,
    /// Its answer has come and is never delivered.
    Muted,
    /// It is over.
    Closed,
}

#[derive(Debug)]
struct Line {
    state: State,
    /// PostgreSQL's process at the other end.
    pid: i32,
    called: Arc<Notify>,
}

/// The switchboard.
#[derive(Debug, Default)]
pub struct Board {
    lines: Mutex<Vec<Line>>,
    moves: AtomicU64,
    moved: Notify,
}

impl Board {
    /// Lines that want to be let through, with what they want, in the order of their connection.
    pub fn asking(&self) -> Vec<(usize, String)> {
        let lines = self.lines();
        let asking = lines.iter().enumerate().filter_map(|(line, it)| match &it.state {
            State::Asking(statement) => Some((line, statement.clone())),
            _ => None,
        });
        asking.collect()
    }

    /// Lets a line's request through; `mute`: PostgreSQL's answer is kept from the program.
    pub fn call(&self, line: usize, mute: bool) {
        let mut lines = self.lines();
        lines[line].state = State::Called(mute);
        lines[line].called.notify_one();
    }

    /// PostgreSQL's processes that are at work, by line.
    pub fn running(&self) -> Vec<(usize, i32)> {
        let busy = |line: &Line| matches!(line.state, State::Called(_) | State::Running);
        let lines = self.lines();
        let running = lines.iter().enumerate().filter(|(_, line)| busy(line));
        running.map(|(line, it)| (line, it.pid)).collect()
    }

    /// Whether an answer was kept from the program.
    pub fn is_muted(&self) -> bool {
        self.lines().iter().any(|line| line.state == State::Muted)
    }

    /// How often anything has moved.
    pub fn moves(&self) -> u64 {
        self.moves.load(Ordering::SeqCst)
    }

    /// Waits until something moves.
    pub async fn moved(&self) {
        self.moved.notified().await;
    }

    /// Notes that something moved elsewhere.
    pub fn touch(&self) {
        self.moves.fetch_add(1, Ordering::SeqCst);
        self.moved.notify_one();
    }

    fn lines(&self) -> MutexGuard<'_, Vec<Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> (usize, Arc<Notify>) {
        let called = Arc::new(Notify::new());
        let mut lines = self.lines();
        // Until PostgreSQL has greeted it is at work: somebody waits for this connection.
        lines.push(Line { state: State::Running, pid: 0, called: Arc::clone(&called) });
        let line = lines.len() - 1;
        drop(lines);
        self.touch();
        (line, called)
    }

    fn set(&self, line: usize, state: State) {
        self.lines()[line].state = state;
        self.touch();
    }

    /// Serves one connection of the program until either side ends it.
    pub async fn serve(self: Arc<Self>, client: UnixStream, server: impl AsRef<Path>) {
        let (line, called) = self.open();
        let mut wire = match UnixStream::connect(server).await {
            Ok(server) => Wire { client, server, prepared: HashMap::new() },
            Err(_) => return self.set(line, State::Closed),
        };
        // An error is the end of a connection, and so is a goodbye.
        let _ = self.carry(line, &called, &mut wire).await;
        self.set(line, State::Closed);
    }

    async fn carry(&self, line: usize, called: &Notify, wire: &mut Wire) -> std::io::Result<()> {
        self.lines()[line].pid = wire.greet().await?;
        self.set(line, State::Idle);
        loop {
            let Some(request) = wire.request().await? else { return Ok(()) };
            if let Some(statement) = &request.statement {
                self.set(line, State::Asking(statement.clone()));
                called.notified().await;
            }
            let mute = matches!(self.lines()[line].state, State::Called(true));
            self.set(line, State::Running);
            wire.server.write_all(&request.bytes).await?;
            let answer = wire.answer().await?.0;
            if mute {
                self.set(line, State::Muted);
                std::future::pending::<()>().await;
            }
            wire.client.write_all(&answer).await?;
            self.set(line, State::Idle);
        }
    }
}

/// Both ends of a connection.
struct Wire {
    client: UnixStream,
    server: UnixStream,
    /// What was prepared, by name.
    prepared: HashMap<String, String>,
}

/// What the program wants of PostgreSQL, up to where it waits for an answer.
struct Request {
    bytes: Vec<u8>,
    /// What it executes; nothing when it changes nothing.
    statement: Option<String>,
}

impl Wire {
    /// Passes on the greeting, up to "ready"; the number of PostgreSQL's process.
    async fn greet(&mut self) -> std::io::Result<i32> {
        let length = self.client.read_u32().await?;
        let mut startup = length.to_be_bytes().to_vec();
        startup.resize(usize::try_from(length).unwrap_or(0).max(4), 0);
        self.client.read_exact(&mut startup[4..]).await?;
        self.server.write_all(&startup).await?;
        // The private server trusts its own user: nothing is asked.
        let (answer, pid) = self.answer().await?;
        self.client.write_all(&answer).await?;
        Ok(pid.unwrap_or(0))
    }

    /// The next request; `None` when the program says goodbye.
    async fn request(&mut self) -> std::io::Result<Option<Request>> {
        let mut request = Request { bytes: Vec::new(), statement: None };
        let mut bound = None;
        let mut executes = false;
        loop {
            let (kind, from) = message(&mut self.client, &mut request.bytes).await?;
            let text = |skip: usize| {
                let body = request.bytes[from + 5..].split(|byte| *byte == 0).nth(skip);
                String::from_utf8_lossy(body.unwrap_or_default()).trim().to_owned()
            };
            match kind {
                b'P' => drop(self.prepared.insert(text(0), text(1))),
                b'B' => bound = self.prepared.get(&text(1)).cloned(),
                b'E' => executes = true,
                b'Q' => {
                    let statement = text(0);
                    request.statement = (!statement.starts_with("BEGIN")).then_some(statement);
                    return Ok(Some(request));
                }
                b'S' => {
                    request.statement = executes.then(|| bound.unwrap_or_default());
                    return Ok(Some(request));
                }
                // The end of what is copied in; it began with a statement of its own.
                b'c' | b'f' => {
                    request.statement = Some("COPY, the rows".into());
                    return Ok(Some(request));
                }
                b'X' => {
                    self.server.write_all(&request.bytes).await?;
                    return Ok(None);
                }
                _ => {}
            }
        }
    }

    /// Everything PostgreSQL says up to "ready", or "ready for rows", and its process if it names it.
    async fn answer(&mut self) -> std::io::Result<(Vec<u8>, Option<i32>)> {
        let (mut bytes, mut pid) = (Vec::new(), None);
        loop {
            match message(&mut self.server, &mut bytes).await? {
                (b'K', from) => {
                    let number = bytes.get(from + 5..from + 9).unwrap_or_default();
                    pid = number.try_into().ok().map(i32::from_be_bytes);
                }
                (b'Z' | b'G', _) => return Ok((bytes, pid)),
                _ => {}
            }
        }
    }
}

/// Appends the next message; its kind, and where it begins.
async fn message(from: &mut UnixStream, to: &mut Vec<u8>) -> std::io::Result<(u8, usize)> {
    let at = to.len();
    to.resize(at + 5, 0);
    from.read_exact(&mut to[at..]).await?;
    let length = u32::from_be_bytes([to[at + 1], to[at + 2], to[at + 3], to[at + 4]]);
    let body = usize::try_from(length).unwrap_or(4).saturating_sub(4);
    to.resize(at + 5 + body, 0);
    from.read_exact(&mut to[at + 5..]).await?;
    Ok((to[at], at))
}
