//! The refund's state machine (DESIGN 5.3) and what a refund is: pure.

use jiff::Timestamp;
use kernel::{
    Actor, Money, Quantity,
    id::{OrderId, PaymentId, RefundId},
};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How far a refund has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    /// Asked for; nobody has decided.
    Requested,
    /// It is to be paid back.
    Approved,
    /// The provider is asked, or somebody has to transfer it.
    Processing,
    /// The money went back.
    Succeeded,
    /// It could not be paid back; it may be tried again.
    Failed,
    /// It is not to be paid back.
    Rejected,
}

/// What can happen to a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefundMove {
    /// Somebody who may, or the shop itself, decides that the money goes back.
    Approve,
    /// Somebody who may decides that it does not.
    Reject,
    /// The provider is asked for the first time.
    Send,
    /// The money went back.
    Succeed,
    /// It could not be paid back.
    Fail,
    /// It is tried again.
    Retry,
}

/// The machine has no such move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a refund that is {from:?} cannot {asked:?}")]
pub struct InvalidRefundMove {
    /// Where the refund is.
    pub from: RefundStatus,
    /// What was asked.
    pub asked: RefundMove,
}

impl RefundStatus {
    /// Every status.
    pub const ALL: [Self; 6] = [
        Self::Requested,
        Self::Approved,
        Self::Processing,
        Self::Succeeded,
        Self::Failed,
        Self::Rejected,
    ];

    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Approved => "approved",
            Self::Processing => "processing",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Rejected => "rejected",
        }
    }

    /// The status a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Where `asked` leads from here.
    pub const fn after(self, asked: RefundMove) -> Result<Self, InvalidRefundMove> {
        let to = match (self, asked) {
            (Self::Requested, RefundMove::Approve) => Self::Approved,
            (Self::Requested, RefundMove::Reject) => Self::Rejected,
            (Self::Approved, RefundMove::Send) | (Self::Failed, RefundMove::Retry) => {
                Self::Processing
            }
            (Self::Processing, RefundMove::Succeed) => Self::Succeeded,
            (Self::Processing, RefundMove::Fail) => Self::Failed,
            (from, asked) => return Err(InvalidRefundMove { from, asked }),
        };
        Ok(to)
    }

    /// Whether nothing will happen to it any more.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Succeeded | Self::Rejected)
    }
}

/// Why money goes back by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AutomaticRefund {
    /// The reservation was over and the stock is gone.
    StockGone,
    /// The reservation was over, and a stocktake holds the stock (BR-007).
    StockFrozen,
    /// The reservation was over, and the buyer or others have used up a limit since.
    LimitReached,
    /// The order was cancelled by its buyer before the money came.
    OrderCancelled,
    /// The order is paid already.
    PaidTwice,
}

impl AutomaticRefund {
    /// The stable word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StockGone => "stock_gone",
            Self::StockFrozen => "stock_frozen",
            Self::LimitReached => "limit_reached",
            Self::OrderCancelled => "order_cancelled",
            Self::PaidTwice => "paid_twice",
        }
    }
}

/// Units of an order's line that are given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefundLine {
    /// Which line.
    pub line_no: i16,
    /// How many units of it.
    pub quantity: Quantity,
    /// What they cost, less their share of the discount.
    pub amount: Money,
}

/// Where a transfer goes.
#[derive(Clone, PartialEq, Eq)]
pub struct RefundAccount {
    /// The bank's number: three digits, and perhaps the branch's four.
    pub bank_code: String,
    /// The account's number, digits.
    pub number: String,
    /// Whose account it is.
    pub holder: String,
}

impl RefundAccount {
    /// The number as it may be shown and logged: its last four digits.
    pub fn masked(&self) -> String {
        let from = self.number.len().saturating_sub(4);
        let tail = self.number.get(from..).unwrap_or_default();
        format!("{}{tail}", "*".repeat(from))
    }
}

impl std::fmt::Debug for RefundAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RefundAccount({} {})", self.bank_code, self.masked())
    }
}

/// Money that goes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// Its id, on its order's shard.
    pub id: RefundId,
    /// Of which payment.
    pub payment: PaymentId,
    /// Of which order.
    pub order: OrderId,
    /// How much; more than nothing.
    pub amount: Money,
    /// How far it has come.
    pub status: RefundStatus,
    /// Counts its changes.
    pub version: i64,
    /// Why: a stable word of [`AutomaticRefund`], or what somebody wrote.
    pub reason: String,
    /// Whether the shop requested it by itself; it was approved at once then.
    pub automatic: bool,
    /// Who requested it.
    pub requested_by: Actor,
    /// Whether the provider cannot do it, so that somebody has to transfer the money.
    pub by_hand: bool,
    /// Whether the provider may have been asked without anybody knowing what came of it.
    pub unclear: bool,
    /// How often the provider was asked.
    pub attempts: u16,
    /// When it is to be asked (again); never by itself when there is nothing.
    pub next_attempt_at: Option<Timestamp>,
    /// Why it failed, or what it waits for.
    pub failure: Option<String>,
    /// Where a transfer goes.
    pub account: Option<RefundAccount>,
    /// What shows that the money went.
    pub reference: Option<String>,
    /// When it was requested.
    pub created_at: Timestamp,
    /// When it succeeded or was rejected.
    pub ended_at: Option<Timestamp>,
    /// What of which line; nothing for a refund of an amount.
    pub lines: Vec<RefundLine>,
}

/// A move of a refund that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundStep {
    /// From where.
    pub from: RefundStatus,
    /// To where.
    pub to: RefundStatus,
    /// What kind of author: see [`Actor::kind`].
    pub actor_kind: String,
    /// Who.
    pub actor_id: Option<kernel::id::UserId>,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// What a payment has brought, and what of it goes or went back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefundBalance {
    /// What the provider has taken from the buyer.
    pub captured: Money,
    /// What refunds that were not rejected ask for, also those that have succeeded.
    pub claimed: Money,
    /// What has gone back.
    pub refunded: Money,
}

impl RefundBalance {
    /// What may still be asked back.
    pub fn left(&self) -> Money {
        self.captured.minus(self.claimed).unwrap_or(Money::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_has_exactly_these_moves() {
        use {RefundMove as M, RefundStatus as S};
        let expected = [
            (S::Requested, M::Approve, S::Approved),
            (S::Requested, M::Reject, S::Rejected),
            (S::Approved, M::Send, S::Processing),
            (S::Processing, M::Succeed, S::Succeeded),
            (S::Processing, M::Fail, S::Failed),
            (S::Failed, M::Retry, S::Processing),
        ];
        let moves = [M::Approve, M::Reject, M::Send, M::Succeed, M::Fail, M::Retry];
        for from in S::ALL {
            for asked in moves {
                let wanted = expected.iter().find(|(f, m, _)| (*f, *m) == (from, asked));
                let wanted = wanted.map(|(_, _, to)| *to).ok_or(InvalidRefundMove { from, asked });
                assert_eq!(from.after(asked), wanted);
            }
        }
    }

    #[test]
    fn words_are_unambiguous() {
        for status in RefundStatus::ALL {
            assert_eq!(RefundStatus::parse(status.as_str()), Some(status));
            assert_eq!(status.is_over(), ["succeeded", "rejected"].contains(&status.as_str()));
        }
        assert_eq!(RefundStatus::parse("REQUESTED"), None);
    }

    #[test]
    fn an_account_is_shown_by_its_end() {
        let account = |number: &str| RefundAccount {
            bank_code: "812".into(),
            number: number.into(),
            holder: "王小明".into(),
        };
        assert_eq!(account("20001234567").masked(), "*******4567");
        assert_eq!(account("123").masked(), "123");
        assert_eq!(format!("{:?}", account("20001234567")), "RefundAccount(812 *******4567)");
    }

    #[test]
    fn what_is_left_is_what_nobody_has_asked_back() {
        let twd = |amount| Money::twd(amount).unwrap();
        let balance = |claimed| RefundBalance {
            captured: twd(100),
            claimed: twd(claimed),
            refunded: Money::ZERO,
        };
        assert_eq!([balance(0).left(), balance(40).left()], [twd(100), twd(60)]);
        assert_eq!([balance(100).left(), balance(101).left()], [Money::ZERO, Money::ZERO]);
    }
}
