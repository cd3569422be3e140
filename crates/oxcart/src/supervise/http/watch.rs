//! What is known about one connection: what its client owes us, and since when.
//!
//! Nothing here sets a timer. A request only notes, in the coarse time of the [`Clock`], when a
//! wait begins and that it is over; the sweeper of the [`Door`](super::door::Door) looks at all
//! connections a few times a second and cuts those that waited too long.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::{Body as Content, Bytes, HttpBody as Body};
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::Limits;

/// Bytes a second that even a slow line manages. Above the time limit, a body or an answer may take
/// a second more for each of these.
const SLOWEST: u64 = 4 * 1024;
/// How long a client that sent more than we read may take to notice our answer.
const LINGER: Duration = Duration::from_secs(3);
/// What is read of it meanwhile, and thrown away; the rest stays where it is.
const LINGER_BYTES: u64 = 256 * 1024;

/// Milliseconds since the door opened, as of the sweeper's last round. Never 0.
#[derive(Debug)]
pub struct Clock(AtomicU64);

impl Clock {
    pub const fn new() -> Self {
        Self(AtomicU64::new(1))
    }

    pub fn now(&self) -> u64 {
        self.0.load(Relaxed)
    }

    pub fn set(&self, since: Duration) {
        self.0.store(1 + millis(since), Relaxed);
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Since when something is waited for, and how many bytes came meanwhile. 0: it is not.
#[derive(Debug, Default)]
struct Wait {
    since: AtomicU64,
    bytes: AtomicU64,
}

impl Wait {
    fn begin(&self, now: u64) {
        if self.since.load(Relaxed) == 0 {
            self.bytes.store(0, Relaxed);
            self.since.store(now, Relaxed);
        }
    }

    fn progress(&self, bytes: usize) {
        if self.since.load(Relaxed) != 0 {
            self.bytes.fetch_add(bytes as u64, Relaxed);
        }
    }

    fn end(&self) {
        if self.since.load(Relaxed) != 0 {
            self.since.store(0, Relaxed);
        }
    }

    /// How long it has lasted, if it is waited for.
    fn lasted(&self, now: u64) -> Option<u64> {
        let since = self.since.load(Relaxed);
        (since != 0).then(|| now.saturating_sub(since))
    }

    fn is_over(&self, now: u64, limit: Duration) -> bool {
        let earned = self.bytes.load(Relaxed).saturating_mul(1000) / SLOWEST;
        self.lasted(now).is_some_and(|lasted| lasted > millis(limit).saturating_add(earned))
    }
}

/// Why a connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// It asked nothing for too long.
    Idle,
    /// The head of a request does not arrive.
    Head,
    /// The body of a request does not arrive.
    Body,
    /// The client does not read its answer.
    Answer,
    /// The client does not stop sending what nobody reads.
    Linger,
    /// Others need the place.
    Crowded,
}

impl Cut {
    /// Every reason.
    pub const ALL: [Self; 6] =
        [Self::Idle, Self::Head, Self::Body, Self::Answer, Self::Linger, Self::Crowded];

    /// In a word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Head => "head",
            Self::Body => "body",
            Self::Answer => "answer",
            Self::Linger => "linger",
            Self::Crowded => "crowded",
        }
    }
}

/// One connection.
#[derive(Debug)]
pub struct Watch {
    clock: Arc<Clock>,
    idle: Wait,
    head: Wait,
    body: Wait,
    answer: Wait,
    linger: Wait,
    /// The client was still sending when it was answered.
    unread: AtomicBool,
}

impl Watch {
    /// A connection just made.
    pub fn new(clock: Arc<Clock>) -> Self {
        let watch = Self {
            clock,
            idle: Wait::default(),
            head: Wait::default(),
            body: Wait::default(),
            answer: Wait::default(),
            linger: Wait::default(),
            unread: AtomicBool::new(false),
        };
        watch.idle.begin(watch.clock.now());
        watch
    }

    /// A request's head has arrived.
    pub fn asked(&self) {
        self.idle.end();
        self.head.end();
        if self.unread.load(Relaxed) {
            self.unread.store(false, Relaxed);
        }
    }

    /// An answer has been handed over whole.
    fn answered(&self) {
        self.idle.begin(self.clock.now());
    }

    /// How long it has been waiting for a request, if it has no other in progress.
    pub fn waiting(&self, now: u64) -> Option<u64> {
        self.idle.lasted(now)
    }

    /// Whether, and why, it has to be cut.
    pub fn verdict(&self, now: u64, limits: &Limits) -> Option<Cut> {
        let idle = self.idle.lasted(now).is_some_and(|lasted| lasted > millis(limits.idle));
        [
            (self.head.is_over(now, limits.read), Cut::Head),
            (self.body.is_over(now, limits.read), Cut::Body),
            (self.answer.is_over(now, limits.write), Cut::Answer),
            (self.linger.lasted(now).is_some_and(|lasted| lasted > millis(LINGER)), Cut::Linger),
            (idle, Cut::Idle),
        ]
        .into_iter()
        .find_map(|(over, why)| over.then_some(why))
    }
}

/// A connection's bytes, watched.
#[derive(Debug)]
pub struct Watched {
    stream: TcpStream,
    watch: Arc<Watch>,
    shut: bool,
}

impl Watched {
    pub const fn new(stream: TcpStream, watch: Arc<Watch>) -> Self {
        Self { stream, watch, shut: false }
    }

    fn wrote(&self, outcome: &Poll<io::Result<usize>>) {
        match outcome {
            Poll::Pending => self.watch.answer.begin(self.watch.clock.now()),
            Poll::Ready(Ok(bytes)) => self.watch.answer.progress(*bytes),
            Poll::Ready(Err(_)) => {}
        }
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let outcome = Pin::new(&mut self.stream).poll_read(cx, buf);
        if buf.filled().len() > before && self.watch.idle.since.load(Relaxed) != 0 {
            self.watch.head.begin(self.watch.clock.now());
        }
        outcome
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.wrote(&outcome);
        outcome
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.wrote(&outcome);
        outcome
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Called when everything has been written.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_flush(cx);
        if outcome.is_ready() {
            self.watch.answer.end();
        }
        outcome
    }

    /// Closing while the client still sends would reset the connection, and our answer might be
    /// lost on the way: it gets a while to read it and to close the connection itself.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.shut {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            self.shut = true;
        }
        if !self.watch.unread.load(Relaxed) {
            return Poll::Ready(Ok(()));
        }
        self.watch.linger.begin(self.watch.clock.now());
        let mut bytes = [0; 8 * 1024];
        while self.watch.linger.bytes.load(Relaxed) < LINGER_BYTES {
            let mut buf = ReadBuf::new(&mut bytes);
            let read = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buf));
            if read.is_err() || buf.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            self.watch.linger.progress(buf.filled().len());
        }
        // The sweeper wakes us, by the end.
        Poll::Pending
    }
}

/// The body of a request, watched.
#[derive(Debug)]
pub struct Asked {
    body: Incoming,
    watch: Arc<Watch>,
    ended: bool,
}

impl Asked {
    /// As handlers take it.
    pub fn content(body: Incoming, watch: &Arc<Watch>) -> Content {
        if body.is_end_stream() {
            return Content::empty();
        }
        Content::new(Self { body, watch: Arc::clone(watch), ended: false })
    }
}

impl Body for Asked {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let outcome = Pin::new(&mut self.body).poll_frame(cx);
        match &outcome {
            Poll::Pending => self.watch.body.begin(self.watch.clock.now()),
            Poll::Ready(Some(Ok(frame))) => {
                self.watch.body.progress(frame.data_ref().map_or(0, Bytes::len));
            }
            Poll::Ready(_) => {
                self.watch.body.end();
                self.ended = true;
            }
        }
        outcome
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.watch.body.end();
        if !self.ended && !self.body.is_end_stream() {
            self.watch.unread.store(true, Relaxed);
        }
    }
}

/// The body of an answer, watched: when it is dropped, the connection waits for the next request.
#[derive(Debug)]
pub struct Answer {
    body: Content,
    watch: Arc<Watch>,
}

impl Answer {
    pub const fn new(body: Content, watch: Arc<Watch>) -> Self {
        Self { body, watch }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.watch.answered();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits {
            connections: 10,
            idle: Duration::from_mins(1),
            read: Duration::from_secs(10),
            write: Duration::from_secs(20),
        }
    }

    #[test]
    fn each_wait_has_its_limit_and_bytes_earn_time() {
        let clock = Arc::new(Clock::new());
        let watch = Watch::new(Arc::clone(&clock));
        let at = |second: u64| 1 + second * 1000;
        assert_eq!(watch.verdict(at(60), &limits()), None);
        assert_eq!(watch.verdict(at(61), &limits()), Some(Cut::Idle));

        watch.head.begin(at(30));
        assert_eq!(watch.verdict(at(40), &limits()), None);
        assert_eq!(watch.verdict(at(41), &limits()), Some(Cut::Head));
        watch.asked();
        assert_eq!(watch.verdict(at(10_000), &limits()), None, "a handler has its own limits");
        assert_eq!(watch.waiting(at(10_000)), None);

        watch.body.begin(at(50));
        watch.body.begin(at(60));
        assert_eq!(watch.verdict(at(61), &limits()), Some(Cut::Body), "since the first wait");
        watch.body.progress(8 * 1024);
        assert_eq!(watch.verdict(at(62), &limits()), None, "two seconds more for 8 KiB");
        assert_eq!(watch.verdict(at(63), &limits()), Some(Cut::Body));
        watch.body.end();

        watch.answer.begin(at(70));
        assert_eq!(watch.verdict(at(90), &limits()), None);
        assert_eq!(watch.verdict(at(91), &limits()), Some(Cut::Answer));
        watch.answer.end();
        clock.set(Duration::from_secs(95));
        watch.answered();
        assert_eq!(watch.waiting(at(97)), Some(2000));
    }
}
