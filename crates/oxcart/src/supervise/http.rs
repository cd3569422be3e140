//! Listening, and serving until told to stop.

use std::net::{IpAddr, SocketAddr};

use anyhow::{Context as _, Result, bail};
use axum::{Router, serve::ListenerExt as _};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Listens on a port, or says what to do when that cannot be.
pub async fn listen(address: IpAddr, port: u16, what: &str, key: &str) -> Result<TcpListener> {
    let address = SocketAddr::new(address, port);
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => bail!(
            "port {port}, wanted for {what}, is taken by another program.\n  See which one:  ss \
             -ltnp 'sport = :{port}'\n  Or take another: {key}={} make up",
            free_port_near(port)
        ),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => bail!(
            "port {port}, wanted for {what}, is reserved for root. Choose one above 1023: \
             {key}=8080"
        ),
        Err(error) => Err(error).with_context(|| format!("could not listen on {address}")),
    }
}

/// A port to suggest: the next one with a free neighbour.
fn free_port_near(port: u16) -> u16 {
    let free =
        |port: u16| std::net::TcpListener::bind((IpAddr::from([127, 0, 0, 1]), port)).is_ok();
    let mut candidates = (1..50).filter_map(|step| port.checked_add(step * 10));
    candidates.find(|port| free(*port) && port.checked_add(1).is_some_and(free)).unwrap_or(0)
}

/// Serves until `stop`; then lets requests in progress finish. Whoever awaits this sets the bound.
pub async fn serve(listener: TcpListener, app: Router, stop: CancellationToken) -> Result<()> {
    let listener = listener.tap_io(|stream| {
        // Answers are written whole: waiting for more would only delay them.
        stream.set_nodelay(true).ok();
    });
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(stop.cancelled_owned())
        .await
        .context("the server stopped listening")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_port_comes_with_advice() {
        let here = IpAddr::from([127, 0, 0, 1]);
        let first = listen(here, 0, "the shop", "PORT").await.unwrap();
        let port = first.local_addr().unwrap().port();
        let error = listen(here, port, "the shop", "PORT").await.unwrap_err().to_string();
        assert!(error.contains(&format!("port {port}")), "{error}");
        assert!(error.contains("PORT="), "{error}");
    }
}
