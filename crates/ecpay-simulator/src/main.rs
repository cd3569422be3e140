//! `ecpay-simulator`: runs the stand-in for ECPay's servers until it is told to stop.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Parser;
use ecpay_simulator::{Config, MerchantConfig, Simulator, StartError};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// A stand-in for ECPay's payment servers, for development, tests and demonstrations.
#[derive(Debug, Parser)]
#[command(name = "ecpay-simulator", version)]
struct Arguments {
    /// Where to listen.
    #[arg(long, env = "ECPAY_SIMULATOR_LISTEN", default_value = "127.0.0.1:8081")]
    listen: SocketAddr,
    /// A merchant to know, as `ID:HASH_KEY:HASH_IV`; may be repeated. ECPay's public test merchant
    /// 3002607 is always known.
    #[arg(long = "merchant", env = "ECPAY_SIMULATOR_MERCHANTS", value_delimiter = ',')]
    merchants: Vec<String>,
    /// Seconds before a notice that was not acknowledged is sent again.
    #[arg(long, env = "ECPAY_SIMULATOR_RETRY_SECONDS", default_value_t = 300)]
    retry_seconds: u64,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("a merchant is ID:HASH_KEY:HASH_IV, none of them empty")]
    Merchant,
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    #[error("cannot wait for signals: {0}")]
    Signals(std::io::Error),
    #[error("cannot start: {0}")]
    Start(#[from] StartError),
}

fn merchant(text: &str) -> Result<MerchantConfig, Failure> {
    let parts: Vec<&str> = text.split(':').collect();
    let [id, hash_key, hash_iv] = parts[..] else { return Err(Failure::Merchant) };
    if id.is_empty() || hash_key.is_empty() || hash_iv.is_empty() {
        return Err(Failure::Merchant);
    }
    Ok(MerchantConfig {
        id: id.into(),
        name: format!("特店 {id}"),
        hash_key: hash_key.into(),
        hash_iv: hash_iv.into(),
    })
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).init();
    let arguments = Arguments::parse();
    let mut config =
        Config { retry_delay: Duration::from_secs(arguments.retry_seconds), ..Config::default() };
    for text in &arguments.merchants {
        config.merchants.push(merchant(text)?);
    }
    let listener = TcpListener::bind(arguments.listen)
        .await
        .map_err(|error| Failure::Listen(arguments.listen, error))?;
    let simulator = Simulator::start(config, listener)?;
    tracing::info!("ECPay simulator on http://{}", simulator.local_addr());
    stop_signal().await?;
    tracing::info!("stopping");
    simulator.stop().await;
    Ok(())
}

async fn stop_signal() -> Result<(), Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::Signals)?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
