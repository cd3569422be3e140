//! What goes wrong on demand.

use serde::{Deserialize, Serialize};

/// One thing that goes wrong with the notices of the next payments. Several at once combine.
///
/// As JSON, posted to `/_sim/faults`: `{"kind": "late", "delay_ms": 500}`, or
/// `{"kind": "wrong_amount", "merchant_trade_no": "OX1", "times": 3}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Only for this order; for whichever is paid next when absent.
    #[serde(default)]
    pub merchant_trade_no: Option<String>,
    /// For how many payments (or failures) it works. 1 unless said otherwise.
    #[serde(default = "once")]
    pub times: u32,
    /// What goes wrong.
    #[serde(flatten)]
    pub kind: FaultKind,
}

fn once() -> u32 {
    1
}

/// The kinds of faults. They are about the notice to the shop's server; what the buyer's browser
/// brings stays honest, except that a simulated payment says so there too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FaultKind {
    /// The notice is sent late.
    Late {
        /// By how much, at most a day.
        delay_ms: u64,
    },
    /// The very same notice is sent several times at once, acknowledged or not.
    Duplicated {
        /// How often in all, 2 to 20.
        copies: u32,
    },
    /// The notice is held back until another one has been sent first.
    Reordered {
        /// How long it waits for another at most.
        #[serde(default = "ten_seconds")]
        hold_ms: u64,
    },
    /// Before the notice of success comes one of failure for the same number, as when a buyer
    /// succeeds with a second card.
    FailedThenSucceeded,
    /// The notice has `SimulatePaid=1`, and the order stays unpaid at ECPay.
    Simulated,
    /// The notice, properly signed, names another amount.
    WrongAmount {
        /// Which; one dollar less than asked for when absent.
        #[serde(default)]
        amount: Option<u32>,
    },
    /// The notice, properly signed, names another merchant.
    WrongMerchant {
        /// Which; `2000132` when absent.
        #[serde(default)]
        merchant_id: Option<String>,
    },
    /// The notice's signature does not fit.
    ForgedMac,
    /// No notice is sent at all, though the order is paid and a query says so.
    Silence,
}

fn ten_seconds() -> u64 {
    10_000
}

impl Fault {
    /// Why a fault makes no sense, if so.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        const DAY_MS: u64 = 24 * 60 * 60 * 1000;
        match &self.kind {
            _ if !(1..=1_000_000).contains(&self.times) => Some("times must be 1 to 1,000,000"),
            FaultKind::Late { delay_ms: ms } | FaultKind::Reordered { hold_ms: ms }
                if *ms > DAY_MS =>
            {
                Some("a wait must be at most a day")
            }
            FaultKind::Duplicated { copies } if !(2..=20).contains(copies) => {
                Some("copies must be 2 to 20")
            }
            _ => None,
        }
    }
}

/// The faults waiting for their payments.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    const MAX: usize = 1000;

    /// Keeps a fault; false when too many wait already.
    pub(crate) fn add(&mut self, fault: Fault) -> bool {
        let room = self.0.len() < Self::MAX;
        if room {
            self.0.push(fault);
        }
        room
    }

    pub(crate) fn list(&self) -> &[Fault] {
        &self.0
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// All that applies to a payment of this number; each is one time less to come.
    pub(crate) fn take(&mut self, merchant_trade_no: &str) -> Vec<FaultKind> {
        let mut taken = Vec::new();
        self.0.retain_mut(|fault| {
            if fault.merchant_trade_no.as_deref().is_none_or(|only| only == merchant_trade_no) {
                taken.push(fault.kind.clone());
                fault.times -= 1;
            }
            fault.times > 0
        });
        taken
    }
}
