//! What a load was to be and what came of it: the words between the orchestrator and the process
//! that makes the load.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
};

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::{request::Ask, watch::Spent};

/// A load.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Load {
    /// Whom to ask.
    pub server: SocketAddr,
    /// What to ask.
    pub ask: Ask,
    /// Connections, each with one request under way at most.
    pub connections: usize,
    /// When.
    pub pace: Rhythm,
    /// The status that counts.
    pub expected: u16,
    /// Makes the keys different from those of other loads.
    pub seed: u64,
    /// Processes whose use of the processor is noted.
    pub watched: Vec<u32>,
    /// Where the connections come from; without it, from where the system likes.
    #[serde(default)]
    pub sources: Option<Sources>,
}

/// Addresses that connections come from, in turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sources {
    /// The first one: of the loopback network, which is all ours.
    pub first: Ipv4Addr,
    /// How many, one after the other.
    pub count: u32,
}

impl Sources {
    /// Where this connection comes from.
    pub fn of(&self, connection: usize) -> Ipv4Addr {
        let turn = u32::try_from(connection).unwrap_or(0) % self.count.max(1);
        Ipv4Addr::from_bits(self.first.to_bits().saturating_add(turn))
    }
}

/// When requests are sent.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rhythm {
    /// In a closed loop.
    Closed {
        /// Not counted.
        warm_up_ms: u64,
        /// Counted.
        measure_ms: u64,
    },
    /// By a schedule.
    Open {
        /// Requests a second.
        rate: f64,
        /// Not counted.
        warm_up_ms: u64,
        /// Counted.
        measure_ms: u64,
    },
    /// So many.
    Number {
        /// How many.
        requests: u64,
        /// Whether to say "ready" when connected, and to wait for a line before the first one.
        on_command: bool,
    },
}

/// Answers by status.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statuses(BTreeMap<u16, u64>);

impl Statuses {
    /// One more.
    pub fn add(&mut self, status: u16) {
        *self.0.entry(status).or_default() += 1;
    }

    /// How many had this one.
    pub fn of(&self, status: u16) -> u64 {
        self.0.get(&status).copied().unwrap_or_default()
    }

    /// How many had another one than this.
    pub fn other_than(&self, status: u16) -> u64 {
        self.0.iter().filter(|(it, _)| **it != status).map(|(_, count)| count).sum()
    }
}

impl std::fmt::Display for Statuses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words: Vec<String> = self.0.iter().map(|(s, n)| format!("{n} × {s}")).collect();
        f.write_str(&words.join(", "))
    }
}

/// Milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Latency {
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
    pub p999: f64,
    pub max: f64,
}

impl Latency {
    /// Of microseconds.
    pub fn of(micros: &Histogram<u64>) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "microseconds of minutes at most")]
        let ms = |micros: u64| micros as f64 / 1000.0;
        let quantile = |q: f64| ms(micros.value_at_quantile(q));
        Self {
            p50: quantile(0.5),
            p90: quantile(0.9),
            p99: quantile(0.99),
            p999: quantile(0.999),
            max: ms(micros.max()),
        }
    }
}

/// What came of a load.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Outcome {
    /// Requests sent.
    pub sent: u64,
    /// Answers, those outside the window included.
    pub statuses: Statuses,
    /// Requests without an answer.
    pub unanswered: u64,
    /// Connections that broke.
    pub broken: u64,
    /// Answers with the expected status, within the window.
    pub measured: u64,
    /// The window.
    pub seconds: f64,
    /// From the intended start.
    pub latency: Latency,
    /// Of an open loop: how late the latest request went out, in milliseconds.
    pub latest_ms: f64,
    /// Processor time within the window.
    pub spent: Spent,
    /// The first answer with another status.
    pub example: Option<String>,
}

impl Outcome {
    /// Expected answers a second.
    pub fn rate(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 answers")]
        let measured = self.measured as f64;
        if self.seconds > 0.0 { measured / self.seconds } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_in_milliseconds() {
        let mut micros = Histogram::<u64>::new_with_bounds(1, 300_000_000, 3).unwrap();
        (1..=1000).for_each(|n| micros.record(n * 1000).unwrap());
        let latency = Latency::of(&micros);
        let near = |a: f64, b: f64| (a - b).abs() / b < 0.002;
        assert!(near(latency.p50, 500.0) && near(latency.p99, 990.0), "{latency:?}");
        assert!(near(latency.p999, 999.0) && near(latency.max, 1000.0), "{latency:?}");
    }

    #[test]
    fn connections_come_from_each_address_in_turn() {
        let sources = Sources { first: Ipv4Addr::new(127, 1, 0, 255), count: 2 };
        let from: Vec<Ipv4Addr> = (0..3).map(|connection| sources.of(connection)).collect();
        assert_eq!(from, [[127, 1, 0, 255], [127, 1, 1, 0], [127, 1, 0, 255]].map(Ipv4Addr::from));
    }

    #[test]
    fn statuses_are_counted() {
        let mut statuses = Statuses::default();
        for status in [201, 201, 503] {
            statuses.add(status);
        }
        assert_eq!((statuses.of(201), statuses.other_than(201)), (2, 1));
        assert_eq!(statuses.to_string(), "2 × 201, 1 × 503");
    }
}
