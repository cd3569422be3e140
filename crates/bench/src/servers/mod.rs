//! The servers the shop is compared with. Each is a process of its own, with the shop's allocator,
//! runtime and HTTP library.

pub mod bare;
pub mod naive;
pub mod trivial;

use std::{io::Write as _, net::Ipv4Addr};

use anyhow::{Context as _, Result};
use axum::{Router, body::Body};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, task::JoinSet};
use tower::ServiceExt as _;

/// What a server says before its port, once it listens.
pub const LISTENING: &str = "listening on ";

/// The runtime the shop has.
pub fn runtime() -> Result<tokio::runtime::Runtime> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
        .context("could not start the runtime")
}

/// Serves on a free port until the process is ended.
async fn serve(app: Router) -> Result<()> {
    let listener = listen()?;
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
        };
        let (stream, _) = accepted.context("accept")?;
        stream.set_nodelay(true).ok();
        let app = app.clone();
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            app.clone().oneshot(request.map(Body::new))
        });
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        connections.spawn(async move { connection.await.ok() });
    }
}

/// Listens on a free port and says which.
fn listen() -> Result<TcpListener> {
    let socket = tokio::net::TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
    let listener = socket.listen(4096)?;
    writeln!(std::io::stdout(), "{LISTENING}{}", listener.local_addr()?.port())?;
    Ok(listener)
}
