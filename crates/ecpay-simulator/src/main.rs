//! `ecpay-simulator`: runs the stand-in for ECPay's servers until it is told to stop.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use ecpay_simulator::{Config, MerchantConfig, Method, RateLimit, Simulator, StartError};
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
    /// Seconds before a notice that was not acknowledged is sent again; later tries wait twice and
    /// three times as long.
    #[arg(long, env = "ECPAY_SIMULATOR_RETRY_SECONDS", default_value_t = 300)]
    retry_seconds: u64,
    /// Where orders and notices are kept over a restart. Without it they are forgotten.
    #[arg(long, env = "ECPAY_SIMULATOR_DIRECTORY")]
    directory: Option<PathBuf>,
    /// A method the merchants may use, as in `ChoosePayment`; may be repeated. Unless given: all
    /// but `BNPL`, `WeiXin` and `DigitalPayment`.
    #[arg(long = "method", env = "ECPAY_SIMULATOR_METHODS", value_delimiter = ',')]
    methods: Vec<String>,
    /// The amounts a method takes, in whole TWD, as `METHOD=LEAST:MOST`; may be repeated. ECPay's
    /// published limits unless given.
    #[arg(long = "limit", env = "ECPAY_SIMULATOR_LIMITS", value_delimiter = ',')]
    limits: Vec<String>,
    /// Calls a minute that a shop's server may make before it is shut out for 30 minutes; 0 for as
    /// many as it likes.
    #[arg(long, env = "ECPAY_SIMULATOR_CALLS_PER_MINUTE", default_value_t = 600)]
    calls_per_minute: u32,
    /// Seconds between two reconciliation files.
    #[arg(long, env = "ECPAY_SIMULATOR_FILE_SECONDS", default_value_t = 60)]
    file_seconds: u64,
    /// Whether cards are captured daily by themselves.
    #[arg(
        long,
        env = "ECPAY_SIMULATOR_AUTO_CAPTURE",
        default_value_t = true,
        action = clap::ArgAction::Set
    )]
    auto_capture: bool,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("a merchant is ID:HASH_KEY:HASH_IV, none of them empty")]
    Merchant,
    #[error("{0} is no payment method")]
    Method(String),
    #[error("a limit is METHOD=LEAST:MOST, the least not above the most")]
    Limit,
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

fn method(name: &str) -> Result<Method, Failure> {
    Method::parse(name).ok_or_else(|| Failure::Method(name.to_owned()))
}

fn limit(text: &str) -> Result<(Method, RangeInclusive<u32>), Failure> {
    let (name, range) = text.split_once('=').ok_or(Failure::Limit)?;
    let (least, most) = range.split_once(':').ok_or(Failure::Limit)?;
    match (least.parse(), most.parse()) {
        (Ok(least), Ok(most)) if least <= most => Ok((method(name)?, least..=most)),
        _ => Err(Failure::Limit),
    }
}

fn config(arguments: &Arguments) -> Result<Config, Failure> {
    let mut config = Config {
        retry_delay: Duration::from_secs(arguments.retry_seconds),
        file_interval: Duration::from_secs(arguments.file_seconds),
        auto_capture: arguments.auto_capture,
        directory: arguments.directory.clone(),
        ..Config::default()
    };
    config.rate_limit = config
        .rate_limit
        .map(|limit| RateLimit { calls: arguments.calls_per_minute, ..limit })
        .filter(|limit| limit.calls > 0);
    for text in &arguments.merchants {
        config.merchants.push(merchant(text)?);
    }
    for text in &arguments.limits {
        let (method, range) = limit(text)?;
        config.limits.insert(method, range);
    }
    if !arguments.methods.is_empty() {
        config.methods =
            arguments.methods.iter().map(|name| method(name)).collect::<Result<_, _>>()?;
    }
    Ok(config)
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).init();
    let arguments = Arguments::parse();
    let config = config(&arguments)?;
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
