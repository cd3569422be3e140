//! Listening, and serving until told to stop: slow and idle clients, and too many of them, cost
//! nobody else anything.

mod door;
#[cfg(test)]
mod tests;
mod watch;

use std::{
    convert::Infallible,
    io::ErrorKind,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use axum::{
    extract::{ConnectInfo, Request},
    response::Response,
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{rt::TokioIo, server::graceful::GracefulShutdown};
use telemetry::Metrics;
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    task::JoinSet,
    time::sleep,
};
use tokio_util::sync::CancellationToken;
use tower::{Service, ServiceExt as _};

use self::{
    door::{Door, Seat},
    watch::{Answer, Asked, Watch, Watched},
};

/// Connections that may wait to be accepted; the system may allow fewer.
const BACKLOG: u32 = 4096;
/// When no connection can be accepted (no file descriptors left, say), before the next try.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What clients may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at the same time.
    pub connections: usize,
    /// How long a connection may ask nothing.
    pub idle: Duration,
    /// How long the head of a request may take; its body may take a little longer when it is large.
    pub read: Duration,
    /// How long an answer may take to be read; a little longer when it is large.
    pub write: Duration,
}

#[cfg(test)]
impl Limits {
    /// For tests about something else.
    pub const fn generous() -> Self {
        Self {
            connections: 1_000,
            idle: Duration::from_mins(1),
            read: Duration::from_mins(1),
            write: Duration::from_mins(1),
        }
    }
}

/// Listens on a port, or says what to do when that cannot be.
pub fn listen(address: IpAddr, port: u16, what: &str, key: &str) -> Result<TcpListener> {
    let address = SocketAddr::new(address, port);
    match bind(address) {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == ErrorKind::AddrInUse => bail!(
            "port {port}, wanted for {what}, is taken by another program.\n  See which one:  ss \
             -ltnp 'sport = :{port}'\n  Or take another: {key}={} make up",
            free_port_near(port)
        ),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => bail!(
            "port {port}, wanted for {what}, is reserved for root. Choose one above 1023: \
             {key}=8080"
        ),
        Err(error) => Err(error).with_context(|| format!("could not listen on {address}")),
    }
}

fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // Connections of the last run that are not quite gone do not matter.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// A port to suggest: the next one with a free neighbour.
fn free_port_near(port: u16) -> u16 {
    let free =
        |port: u16| std::net::TcpListener::bind((IpAddr::from([127, 0, 0, 1]), port)).is_ok();
    let mut candidates = (1..50).filter_map(|step| port.checked_add(step * 10));
    candidates.find(|port| free(*port) && port.checked_add(1).is_some_and(free)).unwrap_or(0)
}

/// Serves until `stop`; then lets requests in progress finish. Whoever awaits this sets the bound:
/// dropping it cuts off what is still open.
pub async fn serve<A>(
    listener: TcpListener,
    app: A,
    limits: Limits,
    metrics: Metrics,
    stop: CancellationToken,
) where
    A: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    A::Future: Send,
{
    let door = Arc::new(Door::new(limits, &metrics));
    tokio::select! {
        () = accept(listener, app, &door, &stop) => {}
        () = door.sweep() => {}
    }
}

async fn accept<A>(listener: TcpListener, app: A, door: &Arc<Door>, stop: &CancellationToken)
where
    A: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    A::Future: Send,
{
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
            () = stop.cancelled() => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let seat = door.seat();
        if seat == Seat::Outside {
            continue;
        }
        let watch = door.watch();
        let connection = connection(stream, peer, seat, app.clone(), Arc::clone(&watch), &graceful);
        door.enter(seat, watch, |leave| {
            connections.spawn(async move {
                let _leave = leave;
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "a connection broke");
                }
            })
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

fn connection<A>(
    stream: TcpStream,
    peer: SocketAddr,
    seat: Seat,
    app: A,
    watch: Arc<Watch>,
    graceful: &GracefulShutdown,
) -> impl Future<Output = hyper::Result<()>> + Send + 'static
where
    A: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    A::Future: Send,
{
    // Answers are written whole: waiting for more would only delay them.
    stream.set_nodelay(true).ok();
    let stream = TokioIo::new(Watched::new(stream, Arc::clone(&watch)));
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        watch.asked();
        let mut request = request.map(|body| Asked::content(body, &watch));
        request.extensions_mut().insert(ConnectInfo(peer));
        let app = (seat == Seat::Inside).then(|| app.clone());
        let watch = Arc::clone(&watch);
        async move {
            let answer = match app {
                Some(app) => app.oneshot(request).await?,
                None => api::busy(),
            };
            Ok::<_, Infallible>(answer.map(|body| Answer::new(body, watch)))
        }
    });
    // Time limits are the sweeper's: a timer for each request would cost more than the request's
    // parsing.
    let mut http = http1::Builder::new();
    http.header_read_timeout(None).keep_alive(seat == Seat::Inside);
    graceful.watch(http.serve_connection(stream, service))
}
