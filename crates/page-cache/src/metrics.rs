//! What the operator sees of the cache.

use telemetry::{
    Metrics,
    prometheus::{IntCounter, IntGauge, Result},
};

use crate::page::Story;

/// The cache's metrics. Cheap to clone.
#[derive(Clone, Debug)]
pub struct PageCacheMetrics {
    hit: IntCounter,
    stale: IntCounter,
    rescued: IntCounter,
    miss: IntCounter,
    collapsed: IntCounter,
    pub(crate) failed: IntCounter,
    pub(crate) private: IntCounter,
    pub(crate) bypass: IntCounter,
    pub(crate) bytes: IntGauge,
    pub(crate) pages: IntGauge,
    pub(crate) purges: IntCounter,
}

impl PageCacheMetrics {
    /// Registers them.
    pub fn new(metrics: &Metrics) -> Result<Self> {
        let requests = metrics.counters(
            "oxcart_page_cache_requests_total",
            "Requests for pages by what came of them",
            &["result"],
        )?;
        // One look-up now instead of one for each request.
        let of = |result: &str| requests.with_label_values(&[result]);
        Ok(Self {
            hit: of("hit"),
            stale: of("stale"),
            rescued: of("rescued"),
            miss: of("miss"),
            collapsed: of("collapsed"),
            failed: of("failed"),
            private: of("private"),
            bypass: of("bypass"),
            bytes: metrics.gauge("oxcart_page_cache_bytes", "Memory that kept pages take")?,
            pages: metrics.gauge("oxcart_page_cache_pages", "Kept pages")?,
            purges: metrics.counter(
                "oxcart_page_cache_purges_total",
                "Times that all pages went out of date because the catalogue changed",
            )?,
        })
    }

    /// The catalogue changed.
    pub fn purged(&self) {
        self.purges.inc();
    }

    pub(crate) fn told(&self, story: Story) {
        match story {
            Story::Hit => &self.hit,
            Story::Stale => &self.stale,
            Story::Rescued => &self.rescued,
            Story::Miss => &self.miss,
            Story::Collapsed => &self.collapsed,
        }
        .inc();
    }
}
