//! Who did it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::UserId;

/// The author of a change, written into every movement and audit row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Actor {
    /// A shopper without an account.
    Guest,
    /// A signed-in shopper.
    Customer(UserId),
    /// Somebody of the shop: operations, warehouse, administrator.
    Staff(UserId),
    /// The payment provider, by a verified notice.
    PaymentProvider,
    /// Oxcart itself: expiry, relays, migrations, seeding.
    System,
}

impl Actor {
    /// The word kept in the database.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Customer(_) => "customer",
            Self::Staff(_) => "staff",
            Self::PaymentProvider => "payment_provider",
            Self::System => "system",
        }
    }

    /// The person behind it, if it is one we know.
    pub const fn user_id(self) -> Option<UserId> {
        match self {
            Self::Customer(id) | Self::Staff(id) => Some(id),
            Self::Guest | Self::PaymentProvider | Self::System => None,
        }
    }
}
