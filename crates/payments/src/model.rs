//! The payment's state machine (DESIGN 5.3): pure.

use jiff::{SignedDuration, Timestamp};
use kernel::{
    Money,
    id::{OrderId, PaymentId},
};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{code::IssuedCode, trade_no::TradeNo};

/// How far an attempt has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// Written down; the buyer has not been sent to the provider.
    Created,
    /// The buyer has what it takes to pay.
    Pending,
    /// The money is there.
    Succeeded,
    /// The provider refused.
    Failed,
    /// Given up before any money moved.
    Cancelled,
    /// Some of the money went back.
    PartiallyRefunded,
    /// All of it went back.
    Refunded,
}

/// What can happen to an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PaymentMove {
    /// The buyer is sent to the provider.
    Begin,
    /// A verified success.
    Succeed,
    /// A verified failure.
    Fail,
    /// The order ended.
    Cancel,
    /// A part of the money went back.
    RefundPart,
    /// The rest of the money went back.
    RefundAll,
}

/// The machine has no such move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a payment that is {from:?} cannot {asked:?}")]
pub struct InvalidPaymentMove {
    /// Where the attempt is.
    pub from: PaymentStatus,
    /// What was asked.
    pub asked: PaymentMove,
}

/// One attempt to pay an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Its id, on its order's shard.
    pub id: PaymentId,
    /// What it pays.
    pub order: OrderId,
    /// What the provider knows it by.
    pub trade_no: TradeNo,
    /// E.g. `ecpay`.
    pub provider: String,
    /// E.g. `ecpay_credit`.
    pub method: String,
    /// What is to be paid.
    pub amount: Money,
    /// How far it has come.
    pub status: PaymentStatus,
    /// The provider's own number, once known: refunds need it.
    pub provider_trade_no: Option<String>,
    /// Whether its money, if it came, is kept.
    pub kept: bool,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When the money came.
    pub paid_at: Option<Timestamp>,
    /// Until when the buyer can pay by it, as they are told.
    pub pay_until: Option<Timestamp>,
    /// The code to pay by, once it was issued.
    pub code: Option<IssuedCode>,
    /// The provider's number of the card authorisation, once known: refunds need it.
    pub card_auth_no: Option<i64>,
    /// What has come so far, where operations confirm what comes.
    pub received: Money,
    /// Whether the provider can be asked what became of it.
    pub askable: bool,
    /// When the provider last said that it has no money for it.
    pub answered_at: Option<Timestamp>,
}

impl Payment {
    /// What has not come yet.
    pub fn outstanding(&self) -> Money {
        self.amount.minus(self.received).unwrap_or(Money::ZERO)
    }

    /// Whether its provider may have money for it that we do not know of: it can be asked, and has
    /// not said within `recently` that there is none.
    pub fn may_be_paid(&self, now: Timestamp, recently: SignedDuration) -> bool {
        self.askable
            && !self.status.is_settled()
            && self.answered_at.is_none_or(|answered| answered + recently < now)
    }
}

impl PaymentStatus {
    /// Every status.
    pub const ALL: [Self; 7] = [
        Self::Created,
        Self::Pending,
        Self::Succeeded,
        Self::Failed,
        Self::Cancelled,
        Self::PartiallyRefunded,
        Self::Refunded,
    ];

    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
        }
    }

    /// The status a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Whether the money has come (and perhaps gone back since).
    pub const fn is_settled(self) -> bool {
        matches!(self, Self::Succeeded | Self::PartiallyRefunded | Self::Refunded)
    }

    /// Where `asked` leads from here. A success is taken after a failure too: on ECPay's page the
    /// buyer may try a second card under the same number; and after a cancellation, because the
    /// money is there all the same.
    pub const fn after(self, asked: PaymentMove) -> Result<Self, InvalidPaymentMove> {
        let to = match (self, asked) {
            (Self::Created, PaymentMove::Begin) => Self::Pending,
            (
                Self::Created | Self::Pending | Self::Failed | Self::Cancelled,
                PaymentMove::Succeed,
            ) => Self::Succeeded,
            (Self::Created | Self::Pending, PaymentMove::Fail) => Self::Failed,
            (Self::Created | Self::Pending, PaymentMove::Cancel) => Self::Cancelled,
            (Self::Succeeded | Self::PartiallyRefunded, PaymentMove::RefundPart) => {
                Self::PartiallyRefunded
            }
            (Self::Succeeded | Self::PartiallyRefunded, PaymentMove::RefundAll) => Self::Refunded,
            (from, asked) => return Err(InvalidPaymentMove { from, asked }),
        };
        Ok(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_has_exactly_these_moves() {
        use {PaymentMove as M, PaymentStatus as S};
        let expected = [
            (S::Created, M::Begin, S::Pending),
            (S::Created, M::Succeed, S::Succeeded),
            (S::Pending, M::Succeed, S::Succeeded),
            (S::Failed, M::Succeed, S::Succeeded),
            (S::Cancelled, M::Succeed, S::Succeeded),
            (S::Created, M::Fail, S::Failed),
            (S::Pending, M::Fail, S::Failed),
            (S::Created, M::Cancel, S::Cancelled),
            (S::Pending, M::Cancel, S::Cancelled),
            (S::Succeeded, M::RefundPart, S::PartiallyRefunded),
            (S::PartiallyRefunded, M::RefundPart, S::PartiallyRefunded),
            (S::Succeeded, M::RefundAll, S::Refunded),
            (S::PartiallyRefunded, M::RefundAll, S::Refunded),
        ];
        let moves = [M::Begin, M::Succeed, M::Fail, M::Cancel, M::RefundPart, M::RefundAll];
        for from in S::ALL {
            for asked in moves {
                let wanted = expected.iter().find(|(f, m, _)| (*f, *m) == (from, asked));
                let wanted = wanted.map(|(_, _, to)| *to).ok_or(InvalidPaymentMove { from, asked });
                assert_eq!(from.after(asked), wanted);
            }
        }
    }
}
