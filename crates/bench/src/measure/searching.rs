//! Finding something among a hundred thousand products, in this process: the index alone, on as many
//! threads as there are processors.

use std::{collections::HashSet, num::NonZero, sync::Arc, time::Duration};

use anyhow::{Context as _, Result, ensure};
use hdrhistogram::Histogram;
use jiff::Timestamp;
use search::{Index, Snapshot};
use serde_json::json;
use tokio::{task::spawn_blocking, time::Instant};

use super::{Bench, Figures};
use crate::{load::random::Random, search_shop};

/// Latencies, in microseconds.
struct Latencies {
    search: Histogram<u64>,
    suggest: Histogram<u64>,
    found: usize,
}

impl Bench {
    /// Builds the index, then searches and types for as long as a row is measured.
    pub(super) async fn searching(&mut self) -> Result<Figures> {
        let (warm_up, measure) = (self.effort.warm_up, self.effort.measure);
        let seed = self.seed();
        spawn_blocking(move || run(warm_up, measure, seed)).await?
    }
}

fn run(warm_up: Duration, measure: Duration, seed: u64) -> Result<Figures> {
    let documents = search_shop::documents();
    // Half of everything is left.
    let variants = documents.iter().flat_map(|it| &it.variants).map(|it| it.id);
    let in_stock: HashSet<_> = variants.step_by(2).collect();
    let began = Instant::now();
    let index = Index::build(documents)?;
    let built = began.elapsed();
    ensure!(index.len() == search_shop::PRODUCTS, "the index has {} products", index.len());
    let snapshot = Snapshot::new(Arc::new(index), &in_stock);
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    ask(&snapshot, threads, warm_up, seed)?;
    let asked = ask(&snapshot, threads, measure, seed + 1)?;
    ensure!(asked.found > 0, "nothing was ever found");
    let detail = json!({
        "products": search_shop::PRODUCTS, "threads": threads, "searches": asked.search.len(),
        "suggestions": asked.suggest.len(), "max_ms": in_ms(asked.search.max()),
    });
    Ok(Figures {
        rows: vec![
            ("search_index_s", built.as_secs_f64()),
            ("search_p50_ms", in_ms(asked.search.value_at_quantile(0.5))),
            ("search_p99_ms", in_ms(asked.search.value_at_quantile(0.99))),
            ("suggest_p99_ms", in_ms(asked.suggest.value_at_quantile(0.99))),
        ],
        detail,
    })
}

/// Asks on all threads at once, one search and then one suggestion, without pause.
fn ask(snapshot: &Snapshot, threads: usize, time: Duration, seed: u64) -> Result<Latencies> {
    let all = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..threads)
            .map(|thread| scope.spawn(move || one(snapshot, time, seed ^ ((thread as u64) << 40))))
            .collect();
        asking.into_iter().map(std::thread::ScopedJoinHandle::join).collect::<Vec<_>>()
    });
    let mut sum = Latencies::new()?;
    for one in all {
        let one = one.map_err(|_| anyhow::anyhow!("a search broke off"))??;
        sum.search.add(&one.search)?;
        sum.suggest.add(&one.suggest)?;
        sum.found += one.found;
    }
    Ok(sum)
}

fn one(snapshot: &Snapshot, time: Duration, seed: u64) -> Result<Latencies> {
    let (mut random, mut asked) = (Random::new(seed), Latencies::new()?);
    let now = Timestamp::from_second(search_shop::NOW).context("a moment")?;
    let end = Instant::now() + time;
    while Instant::now() < end {
        let (query, typed) = (search_shop::query(&mut random), search_shop::typed(&mut random));
        let began = Instant::now();
        asked.found += snapshot.search(&query, now)?.total;
        asked.search.record(micros(began.elapsed()))?;
        let began = Instant::now();
        asked.found += snapshot.suggest(&typed, 8, now)?.len();
        asked.suggest.record(micros(began.elapsed()))?;
    }
    Ok(asked)
}

impl Latencies {
    fn new() -> Result<Self> {
        let none = Histogram::new(3)?;
        Ok(Self { search: none.clone(), suggest: none, found: 0 })
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1)
}

#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 microseconds")]
fn in_ms(micros: u64) -> f64 {
    micros as f64 / 1_000.0
}
