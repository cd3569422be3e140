//! Parcels that arrive, and when their order is completed for it.

use jiff::Timestamp;
use kernel::Actor;
use orders::{Order, OrderStatus};
use pg::{Backoff, Connection, DbError, retry};
use shipping::{
    Shipment, ShipmentStatus, returns,
    shipments::{self, ShipmentMove},
};

use super::{
    error::AfterSaleError,
    shipments::{ShipmentPatch, lock_shipment},
};
use crate::{Checkout, error::CheckoutError};

/// What a carrier's system says about a parcel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CarrierWord {
    /// Whose system.
    pub carrier: String,
    /// What they know the parcel by.
    pub tracking_number: String,
    /// When it arrived, if they say so.
    pub delivered_at: Option<Timestamp>,
}

impl Checkout {
    /// A carrier says that a parcel arrived. Said again, it changes nothing. `true` when it was news.
    pub async fn take_carriers_word(&self, word: &CarrierWord) -> Result<bool, CheckoutError> {
        retry(Backoff::TRANSACTION, &self.ids, async || self.try_take_word(word).await).await
    }

    async fn try_take_word(&self, word: &CarrierWord) -> Result<bool, CheckoutError> {
        let mut tx = self.db.begin().await?;
        let now = self.clock.now();
        let known = shipments::by_tracking(&mut tx, &word.carrier, &word.tracking_number).await?;
        // Numbers are used again after a long time: the newest parcel with it is meant.
        let known = known.first().ok_or(AfterSaleError::ShipmentNotFound)?;
        let (_, shipment) = lock_shipment(&mut tx, known.id).await?;
        if matches!(shipment.status, ShipmentStatus::Delivered | ShipmentStatus::Returned) {
            return Ok(false);
        }
        // Their clock is not ours.
        let earliest = shipment.shipped_at.unwrap_or(shipment.created_at);
        let happened_at = word.delivered_at.map(|at| at.max(earliest).min(now));
        let patch = ShipmentPatch {
            asked: Some(ShipmentMove::Deliver),
            happened_at,
            reason: Some("told by the carrier"),
            ..ShipmentPatch::default()
        };
        let actor = Actor::System;
        self.change_shipment(&mut tx, shipment.id, None, &patch, actor, now).await?;
        tx.commit().await.map_err(DbError::from)?;
        Ok(true)
    }

    /// Says when an order is completed: everything has left and arrived, and the time for returns is
    /// over then. Not while anything is under way.
    pub(super) async fn settle_completion(
        &self,
        conn: &mut Connection,
        order: &Order,
    ) -> Result<(), CheckoutError> {
        if !matches!(order.status, OrderStatus::Shipped | OrderStatus::ReturnRequested) {
            return Ok(());
        }
        let shipments = shipments::of_order(conn, order.id).await?;
        let at = last_arrival(&shipments).map(|at| returns::returns_until(at, self.return_days));
        Ok(orders::set_completes_at(conn, order.id, at).await?)
    }
}

/// When the last parcel arrived; nothing while one is under way, or when none did.
pub(super) fn last_arrival(shipments: &[Shipment]) -> Option<Timestamp> {
    let under_way = |it: &Shipment| it.status.is_planned() || it.status == ShipmentStatus::Shipped;
    if shipments.iter().any(under_way) {
        return None;
    }
    let arrived = shipments.iter().filter(|it| it.status == ShipmentStatus::Delivered);
    arrived.filter_map(|it| it.delivered_at).max()
}
