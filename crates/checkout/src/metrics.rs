//! What the operator sees of payments.

use payments::{ProviderError, ProviderState, notices::Verdict};
use telemetry::{
    Metrics,
    prometheus::{IntCounter, IntCounterVec, Result},
};

/// Counters of payments. Cheap to clone.
#[derive(Clone, Debug)]
pub struct PaymentMetrics {
    notices: IntCounterVec,
    questions: IntCounterVec,
    unanswered: IntCounter,
}

impl Default for PaymentMetrics {
    /// Metrics that nobody looks at.
    fn default() -> Self {
        Self::new(&Metrics::new()).unwrap_or_else(|error| panic!("names in use: {error}"))
    }
}

impl PaymentMetrics {
    /// Registers them.
    pub fn new(metrics: &Metrics) -> Result<Self> {
        Ok(Self {
            notices: metrics.counters(
                "oxcart_payment_notices_total",
                "Notices of the payment provider, by what was made of them",
                &["verdict"],
            )?,
            questions: metrics.counters(
                "oxcart_payment_questions_total",
                "Questions to payment providers, by their answer",
                &["provider", "answer"],
            )?,
            unanswered: metrics.counter(
                "oxcart_payments_unanswered_total",
                "Orders ended without knowing whether they were paid; each needs a person",
            )?,
        })
    }

    /// A notice came.
    pub(crate) fn notice(&self, verdict: Verdict) {
        self.notices.with_label_values(&[verdict.as_str()]).inc();
    }

    /// A provider was asked.
    pub(crate) fn question(
        &self,
        provider: &str,
        answer: std::result::Result<&ProviderState, &ProviderError>,
    ) {
        let word = match answer {
            Ok(state) => state.as_str(),
            Err(ProviderError::NotSent(_)) => "not_sent",
            Err(ProviderError::Unclear(_)) => "unclear",
            Err(ProviderError::Throttled { .. }) => "throttled",
            Err(ProviderError::Unfit(_)) => "unfit",
        };
        self.questions.with_label_values(&[provider, word]).inc();
    }

    /// An order was ended without an answer.
    pub(crate) fn unanswered(&self) {
        self.unanswered.inc();
    }

    /// How many orders were ended without an answer.
    pub fn orders_unanswered(&self) -> u64 {
        self.unanswered.get()
    }

    /// How many notices had this verdict.
    pub fn notices_with(&self, verdict: Verdict) -> u64 {
        self.notices.with_label_values(&[verdict.as_str()]).get()
    }
}
