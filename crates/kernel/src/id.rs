//! One id type per entity, all UUID v7 inside, so that ids of different things cannot be mixed up.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::shard::{Shard, shard_of};

macro_rules! id_types {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
            ToSchema,
        )]
        #[serde(transparent)]
        #[schema(value_type = Uuid)]
        pub struct $name(Uuid);

        impl $name {
            /// The UUID inside, for SQL and for the wire.
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(s: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(s).map(Self)
            }
        }
    )+};
}

id_types! {
    /// A category of the catalogue.
    CategoryId,
    /// A product: what the shop shows; it is bought as one of its variants.
    ProductId,
    /// A variant (SKU): what is stocked and sold. Its id fixes its [`Shard`].
    VariantId,
    /// A file of products that is taken in the background.
    ProductImportId,
    /// A promotion: what is taken off by itself.
    PromotionId,
    /// A price list: what variants cost for some buyers, for some time.
    PriceListId,
    /// A warehouse.
    WarehouseId,
    /// Goods on their way from one warehouse to another.
    TransferId,
    /// Counting what lies in a warehouse.
    StocktakeId,
    /// An order. Its id carries the shard of its first variant.
    OrderId,
    /// One attempt to pay an order. Carries its order's shard.
    PaymentId,
    /// Money that goes back. Carries its order's shard.
    RefundId,
    /// Something about payments that a person has to look at.
    PaymentTaskId,
    /// A parcel of an order. Carries its order's shard.
    ShipmentId,
    /// Goods of an order that are sent back. Carries its order's shard.
    ReturnId,
    /// A person with an account.
    UserId,
    /// A family of refresh tokens: one sign-in on one device.
    SessionId,
    /// A key that a program signs in with.
    ApiKeyId,
    /// A place that somebody has goods sent to.
    AddressId,
    /// A shopping cart.
    CartId,
    /// One line of a cart.
    CartItemId,
    /// An event in the outbox; also the consumer's deduplication key.
    EventId,
    /// A background job.
    JobId,
    /// Another system's address that is told of events.
    WebhookId,
    /// What the deliveries to one are signed with.
    WebhookSecretId,
    /// One event on its way to one of them.
    DeliveryId,
}

impl VariantId {
    /// Where the variant's stock rows live.
    pub const fn shard(self) -> Shard {
        shard_of(self.0)
    }
}

impl OrderId {
    /// Where the order's rows live: the shard of its first variant.
    pub const fn shard(self) -> Shard {
        shard_of(self.0)
    }
}

impl PaymentId {
    /// Where the attempt's row lives: the shard of its order.
    pub const fn shard(self) -> Shard {
        shard_of(self.0)
    }
}

impl RefundId {
    /// Where the refund's rows live: the shard of its order.
    pub const fn shard(self) -> Shard {
        shard_of(self.0)
    }
}

impl ShipmentId {
    /// Where the shipment's rows live: the shard of its order.
    pub const fn shard(self) -> Shard {
        shard_of(self.0)
    }
}

impl ReturnId {
    /// Where the return's rows live: the shard of its order.
    pub const fn shard(self) -> Shard {
        shard_of(self.0)
    }
}
