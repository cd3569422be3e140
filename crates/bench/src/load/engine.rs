//! The connections and the loop around them: one thread, one `epoll`, no pipelining. It shares the
//! machine with what it measures, so it does as little as it can: for each request one `write`, one
//! `read` and a share of an `epoll_wait`.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream},
    os::fd::AsRawFd as _,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use nix::sys::{
    epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout},
    socket::{AddressFamily, SockFlag, SockProtocol, SockType, SockaddrIn, bind, connect, socket},
    time::TimeSpec,
    timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags},
};

use super::{answer, outcome::Sources, request::Requests};

/// How exactly an open loop keeps to its schedule.
const TICK: Duration = Duration::from_micros(500);
/// How long to wait for something to happen before looking at the time.
const PATIENCE_MS: u16 = 20;
const CONNECT_TIME: Duration = Duration::from_secs(10);
const EVENTS: usize = 1024;
const SCRATCH: usize = 256 << 10;
/// The event of the timer; the others are connections.
const TIMER: u64 = u64::MAX;

/// Connects from this address. It need not be anybody's: all of 127.0.0.0/8 is this machine.
pub fn connect_from(source: Ipv4Addr, server: SocketAddr) -> Result<TcpStream> {
    let SocketAddr::V4(server) = server else { bail!("{server} is no IPv4 address") };
    let flags = SockFlag::SOCK_CLOEXEC;
    let socket = socket(AddressFamily::Inet, SockType::Stream, flags, SockProtocol::Tcp)?;
    let address = SockaddrIn::from(SocketAddrV4::new(source, 0));
    bind(socket.as_raw_fd(), &address).with_context(|| format!("from {source}"))?;
    connect(socket.as_raw_fd(), &SockaddrIn::from(server))
        .with_context(|| format!("from {source} to {server}"))?;
    Ok(socket.into())
}

/// Decides when requests are sent, and hears of the answers.
pub trait Pace {
    /// When the next request was meant to start, if its time has come.
    fn next(&mut self, now: Instant) -> Option<Instant>;
    /// Whether none will be sent any more.
    fn is_over(&self, now: Instant) -> bool;
    /// An answer.
    fn answered(&mut self, status: u16, meant: Instant, now: Instant);
    /// Something passes: for looking at the clock.
    fn tick(&mut self, now: Instant);
}

struct Connection {
    stream: TcpStream,
    /// What the kernel has not taken yet of a request; nearly always nothing.
    unsent: Vec<u8>,
    /// The beginning of an answer that came in pieces.
    partial: Vec<u8>,
    /// When the request under way was meant to start.
    meant: Option<Instant>,
}

/// Writes what the kernel takes and says how much that is; `epoll` says when there is room for the
/// rest.
fn write(stream: &mut TcpStream, bytes: &[u8]) -> std::io::Result<usize> {
    let mut sent = 0;
    while sent < bytes.len() {
        match stream.write(&bytes[sent..]) {
            Ok(count) => sent += count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(sent)
}

/// What went wrong on the way.
#[derive(Clone, Debug, Default)]
pub struct Troubles {
    /// Requests without an answer.
    pub unanswered: u64,
    /// Connections that broke.
    pub broken: u64,
    /// The first answer with an unexpected status, for people.
    pub example: Option<String>,
}

/// Connections to a server.
pub struct Engine {
    epoll: Epoll,
    connections: Vec<Connection>,
    idle: Vec<usize>,
    under_way: usize,
    scratch: Vec<u8>,
    requests: Requests,
    /// The request being sent. One for all connections: what each of thousands keeps for itself is in
    /// no cache when its turn comes.
    request: Vec<u8>,
    expected: u16,
    /// What went wrong.
    pub troubles: Troubles,
}

impl Engine {
    /// Opens the connections.
    pub fn connect(
        server: SocketAddr,
        count: usize,
        sources: Option<Sources>,
        requests: Requests,
        expected: u16,
    ) -> Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::empty()).context("epoll")?;
        let mut connections = Vec::with_capacity(count);
        let flags = EpollFlags::EPOLLIN | EpollFlags::EPOLLOUT | EpollFlags::EPOLLET;
        for place in 0..count {
            let stream = match sources {
                Some(sources) => connect_from(sources.of(place), server),
                None => TcpStream::connect_timeout(&server, CONNECT_TIME).map_err(Into::into),
            };
            let stream = stream.with_context(|| format!("connection {place} of {count}"))?;
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            epoll.add(&stream, EpollEvent::new(flags, place as u64)).context("epoll")?;
            connections.push(Connection {
                stream,
                unsent: Vec::new(),
                partial: Vec::new(),
                meant: None,
            });
        }
        Ok(Self {
            epoll,
            idle: (0..count).rev().collect(),
            connections,
            under_way: 0,
            scratch: vec![0; SCRATCH],
            request: requests.blank(),
            requests,
            expected,
            troubles: Troubles::default(),
        })
    }

    /// Sends and receives until the pace is over and every request is answered, `patience` after
    /// the end at the latest.
    pub fn run(&mut self, pace: &mut impl Pace, patience: Duration, exact: bool) -> Result<()> {
        let timer = if exact { Some(self.timer()?) } else { None };
        let mut events = vec![EpollEvent::empty(); EVENTS];
        let mut over: Option<Instant> = None;
        loop {
            let now = Instant::now();
            pace.tick(now);
            self.send_due(pace, now);
            if pace.is_over(now) {
                let since = *over.get_or_insert(now);
                if self.under_way == 0 || now.duration_since(since) > patience {
                    break;
                }
            }
            let wait = EpollTimeout::from(PATIENCE_MS);
            let count = match self.epoll.wait(&mut events, wait) {
                Ok(count) => count,
                Err(nix::Error::EINTR) => 0,
                Err(error) => return Err(error).context("epoll"),
            };
            for event in &events[..count] {
                if event.data() == TIMER {
                    timer.as_ref().map(TimerFd::wait);
                } else if let Ok(place) = usize::try_from(event.data()) {
                    self.attend(place, event.events(), pace);
                }
            }
        }
        self.troubles.unanswered += self.under_way as u64;
        Ok(())
    }

    fn timer(&self) -> Result<TimerFd> {
        let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, TimerFlags::TFD_NONBLOCK)?;
        let every = Expiration::Interval(TimeSpec::from_duration(TICK));
        timer.set(every, TimerSetTimeFlags::empty())?;
        let flags = EpollFlags::EPOLLIN | EpollFlags::EPOLLET;
        self.epoll.add(&timer, EpollEvent::new(flags, TIMER)).context("epoll")?;
        Ok(timer)
    }

    /// Requests whose time has come go out on connections that are free.
    fn send_due(&mut self, pace: &mut impl Pace, now: Instant) {
        while let Some(place) = self.idle.pop() {
            let Some(meant) = pace.next(now) else {
                self.idle.push(place);
                return;
            };
            self.send(place, meant);
        }
    }

    fn send(&mut self, place: usize, meant: Instant) {
        self.requests.patch(&mut self.request);
        let connection = &mut self.connections[place];
        connection.meant = Some(meant);
        self.under_way += 1;
        match write(&mut connection.stream, &self.request) {
            Ok(sent) => connection.unsent.extend_from_slice(&self.request[sent..]),
            Err(_) => self.lose(place),
        }
    }

    fn attend(&mut self, at: usize, events: EpollFlags, pace: &mut impl Pace) {
        let connection = &mut self.connections[at];
        if !connection.unsent.is_empty() {
            match write(&mut connection.stream, &connection.unsent) {
                Ok(sent) => drop(connection.unsent.drain(..sent)),
                Err(_) => return self.lose(at),
            }
        }
        if events.intersects(EpollFlags::EPOLLIN | EpollFlags::EPOLLHUP | EpollFlags::EPOLLERR) {
            self.receive(at, pace);
        }
    }

    fn receive(&mut self, at: usize, pace: &mut impl Pace) {
        loop {
            let connection = &mut self.connections[at];
            let count = match connection.stream.read(&mut self.scratch) {
                Ok(0) => return self.lose(at),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => return self.lose(at),
            };
            // Nearly always one read brings the whole answer, and it need not be kept.
            let whole = if connection.partial.is_empty() {
                answer::parse(&self.scratch[..count])
            } else {
                connection.partial.extend_from_slice(&self.scratch[..count]);
                answer::parse(&connection.partial)
            };
            match whole {
                Err(answer::Nonsense) => return self.lose(at),
                Ok(None) if connection.partial.is_empty() => {
                    connection.partial.extend_from_slice(&self.scratch[..count]);
                }
                Ok(None) => {}
                Ok(Some(answer)) => self.done(at, answer, count, pace),
            }
            if count < SCRATCH {
                return;
            }
        }
    }

    fn done(&mut self, at: usize, answer: answer::Answer, count: usize, pace: &mut impl Pace) {
        let now = Instant::now();
        let connection = &mut self.connections[at];
        if answer.status != self.expected && self.troubles.example.is_none() {
            let bytes = if connection.partial.is_empty() {
                &self.scratch[..count]
            } else {
                &connection.partial
            };
            self.troubles.example = Some(String::from_utf8_lossy(bytes).into_owned());
        }
        connection.partial.clear();
        let Some(meant) = connection.meant.take() else { return };
        self.under_way -= 1;
        pace.answered(answer.status, meant, now);
        match pace.next(now) {
            Some(meant) => self.send(at, meant),
            None => self.idle.push(at),
        }
    }

    /// A broken connection is not used again; what it was asked is unanswered.
    fn lose(&mut self, place: usize) {
        let connection = &mut self.connections[place];
        self.epoll.delete(&connection.stream).ok();
        connection.unsent.clear();
        self.troubles.broken += 1;
        if connection.meant.take().is_some() {
            self.under_way -= 1;
            self.troubles.unanswered += 1;
        }
        self.idle.retain(|idle| *idle != place);
    }

    /// Whether no connection is left.
    pub fn is_dead(&self) -> bool {
        usize::try_from(self.troubles.broken).is_ok_and(|broken| broken >= self.connections.len())
    }
}
