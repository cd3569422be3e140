//! Metrics of one process, in Prometheus' format. Names begin with `oxcart_` and end with their
//! unit.

use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, Result, TextEncoder, core::Collector,
};

/// The registry of one process. Cheap to clone; all clones are the same registry.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    registry: Registry,
}

impl Metrics {
    /// Without any metric.
    pub fn new() -> Self {
        Self::default()
    }

    /// For collectors that the functions below do not make.
    pub const fn registry(&self) -> &Registry {
        &self.registry
    }

    /// A counter.
    pub fn counter(&self, name: &str, help: &str) -> Result<IntCounter> {
        self.register(IntCounter::new(name, help)?)
    }

    /// A counter for each combination of `labels`. Labels are few and bounded: never an id.
    pub fn counters(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec> {
        self.register(IntCounterVec::new(Opts::new(name, help), labels)?)
    }

    /// A gauge.
    pub fn gauge(&self, name: &str, help: &str) -> Result<IntGauge> {
        self.register(IntGauge::new(name, help)?)
    }

    /// A gauge for each combination of `labels`.
    pub fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntGaugeVec> {
        self.register(IntGaugeVec::new(Opts::new(name, help), labels)?)
    }

    /// A histogram with these upper bounds.
    pub fn histogram(&self, name: &str, help: &str, buckets: &[f64]) -> Result<Histogram> {
        let options = HistogramOpts::new(name, help).buckets(buckets.to_vec());
        self.register(Histogram::with_opts(options)?)
    }

    /// A histogram for each combination of `labels`.
    pub fn histograms(
        &self,
        name: &str,
        help: &str,
        buckets: &[f64],
        labels: &[&str],
    ) -> Result<HistogramVec> {
        let options = HistogramOpts::new(name, help).buckets(buckets.to_vec());
        self.register(HistogramVec::new(options, labels)?)
    }

    /// Everything, for `/metrics`.
    pub fn encode(&self) -> Result<String> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }

    /// The content type of [`encode`](Self::encode).
    pub const CONTENT_TYPE: &str = prometheus::TEXT_FORMAT;

    fn register<T: Collector + Clone + 'static>(&self, metric: T) -> Result<T> {
        self.registry.register(Box::new(metric.clone()))?;
        Ok(metric)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_shown() {
        let metrics = Metrics::new();
        metrics.counter("oxcart_orders_total", "Orders placed").unwrap().inc_by(3);
        let answers = metrics.counters("oxcart_answers_total", "Answers", &["status"]).unwrap();
        answers.with_label_values(&["201"]).inc();
        metrics.gauge("oxcart_queue_length", "Waiting").unwrap().set(7);
        let waits = metrics.histogram("oxcart_wait_seconds", "Waits", &[0.1, 1.0]).unwrap();
        waits.observe(0.5);
        let text = metrics.encode().unwrap();
        for line in [
            "oxcart_orders_total 3",
            "oxcart_answers_total{status=\"201\"} 1",
            "oxcart_queue_length 7",
            "oxcart_wait_seconds_bucket{le=\"0.1\"} 0",
            "oxcart_wait_seconds_bucket{le=\"1\"} 1",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn registries_are_apart_and_names_are_used_once() {
        let (a, b) = (Metrics::new(), Metrics::new());
        a.counter("oxcart_orders_total", "Orders placed").unwrap();
        assert!(a.counter("oxcart_orders_total", "Orders placed").is_err());
        assert!(b.counter("oxcart_orders_total", "Orders placed").is_ok());
    }
}
