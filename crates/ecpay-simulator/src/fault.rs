//! What goes wrong on demand.

use serde::{Deserialize, Serialize};

/// What a notice is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// A payment, made or failed: to `ReturnURL`.
    #[default]
    Payment,
    /// A payment code: to `PaymentInfoURL`.
    Code,
}

impl NoticeKind {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for this signature")]
    fn is_payment(&self) -> bool {
        *self == Self::Payment
    }
}

/// One thing that goes wrong next. Several at once combine.
///
/// As JSON, posted to `/simulator/faults`: `{"kind": "late", "delay_ms": 500}`, or
/// `{"kind": "wrong_amount", "merchant_trade_no": "OX1", "times": 3}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Only for this order; for whichever is next when absent. Of a planted row, its number.
    #[serde(default)]
    pub merchant_trade_no: Option<String>,
    /// How often it works: for so many payments, codes, questions, commands or files. 1 unless
    /// said otherwise.
    #[serde(default = "once")]
    pub times: u32,
    /// Which notice goes wrong, where a notice does.
    #[serde(default, skip_serializing_if = "NoticeKind::is_payment")]
    pub notice: NoticeKind,
    /// What goes wrong.
    #[serde(flatten)]
    pub kind: FaultKind,
}

fn once() -> u32 {
    1
}

/// The kinds of faults. Those of notices are about what comes to the shop's server; what the
/// buyer's browser brings stays honest, except that a simulated payment says so there too.
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
    /// `QueryTradeInfo` says otherwise than is true, properly signed.
    QuerySays {
        /// The `TradeStatus` it tells: 0, 1, 10200047, 10200095, …
        trade_status: u32,
        /// The amount it tells; the true one when absent.
        #[serde(default)]
        amount: Option<u32>,
    },
    /// `QueryTradeInfo` or `QueryPaymentInfo` is answered with a signature that does not fit.
    QueryForged,
    /// `QueryTradeInfo`, `QueryPaymentInfo` or `QueryTrade/V2` is not answered.
    QueryUnanswered {
        /// After so long the connection ends with a 504, at most a minute.
        #[serde(default = "fifteen_seconds")]
        hold_ms: u64,
    },
    /// `QueryTrade/V2` says that the bank has not answered yet (`error_nopay`).
    CardPending,
    /// `DoAction` is not answered.
    ActionUnanswered {
        /// After so long the connection ends with a 504, at most a minute.
        #[serde(default = "fifteen_seconds")]
        hold_ms: u64,
        /// Whether what was asked for was done all the same. Yes unless said otherwise.
        #[serde(default = "yes")]
        acted: bool,
    },
    /// `DoAction` is refused, and nothing is done.
    ActionRefused {
        /// `RtnMsg`; that the balance is insufficient when absent.
        #[serde(default)]
        message: Option<String>,
    },
    /// The next call of a shop's server counts as one too many: the gate closes.
    Throttled,
    /// A reconciliation file lacks an order's rows; the first row when no order is named.
    RowMissing {
        /// In which file; in both when absent.
        #[serde(default)]
        file: Option<FileName>,
    },
    /// A reconciliation file tells another amount.
    RowAmount {
        /// In which file; in both when absent.
        #[serde(default)]
        file: Option<FileName>,
        /// Which amount.
        amount: i64,
    },
    /// A reconciliation file has a row that belongs to no order.
    RowExtra {
        /// In which file; in both when absent.
        #[serde(default)]
        file: Option<FileName>,
        /// Its amount.
        amount: i64,
    },
}

/// The two reconciliation files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileName {
    /// `TradeNoAio`.
    Trades,
    /// `FundingReconDetail`.
    Funding,
}

fn ten_seconds() -> u64 {
    10_000
}

fn fifteen_seconds() -> u64 {
    15_000
}

fn yes() -> bool {
    true
}

/// What a fault waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Payment,
    Code,
    Query,
    CodeQuery,
    CardQuery,
    Action,
    Call,
    File(FileName),
}

impl Fault {
    /// Why a fault makes no sense, if so.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        const DAY_MS: u64 = 24 * 60 * 60 * 1000;
        const MINUTE_MS: u64 = 60 * 1000;
        match &self.kind {
            _ if !(1..=1_000_000).contains(&self.times) => Some("times must be 1 to 1,000,000"),
            FaultKind::Late { delay_ms: ms } | FaultKind::Reordered { hold_ms: ms }
                if *ms > DAY_MS =>
            {
                Some("a wait must be at most a day")
            }
            FaultKind::QueryUnanswered { hold_ms: ms }
            | FaultKind::ActionUnanswered { hold_ms: ms, .. }
                if *ms > MINUTE_MS =>
            {
                Some("a connection must be held for at most a minute")
            }
            FaultKind::Duplicated { copies } if !(2..=20).contains(copies) => {
                Some("copies must be 2 to 20")
            }
            FaultKind::FailedThenSucceeded | FaultKind::Simulated
                if self.notice == NoticeKind::Code =>
            {
                Some("this is about payments, not about codes")
            }
            FaultKind::ActionRefused { message: Some(text) } if text.contains(['&', '=', '\n']) => {
                Some("a message must not contain & or =")
            }
            _ => None,
        }
    }

    fn is_for(&self, stage: Stage) -> bool {
        match &self.kind {
            FaultKind::Late { .. }
            | FaultKind::Duplicated { .. }
            | FaultKind::Reordered { .. }
            | FaultKind::FailedThenSucceeded
            | FaultKind::Simulated
            | FaultKind::WrongAmount { .. }
            | FaultKind::WrongMerchant { .. }
            | FaultKind::ForgedMac
            | FaultKind::Silence => match self.notice {
                NoticeKind::Payment => stage == Stage::Payment,
                NoticeKind::Code => stage == Stage::Code,
            },
            FaultKind::QuerySays { .. } => stage == Stage::Query,
            FaultKind::QueryForged => matches!(stage, Stage::Query | Stage::CodeQuery),
            FaultKind::QueryUnanswered { .. } => {
                matches!(stage, Stage::Query | Stage::CodeQuery | Stage::CardQuery)
            }
            FaultKind::CardPending => stage == Stage::CardQuery,
            FaultKind::ActionUnanswered { .. } | FaultKind::ActionRefused { .. } => {
                stage == Stage::Action
            }
            FaultKind::Throttled => stage == Stage::Call,
            FaultKind::RowMissing { file }
            | FaultKind::RowAmount { file, .. }
            | FaultKind::RowExtra { file, .. } => match stage {
                Stage::File(name) => file.is_none_or(|only| only == name),
                _ => false,
            },
        }
    }
}

/// The faults that wait for their time.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
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

    /// All that applies to this stage of an order; each is one time less to come.
    pub(crate) fn take(&mut self, stage: Stage, merchant_trade_no: &str) -> Vec<FaultKind> {
        let mine = |fault: &Fault| {
            fault.merchant_trade_no.as_deref().is_none_or(|only| only == merchant_trade_no)
        };
        self.take_where(stage, mine).into_iter().map(|fault| fault.kind).collect()
    }

    /// All that applies to a file; each is one time less to come.
    pub(crate) fn take_for_file(&mut self, file: FileName) -> Vec<Fault> {
        self.take_where(Stage::File(file), |_| true)
    }

    fn take_where(&mut self, stage: Stage, applies: impl Fn(&Fault) -> bool) -> Vec<Fault> {
        let mut taken = Vec::new();
        self.0.retain_mut(|fault| {
            if fault.is_for(stage) && applies(fault) {
                taken.push(fault.clone());
                fault.times -= 1;
            }
            fault.times > 0
        });
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(json: &str) -> Fault {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn each_waits_for_its_own_stage() {
        let mut faults = Faults::default();
        for json in [
            r#"{"kind": "silence"}"#,
            r#"{"kind": "forged_mac", "notice": "code"}"#,
            r#"{"kind": "query_says", "trade_status": 0}"#,
            r#"{"kind": "card_pending"}"#,
            r#"{"kind": "action_refused", "merchant_trade_no": "A"}"#,
            r#"{"kind": "throttled"}"#,
            r#"{"kind": "row_missing", "file": "funding"}"#,
        ] {
            assert!(faults.add(fault(json)));
        }
        assert_eq!(faults.take(Stage::Action, "B"), []);
        let refused = FaultKind::ActionRefused { message: None };
        assert_eq!(faults.take(Stage::Action, "A"), [refused]);
        assert_eq!(faults.take(Stage::Action, "A"), [], "once");
        assert_eq!(faults.take(Stage::Code, "A"), [FaultKind::ForgedMac]);
        assert_eq!(faults.take(Stage::Payment, "A"), [FaultKind::Silence]);
        assert_eq!(faults.take(Stage::CodeQuery, "A"), [], "codes have no such status");
        let says = FaultKind::QuerySays { trade_status: 0, amount: None };
        assert_eq!(faults.take(Stage::Query, "A"), [says]);
        assert_eq!(faults.take(Stage::CardQuery, "A"), [FaultKind::CardPending]);
        assert_eq!(faults.take(Stage::Call, ""), [FaultKind::Throttled]);
        assert!(faults.take_for_file(FileName::Trades).is_empty());
        assert_eq!(faults.take_for_file(FileName::Funding).len(), 1);
        assert!(faults.list().is_empty());
    }

    #[test]
    fn nonsense_is_told_apart() {
        for (json, sound) in [
            (r#"{"kind": "late", "delay_ms": 86400000}"#, true),
            (r#"{"kind": "late", "delay_ms": 86400001}"#, false),
            (r#"{"kind": "duplicated", "copies": 2}"#, true),
            (r#"{"kind": "duplicated", "copies": 21}"#, false),
            (r#"{"kind": "query_unanswered", "hold_ms": 60001}"#, false),
            (r#"{"kind": "action_unanswered"}"#, true),
            (r#"{"kind": "simulated", "notice": "code"}"#, false),
            (r#"{"kind": "action_refused", "message": "a=b"}"#, false),
            (r#"{"kind": "silence", "times": 0}"#, false),
        ] {
            assert_eq!(fault(json).problem().is_none(), sound, "{json}");
        }
    }
}
