//! Stands between two that talk over a stream, and makes their life hard: delays, resets,
//! half-open connections, and commits whose acknowledgement (or which themselves) get lost.

use std::{
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, UnixListener, UnixStream},
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// What is read at once.
const CHUNK: usize = 16 * 1024;
/// How long the other side may take to accept a connection.
const CONNECT_TIME: Duration = Duration::from_secs(5);

/// The lever of one proxy. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Lever(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Milliseconds that every chunk waits.
    delay: AtomicU64,
    /// Whether nothing is carried.
    held: watch::Sender<bool>,
    /// Grows with every reset: connections made under a smaller number end.
    resets: watch::Sender<u64>,
    /// Commits that are still to be done without their acknowledgement.
    unacknowledged: AtomicU32,
    /// Commits that are still to be lost.
    lost: AtomicU32,
    /// Commits whose acknowledgement was dropped so far.
    unacknowledged_done: AtomicU32,
    /// Commits that were dropped so far.
    lost_done: AtomicU32,
}

impl Default for Lever {
    fn default() -> Self {
        Self(Arc::new(Inner {
            delay: AtomicU64::new(0),
            held: watch::Sender::new(false),
            resets: watch::Sender::new(0),
            unacknowledged: AtomicU32::new(0),
            lost: AtomicU32::new(0),
            unacknowledged_done: AtomicU32::new(0),
            lost_done: AtomicU32::new(0),
        }))
    }
}

impl Lever {
    /// Makes every chunk wait; zero ends it.
    pub fn delay(&self, by: Duration) {
        self.0.delay.store(u64::try_from(by.as_millis()).unwrap_or(0), Ordering::Relaxed);
    }

    /// Carries nothing from now on, and accepts all the same.
    pub fn hold(&self) {
        self.0.held.send_replace(true);
    }

    /// Carries again.
    pub fn carry(&self) {
        self.0.held.send_replace(false);
    }

    /// Ends every connection there is, rudely.
    pub fn reset(&self) {
        self.0.resets.send_modify(|resets| *resets += 1);
    }

    /// The next commit takes place, and its acknowledgement is dropped with its connection.
    pub fn drop_acknowledgement(&self) {
        self.0.unacknowledged.fetch_add(1, Ordering::Relaxed);
    }

    /// The next commit is dropped with its connection.
    pub fn drop_commit(&self) {
        self.0.lost.fetch_add(1, Ordering::Relaxed);
    }

    /// How many acknowledgements, and how many commits, were dropped so far.
    pub fn dropped(&self) -> (u32, u32) {
        let done = |counter: &AtomicU32| counter.load(Ordering::Relaxed);
        (done(&self.0.unacknowledged_done), done(&self.0.lost_done))
    }

    /// No more faults.
    pub fn calm(&self) {
        self.delay(Duration::ZERO);
        self.0.unacknowledged.store(0, Ordering::Relaxed);
        self.0.lost.store(0, Ordering::Relaxed);
        self.carry();
    }

    /// Waits as long as the lever wants.
    async fn pass(&self) {
        let delay = self.0.delay.load(Ordering::Relaxed);
        if delay > 0 {
            sleep(Duration::from_millis(delay)).await;
        }
        // The sender lives as long as this lever.
        let _ = self.0.held.subscribe().wait_for(|held| !*held).await;
    }

    /// Returns at the next reset.
    async fn until_reset(&self) {
        let mut resets = self.0.resets.subscribe();
        let _ = resets.changed().await;
    }
}

/// Takes one from the counter, if there is one.
fn take(counter: &AtomicU32) -> bool {
    let less = |left: u32| left.checked_sub(1);
    counter.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
}

/// Between clients and the program's port, until `stop`.
pub async fn between_tcp(listener: TcpListener, port: u16, lever: Lever, stop: CancellationToken) {
    let mut connections = JoinSet::new();
    while let Some(accepted) = accepted(&mut connections, listener.accept(), &stop).await {
        let (Ok((client, _)), lever) = (accepted, lever.clone()) else { continue };
        connections.spawn(async move {
            let server = timeout(CONNECT_TIME, TcpStream::connect(("127.0.0.1", port))).await;
            if let Ok(Ok(mut server)) = server {
                let mut client = client;
                client.set_nodelay(true).ok();
                server.set_nodelay(true).ok();
                {
                    let (from_client, to_client) = client.split();
                    let (from_server, to_server) = server.split();
                    tokio::select! {
                        () = carry(from_client, to_server, &lever) => {}
                        () = carry(from_server, to_client, &lever) => {}
                        () = lever.until_reset() => {}
                    }
                }
                // A reset instead of an end, for both.
                client.set_zero_linger().ok();
                server.set_zero_linger().ok();
            }
        });
    }
}

/// Between the program and PostgreSQL's socket, until `stop`.
pub async fn between_unix(
    listener: UnixListener,
    socket: PathBuf,
    lever: Lever,
    stop: CancellationToken,
) {
    let mut connections = JoinSet::new();
    while let Some(accepted) = accepted(&mut connections, listener.accept(), &stop).await {
        let (Ok((mut client, _)), lever) = (accepted, lever.clone()) else { continue };
        let socket = socket.clone();
        connections.spawn(async move {
            let server = timeout(CONNECT_TIME, UnixStream::connect(socket)).await;
            if let Ok(Ok(mut server)) = server {
                converse(&mut client, &mut server, &lever).await;
            }
        });
    }
}

async fn accepted<T>(
    connections: &mut JoinSet<()>,
    accepting: impl Future<Output = io::Result<T>>,
    stop: &CancellationToken,
) -> Option<io::Result<T>> {
    tokio::pin!(accepting);
    loop {
        tokio::select! {
            accepted = &mut accepting => return Some(accepted),
            Some(_) = connections.join_next() => {}
            () = stop.cancelled() => return None,
        }
    }
}

/// Carries one way, until an end or an error.
async fn carry(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, lever: &Lever) {
    let mut buffer = vec![0; CHUNK];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        lever.pass().await;
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}

/// A session of PostgreSQL: carries both ways, and listens for commits.
async fn converse(client: &mut UnixStream, server: &mut UnixStream, lever: &Lever) {
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    // Set by the way there, read by the way back: the next "done: COMMIT" must not get through.
    let deaf = std::sync::atomic::AtomicBool::new(false);
    let there = async {
        let (mut buffer, mut ear) = (vec![0; CHUNK], Ear::new(b"COMMIT"));
        while let Ok(length @ 1..) = from_client.read(&mut buffer).await {
            lever.pass().await;
            if ear.hears(&buffer[..length]) {
                if take(&lever.0.lost) {
                    lever.0.lost_done.fetch_add(1, Ordering::Relaxed);
                    return;
                }
                if take(&lever.0.unacknowledged) {
                    deaf.store(true, Ordering::Release);
                }
            }
            if to_server.write_all(&buffer[..length]).await.is_err() {
                return;
            }
        }
    };
    let back = async {
        let (mut buffer, mut ear) = (vec![0; CHUNK], Ear::new(b"COMMIT\0"));
        while let Ok(length @ 1..) = from_server.read(&mut buffer).await {
            lever.pass().await;
            if ear.hears(&buffer[..length]) && deaf.load(Ordering::Acquire) {
                lever.0.unacknowledged_done.fetch_add(1, Ordering::Relaxed);
                return;
            }
            if to_client.write_all(&buffer[..length]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = there => {}
        () = back => {}
        () = lever.until_reset() => {}
    }
}

/// Listens for a word in a stream that comes in pieces.
struct Ear {
    word: &'static [u8],
    tail: Vec<u8>,
}

impl Ear {
    const fn new(word: &'static [u8]) -> Self {
        Self { word, tail: Vec::new() }
    }

    fn hears(&mut self, piece: &[u8]) -> bool {
        self.tail.extend_from_slice(piece);
        let heard = self.tail.windows(self.word.len()).any(|window| window == self.word);
        let keep = if heard { 0 } else { self.word.len() - 1 };
        self.tail.drain(..self.tail.len().saturating_sub(keep));
        heard
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_heard_across_pieces_and_once() {
        let mut ear = Ear::new(b"COMMIT");
        assert!(!ear.hears(b"Q\0\0\0\x0bCOM"));
        assert!(ear.hears(b"MIT\0"));
        assert!(!ear.hears(b"MIT\0COMMI"));
        assert!(ear.hears(b"T"));
    }

    #[test]
    fn a_counter_gives_as_many_as_it_was_given() {
        let counter = AtomicU32::new(2);
        assert!(take(&counter) && take(&counter) && !take(&counter));
    }
}
