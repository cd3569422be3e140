//! The order's state machine (DESIGN 5.3): pure.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How far an order has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Stock is held, money is awaited.
    PendingPayment,
    /// The payment failed for good; stock is still held until the order is cancelled.
    PaymentFailed,
    /// Paid; the stock is sold.
    Paid,
    /// Being picked and packed.
    PreparingShipment,
    /// Handed to the carrier.
    Shipped,
    /// Delivered, and the time for returns is over.
    Completed,
    /// Ended before money was kept.
    Cancelled,
    /// The customer asked for the money back before shipment.
    RefundRequested,
    /// The request was refused; the order goes back to where it was.
    RefundRejected,
    /// The money went back.
    Refunded,
    /// The customer wants to send the goods back.
    ReturnRequested,
    /// The goods are back.
    Returned,
}

/// What can happen to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Move {
    /// A verified payment.
    Pay,
    /// It is to be paid at the door: it may be sent before its money has come (ADR 0022).
    PayOnDelivery,
    /// The payment failed for good.
    FailPayment,
    /// The customer or operations end it before it is paid.
    Cancel,
    /// Not paid in time (BR-003).
    Expire,
    /// It was to be paid at the door, and is ended before any of it left.
    CallOff,
    /// Money for an expired order came late, and the stock could be had again.
    PayLate,
    /// Operations start picking.
    Prepare,
    /// The last parcel left.
    Ship,
    /// Delivered and settled.
    Complete,
    /// The customer asks for a refund before shipment.
    RequestRefund,
    /// The refund is refused.
    RejectRefund,
    /// A refused refund puts a paid order back.
    ResumePaid,
    /// A refused refund puts an order in preparation back.
    ResumePreparing,
    /// The money went back.
    Refund,
    /// The customer asks to return shipped goods.
    RequestReturn,
    /// The goods came back: nothing of the order is with the customer any more.
    Return,
    /// A return that was refused, given up or only of a part puts a shipped order back.
    ResumeShipped,
    /// The same for a completed one.
    ResumeCompleted,
}

/// The machine has no such move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("an order that is {from:?} cannot {asked:?}")]
pub struct InvalidTransition {
    /// Where the order is.
    pub from: OrderStatus,
    /// What was asked.
    pub asked: Move,
}

impl OrderStatus {
    /// Every status.
    pub const ALL: [Self; 12] = [
        Self::PendingPayment,
        Self::PaymentFailed,
        Self::Paid,
        Self::PreparingShipment,
        Self::Shipped,
        Self::Completed,
        Self::Cancelled,
        Self::RefundRequested,
        Self::RefundRejected,
        Self::Refunded,
        Self::ReturnRequested,
        Self::Returned,
    ];

    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PendingPayment => "pending_payment",
            Self::PaymentFailed => "payment_failed",
            Self::Paid => "paid",
            Self::PreparingShipment => "preparing_shipment",
            Self::Shipped => "shipped",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::RefundRequested => "refund_requested",
            Self::RefundRejected => "refund_rejected",
            Self::Refunded => "refunded",
            Self::ReturnRequested => "return_requested",
            Self::Returned => "returned",
        }
    }

    /// The status a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Where `asked` leads from here.
    pub const fn after(self, asked: Move) -> Result<Self, InvalidTransition> {
        let to = match (self, asked) {
            // Money wins: another attempt may succeed while the stock is still held. A late payment
            // revives only what ended; see `checkout` for when that is allowed.
            (Self::PendingPayment | Self::PaymentFailed, Move::Pay | Move::PayOnDelivery)
            | (Self::Cancelled, Move::PayLate)
            | (Self::RefundRejected, Move::ResumePaid) => Self::Paid,
            (Self::PendingPayment, Move::FailPayment) => Self::PaymentFailed,
            (Self::PendingPayment | Self::PaymentFailed, Move::Cancel | Move::Expire) => {
                Self::Cancelled
            }
            (Self::Paid | Self::PreparingShipment, Move::CallOff) => Self::Cancelled,
            (Self::Paid, Move::Prepare) | (Self::RefundRejected, Move::ResumePreparing) => {
                Self::PreparingShipment
            }
            (Self::PreparingShipment, Move::Ship)
            | (Self::ReturnRequested, Move::ResumeShipped) => Self::Shipped,
            (Self::Shipped, Move::Complete) | (Self::ReturnRequested, Move::ResumeCompleted) => {
                Self::Completed
            }
            (Self::Paid | Self::PreparingShipment, Move::RequestRefund) => Self::RefundRequested,
            (Self::RefundRequested, Move::RejectRefund) => Self::RefundRejected,
            (Self::RefundRequested | Self::Returned, Move::Refund) => Self::Refunded,
            (Self::Shipped | Self::Completed, Move::RequestReturn) => Self::ReturnRequested,
            (Self::ReturnRequested, Move::Return) => Self::Returned,
            (from, asked) => return Err(InvalidTransition { from, asked }),
        };
        Ok(to)
    }

    /// Whether it is paid, and something of it may still have to be sent.
    pub const fn is_before_shipment(self) -> bool {
        matches!(self, Self::Paid | Self::PreparingShipment)
    }

    /// Whether its stock is sold, whether or not its money has come yet, and it has not been given
    /// back.
    pub const fn is_sold(self) -> bool {
        !matches!(self, Self::PendingPayment | Self::PaymentFailed | Self::Cancelled)
    }

    /// Whether stock is held and money awaited.
    pub const fn awaits_payment(self) -> bool {
        matches!(self, Self::PendingPayment | Self::PaymentFailed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOVES: [Move; 19] = [
        Move::Pay,
        Move::PayOnDelivery,
        Move::FailPayment,
        Move::Cancel,
        Move::Expire,
        Move::CallOff,
        Move::PayLate,
        Move::Prepare,
        Move::Ship,
        Move::Complete,
        Move::RequestRefund,
        Move::RejectRefund,
        Move::ResumePaid,
        Move::ResumePreparing,
        Move::Refund,
        Move::RequestReturn,
        Move::Return,
        Move::ResumeShipped,
        Move::ResumeCompleted,
    ];

    /// The whole machine, written out: exactly these moves exist.
    #[test]
    fn the_machine_has_exactly_these_moves() {
        use {Move as M, OrderStatus as S};
        let mut expected = vec![
            (S::PendingPayment, M::Pay, S::Paid),
            (S::PendingPayment, M::PayOnDelivery, S::Paid),
            (S::PendingPayment, M::FailPayment, S::PaymentFailed),
            (S::PendingPayment, M::Cancel, S::Cancelled),
            (S::PendingPayment, M::Expire, S::Cancelled),
            (S::PaymentFailed, M::Pay, S::Paid),
            (S::PaymentFailed, M::PayOnDelivery, S::Paid),
            (S::PaymentFailed, M::Cancel, S::Cancelled),
            (S::PaymentFailed, M::Expire, S::Cancelled),
            (S::Cancelled, M::PayLate, S::Paid),
            (S::Paid, M::CallOff, S::Cancelled),
            (S::PreparingShipment, M::CallOff, S::Cancelled),
            (S::Paid, M::Prepare, S::PreparingShipment),
            (S::Paid, M::RequestRefund, S::RefundRequested),
            (S::PreparingShipment, M::Ship, S::Shipped),
            (S::PreparingShipment, M::RequestRefund, S::RefundRequested),
            (S::Shipped, M::Complete, S::Completed),
            (S::Shipped, M::RequestReturn, S::ReturnRequested),
            (S::Completed, M::RequestReturn, S::ReturnRequested),
            (S::RefundRequested, M::RejectRefund, S::RefundRejected),
            (S::RefundRequested, M::Refund, S::Refunded),
            (S::RefundRejected, M::ResumePaid, S::Paid),
            (S::RefundRejected, M::ResumePreparing, S::PreparingShipment),
            (S::ReturnRequested, M::Return, S::Returned),
            (S::ReturnRequested, M::ResumeShipped, S::Shipped),
            (S::ReturnRequested, M::ResumeCompleted, S::Completed),
            (S::Returned, M::Refund, S::Refunded),
        ];
        for from in S::ALL {
            for asked in MOVES {
                let found = from.after(asked);
                let place = expected.iter().position(|(f, m, _)| (*f, *m) == (from, asked));
                match place {
                    Some(place) => assert_eq!(found, Ok(expected.swap_remove(place).2)),
                    None => assert_eq!(found, Err(InvalidTransition { from, asked })),
                }
            }
        }
        assert!(expected.is_empty());
    }

    #[test]
    fn words_are_unambiguous() {
        for status in OrderStatus::ALL {
            assert_eq!(OrderStatus::parse(status.as_str()), Some(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
        assert_eq!(OrderStatus::parse("PAID"), None);
    }
}
