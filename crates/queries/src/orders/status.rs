//! The words of the state machines, for the API's description.

use payments::PaymentStatus;
use serde::{Deserialize, Serialize};
use shipping::{ReturnStatus, ShipmentStatus, returns::ReturnCause};
use utoipa::ToSchema;

/// How far an order has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = OrderStatus)]
pub enum OrderStatusWord {
    /// Stock is held, money is awaited.
    PendingPayment,
    /// Paid.
    Paid,
    /// Being picked and packed.
    PreparingShipment,
    /// Handed to the carrier.
    Shipped,
    /// Delivered, and settled.
    Completed,
    /// The payment failed for good.
    PaymentFailed,
    /// Ended before money was kept.
    Cancelled,
    /// The money is asked back.
    RefundRequested,
    /// The money went back.
    Refunded,
    /// The money was not given back.
    RefundRejected,
    /// The goods are to be sent back.
    ReturnRequested,
    /// The goods are back.
    Returned,
}

impl OrderStatusWord {
    /// The word on the wire and in the policies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PendingPayment => "pending_payment",
            Self::Paid => "paid",
            Self::PreparingShipment => "preparing_shipment",
            Self::Shipped => "shipped",
            Self::Completed => "completed",
            Self::PaymentFailed => "payment_failed",
            Self::Cancelled => "cancelled",
            Self::RefundRequested => "refund_requested",
            Self::Refunded => "refunded",
            Self::RefundRejected => "refund_rejected",
            Self::ReturnRequested => "return_requested",
            Self::Returned => "returned",
        }
    }
}

/// How far an attempt to pay has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PaymentStatus)]
pub enum PaymentStatusWord {
    /// Made, not yet sent to the provider.
    Created,
    /// With the provider.
    Pending,
    /// Paid.
    Succeeded,
    /// Refused.
    Failed,
    /// Given up.
    Cancelled,
    /// Some of the money went back.
    PartiallyRefunded,
    /// All of the money went back.
    Refunded,
}

impl PaymentStatusWord {
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
}

impl From<PaymentStatus> for PaymentStatusWord {
    fn from(status: PaymentStatus) -> Self {
        match status {
            PaymentStatus::Created => Self::Created,
            PaymentStatus::Pending => Self::Pending,
            PaymentStatus::Succeeded => Self::Succeeded,
            PaymentStatus::Failed => Self::Failed,
            PaymentStatus::Cancelled => Self::Cancelled,
            PaymentStatus::PartiallyRefunded => Self::PartiallyRefunded,
            PaymentStatus::Refunded => Self::Refunded,
        }
    }
}

/// How far a parcel has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ShipmentStatus)]
pub enum ShipmentStatusWord {
    /// Planned: its units are picked.
    Pending,
    /// Packed; the carrier may fetch it.
    ReadyToShip,
    /// With the carrier.
    Shipped,
    /// With the customer.
    Delivered,
    /// Back.
    Returned,
    /// Given up before it left.
    Cancelled,
}

impl From<ShipmentStatus> for ShipmentStatusWord {
    fn from(status: ShipmentStatus) -> Self {
        match status {
            ShipmentStatus::Pending => Self::Pending,
            ShipmentStatus::ReadyToShip => Self::ReadyToShip,
            ShipmentStatus::Shipped => Self::Shipped,
            ShipmentStatus::Delivered => Self::Delivered,
            ShipmentStatus::Returned => Self::Returned,
            ShipmentStatus::Cancelled => Self::Cancelled,
        }
    }
}

impl From<ShipmentStatusWord> for ShipmentStatus {
    fn from(word: ShipmentStatusWord) -> Self {
        match word {
            ShipmentStatusWord::Pending => Self::Pending,
            ShipmentStatusWord::ReadyToShip => Self::ReadyToShip,
            ShipmentStatusWord::Shipped => Self::Shipped,
            ShipmentStatusWord::Delivered => Self::Delivered,
            ShipmentStatusWord::Returned => Self::Returned,
            ShipmentStatusWord::Cancelled => Self::Cancelled,
        }
    }
}

/// How far a return has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReturnStatus)]
pub enum ReturnStatusWord {
    /// Asked for.
    Requested,
    /// The goods may be sent.
    Approved,
    /// They may not.
    Rejected,
    /// They are here.
    Received,
    /// They were looked at: what was accepted is refunded.
    Inspected,
    /// Given up.
    Cancelled,
}

impl From<ReturnStatus> for ReturnStatusWord {
    fn from(status: ReturnStatus) -> Self {
        match status {
            ReturnStatus::Requested => Self::Requested,
            ReturnStatus::Approved => Self::Approved,
            ReturnStatus::Rejected => Self::Rejected,
            ReturnStatus::Received => Self::Received,
            ReturnStatus::Inspected => Self::Inspected,
            ReturnStatus::Cancelled => Self::Cancelled,
        }
    }
}

impl From<ReturnStatusWord> for ReturnStatus {
    fn from(word: ReturnStatusWord) -> Self {
        match word {
            ReturnStatusWord::Requested => Self::Requested,
            ReturnStatusWord::Approved => Self::Approved,
            ReturnStatusWord::Rejected => Self::Rejected,
            ReturnStatusWord::Received => Self::Received,
            ReturnStatusWord::Inspected => Self::Inspected,
            ReturnStatusWord::Cancelled => Self::Cancelled,
        }
    }
}

/// Why goods are sent back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReturnCause)]
pub enum ReturnCauseWord {
    /// Within the cooling-off period no reason is needed.
    ChangedMind,
    /// They arrived broken.
    Damaged,
    /// Something else was sent.
    WrongItem,
    /// They are not what was promised.
    NotAsDescribed,
    /// The parcel could not be delivered, or nobody fetched it.
    Undelivered,
    /// Anything else.
    Other,
}

impl From<ReturnCause> for ReturnCauseWord {
    fn from(cause: ReturnCause) -> Self {
        match cause {
            ReturnCause::ChangedMind => Self::ChangedMind,
            ReturnCause::Damaged => Self::Damaged,
            ReturnCause::WrongItem => Self::WrongItem,
            ReturnCause::NotAsDescribed => Self::NotAsDescribed,
            ReturnCause::Undelivered => Self::Undelivered,
            ReturnCause::Other => Self::Other,
        }
    }
}

impl From<ReturnCauseWord> for ReturnCause {
    fn from(word: ReturnCauseWord) -> Self {
        match word {
            ReturnCauseWord::ChangedMind => Self::ChangedMind,
            ReturnCauseWord::Damaged => Self::Damaged,
            ReturnCauseWord::WrongItem => Self::WrongItem,
            ReturnCauseWord::NotAsDescribed => Self::NotAsDescribed,
            ReturnCauseWord::Undelivered => Self::Undelivered,
            ReturnCauseWord::Other => Self::Other,
        }
    }
}

/// The enum's value for the word in the database.
pub(crate) fn read<T: serde::de::DeserializeOwned>(word: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(word.to_owned())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_of_the_machine_has_its_word() {
        for status in orders::OrderStatus::ALL {
            let word: OrderStatusWord = read(status.as_str()).unwrap();
            assert_eq!(serde_json::to_value(word).unwrap(), status.as_str());
            assert_eq!(word.as_str(), status.as_str());
        }
        for status in PaymentStatus::ALL {
            let word: PaymentStatusWord = read(status.as_str()).unwrap();
            assert_eq!(word, status.into());
            assert_eq!(word.as_str(), status.as_str());
        }
        assert_eq!(read::<PaymentStatusWord>("lost"), None);
        for status in ShipmentStatus::ALL {
            let word = ShipmentStatusWord::from(status);
            assert_eq!(serde_json::to_value(word).unwrap(), status.as_str());
            assert_eq!(ShipmentStatus::from(word), status);
        }
        for status in ReturnStatus::ALL {
            let word = ReturnStatusWord::from(status);
            assert_eq!(serde_json::to_value(word).unwrap(), status.as_str());
            assert_eq!(ReturnStatus::from(word), status);
        }
        for cause in ReturnCause::ALL {
            let word = ReturnCauseWord::from(cause);
            assert_eq!(serde_json::to_value(word).unwrap(), cause.as_str());
            assert_eq!(ReturnCause::from(word), cause);
        }
    }
}
