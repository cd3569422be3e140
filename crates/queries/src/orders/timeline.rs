//! What happened to an order: to itself, its payments, its parcels, its returns.

use jiff::Timestamp;
use kernel::id::{OrderId, UserId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// What a step is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimelineKind {
    /// The order itself.
    Order,
    /// An attempt to pay it.
    Payment,
    /// Money that goes back.
    Refund,
    /// A parcel.
    Shipment,
    /// Goods that come back.
    Return,
}

/// Who took a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimelineActor {
    /// The order's buyer, with an account or without.
    Customer,
    /// The shop itself.
    System,
    /// The payment provider.
    PaymentProvider,
    /// Somebody of the shop.
    Staff,
}

/// A step in the life of an order, as its buyer is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TimelineEntry {
    /// When.
    pub at: Timestamp,
    /// What it is about.
    pub kind: TimelineKind,
    /// Which order, payment, parcel or return.
    pub id: Uuid,
    /// From which status of that kind; `null` at its beginning.
    #[schema(required)]
    pub from: Option<String>,
    /// To which.
    #[schema(example = "shipped")]
    pub to: String,
    /// By whom.
    pub actor: TimelineActor,
    /// Why: in the buyer's own words, or in the shop's word for it.
    #[schema(required)]
    pub reason: Option<String>,
}

/// The same step, as the back office is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct HistoryEntry {
    /// When.
    pub at: Timestamp,
    /// What it is about.
    pub kind: TimelineKind,
    /// Which order, payment, parcel or return.
    pub id: Uuid,
    /// From which status of that kind; `null` at its beginning.
    #[schema(required)]
    pub from: Option<String>,
    /// To which.
    pub to: String,
    /// By whom.
    pub actor: TimelineActor,
    /// Whose account that is.
    #[schema(required)]
    pub actor_id: Option<UserId>,
    /// Why.
    #[schema(required)]
    pub reason: Option<String>,
}

impl TimelineEntry {
    /// The order was placed.
    pub(super) fn placed(order: OrderId, at: Timestamp) -> Self {
        Self {
            at,
            kind: TimelineKind::Order,
            id: order.as_uuid(),
            from: None,
            to: orders::OrderStatus::PendingPayment.as_str().to_owned(),
            actor: TimelineActor::Customer,
            reason: None,
        }
    }
}

impl HistoryEntry {
    /// Without who of the shop it was, and without what the shop says among itself.
    pub(super) fn for_buyer(&self) -> TimelineEntry {
        let own_words = self.actor == TimelineActor::Customer;
        let shops_word = self.kind == TimelineKind::Order && self.actor == TimelineActor::System;
        TimelineEntry {
            at: self.at,
            kind: self.kind,
            id: self.id,
            from: self.from.clone(),
            to: self.to.clone(),
            actor: self.actor,
            reason: self.reason.clone().filter(|_| own_words || shops_word),
        }
    }
}
