//! The words of the state machines, for the API's description.

use serde::{Deserialize, Serialize};
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

/// The enum's value for the word in the database.
pub(super) fn read<T: serde::de::DeserializeOwned>(word: &str) -> Option<T> {
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
        assert_eq!(read::<PaymentStatusWord>("lost"), None);
    }
}
