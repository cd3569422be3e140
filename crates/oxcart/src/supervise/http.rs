//! Listening, and serving until told to stop.

use std::{
    io::ErrorKind,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use axum::{Router, body::Body, extract::ConnectInfo};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    net::{TcpListener, TcpSocket},
    task::JoinSet,
    time::sleep,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// Connections that may wait to be accepted; the system may allow fewer.
const BACKLOG: u32 = 4096;
/// How long a client may take to send its request's head, and how long it may stay connected
/// without asking anything.
const HEAD_TIME: Duration = Duration::from_mins(1);
/// When no connection can be accepted (no file descriptors left, say), before the next try.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

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
pub async fn serve(listener: TcpListener, app: Router, stop: CancellationToken) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME);
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
        // Answers are written whole: waiting for more would only delay them.
        stream.set_nodelay(true).ok();
        let app = app.clone();
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            app.clone().oneshot(request)
        });
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        connections.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection broke");
            }
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_port_comes_with_advice() {
        let here = IpAddr::from([127, 0, 0, 1]);
        let first = listen(here, 0, "the shop", "PORT").unwrap();
        let port = first.local_addr().unwrap().port();
        let error = listen(here, port, "the shop", "PORT").unwrap_err().to_string();
        assert!(error.contains(&format!("port {port}")), "{error}");
        assert!(error.contains("PORT="), "{error}");
    }

    #[tokio::test]
    async fn a_request_in_progress_is_finished_and_an_idle_connection_is_not_waited_for() {
        let here = IpAddr::from([127, 0, 0, 1]);
        let listener = listen(here, 0, "the shop", "PORT").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let slow = async |peer: ConnectInfo<SocketAddr>| {
            sleep(Duration::from_millis(300)).await;
            peer.0.ip().to_string()
        };
        let app = Router::new().route("/", axum::routing::get(slow));
        let stop = CancellationToken::new();
        let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build().unwrap();
        let asking = async {
            // The first answer leaves an idle connection behind.
            assert_eq!(client.get(&url).send().await.unwrap().text().await.unwrap(), "127.0.0.1");
            let (answer, ()) = tokio::join!(client.get(&url).send(), async {
                sleep(Duration::from_millis(100)).await;
                stop.cancel();
            });
            assert_eq!(answer.unwrap().text().await.unwrap(), "127.0.0.1");
            assert!(client.get(&url).send().await.is_err());
        };
        let serving =
            tokio::time::timeout(Duration::from_secs(10), serve(listener, app, stop.clone()));
        let (served, ()) = tokio::join!(serving, asking);
        served.unwrap();
    }
}
