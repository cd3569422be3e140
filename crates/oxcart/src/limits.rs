//! What the system allows a process, and what we allow clients.

use std::time::Duration;

use anyhow::{Context as _, Result};
use api::kit::{
    client_ip::Trust,
    limits::{Limits, Whom},
};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use telemetry::Metrics;

use crate::{
    config::{Config, Secret},
    supervise::http,
};

/// Enough for any crowd one machine can serve.
const OPEN_FILES: u64 = 65_536;
/// Files for everything but clients: the database, the storefront, pictures, logs, and the
/// connections that are only told to come back.
const OTHER_FILES: u64 = 1_024;

/// A connection is an open file, and many systems begin with 1,024 of them, for the sake of programs
/// from the last century. A process may raise that by itself, up to the hard limit.
pub fn raise_open_files() {
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let wanted = hard.min(OPEN_FILES);
        if soft < wanted {
            // Without it the shop works, for fewer people at once.
            setrlimit(Resource::RLIMIT_NOFILE, wanted, hard).ok();
        }
    }
}

/// Each connection holds a few buffers of which it touches a part. Huge pages would make the whole of
/// them real memory: a third more for a crowd's connections.
pub fn refuse_huge_pages() {
    // Without it the shop works, in more memory.
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_thp_disable(true).ok();
}

/// What clients may take: as configured, and never so many connections that no file is left.
pub fn of_clients(config: &Config) -> http::Limits {
    let files = getrlimit(Resource::RLIMIT_NOFILE).map_or(OPEN_FILES, |(soft, _)| soft);
    let seconds = |seconds: u16| Duration::from_secs(seconds.into());
    http::Limits {
        connections: config.http_connections.min(connections_within(files)),
        idle: seconds(config.http_idle_seconds),
        read: seconds(config.http_read_seconds),
        write: seconds(config.http_write_seconds),
    }
}

/// Who may ask how often. Servers with one Redis count together.
pub fn of_requests(config: &Config, metrics: &Metrics) -> Result<Limits> {
    let whom = Whom { trust: trust(config), exempt: config.rate_limit_exempt.clone() };
    match &config.redis_url {
        Some(url) => Limits::shared(whom, url.reveal(), metrics).context("REDIS_URL"),
        None => Ok(Limits::in_process(whom, metrics)),
    }
}

/// Who may say for whom they ask.
pub fn trust(config: &Config) -> Trust {
    let secret = config.web_secret.as_ref().map(Secret::reveal);
    Trust::new(config.trusted_proxies.clone(), secret)
}

fn connections_within(files: u64) -> usize {
    let left = files.saturating_sub(OTHER_FILES).max(files / 2);
    usize::try_from(left).unwrap_or(usize::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_left_for_others() {
        assert_eq!(connections_within(65_536), 64_512);
        assert_eq!(connections_within(1_024), 512);
        assert_eq!(connections_within(0), 1);
    }
}
