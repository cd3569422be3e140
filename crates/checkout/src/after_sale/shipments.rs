//! Parcels: planned, packed, sent, given up.

use inventory::{Cause, Part, StockKey, backorders::BackorderStatus};
use jiff::Timestamp;
use kernel::{
    Actor, Quantity,
    id::{OrderId, ShipmentId, VariantId, WarehouseId},
};
use orders::{InvalidTransition, Move, Order, OrderStatus};
use pg::{Connection, DbResult};
use shipping::{
    Shipment, ShipmentStatus, events,
    shipments::{self, Change, ShipmentLine, ShipmentMove, Tracking},
};

use super::{error::AfterSaleError, units};
use crate::{Checkout, error::CheckoutError};

/// Units of a line that go into a parcel.
#[derive(Clone, Copy, Debug)]
pub struct PlannedLine {
    /// Which line.
    pub line_no: i16,
    /// Which part of its bundle; none: the line itself, or all of its bundle.
    pub variant: Option<VariantId>,
    /// How many, of the line or of the part.
    pub quantity: Quantity,
}

/// A parcel that is to be planned.
#[derive(Clone, Debug)]
pub struct ShipmentPlan {
    /// Where it leaves.
    pub warehouse: WarehouseId,
    /// What is in it; nothing named: everything of the order that is left in the warehouse.
    pub lines: Vec<PlannedLine>,
    /// How it is known on its way, where that is known already.
    pub tracking: Tracking,
}

/// A change of a parcel.
#[derive(Clone, Debug, Default)]
pub struct ShipmentPatch<'a> {
    /// What happens to it.
    pub asked: Option<ShipmentMove>,
    /// How it is known on its way from now on.
    pub tracking: Option<Tracking>,
    /// When it happened; now, unless somebody knows better.
    pub happened_at: Option<Timestamp>,
    /// Why.
    pub reason: Option<&'a str>,
}

impl Checkout {
    /// Plans a parcel of a paid order, which is in preparation from then on.
    pub async fn create_shipment(
        &self,
        conn: &mut Connection,
        order: OrderId,
        plan: &ShipmentPlan,
        actor: Actor,
        now: Timestamp,
    ) -> Result<Shipment, CheckoutError> {
        let mut order = orders::lock(conn, order).await?;
        if !order.status.is_before_shipment() {
            let (from, asked) = (order.status, Move::Prepare);
            return Err(CheckoutError::InvalidTransition(InvalidTransition { from, asked }));
        }
        if inventory::warehouse(conn, plan.warehouse).await?.is_none() {
            return Err(AfterSaleError::WarehouseNotFound.into());
        }
        let facts = self.facts(conn, &order).await?;
        let earlier = shipments::of_order(conn, order.id).await?;
        let bought = inventory::parts::fulfilments(conn, &[order.id]).await?;
        let mut rooms = units::unplanned(&bought, &earlier);
        rooms.retain(|room| room.key.warehouse == plan.warehouse);
        let parts = if plan.lines.is_empty() {
            units::all(&rooms)
        } else {
            choose(&order, &facts.components, &plan.lines, &mut rooms)?
        };
        if parts.is_empty() {
            return Err(AfterSaleError::NothingLeft.into());
        }
        let shipment = Shipment {
            id: self.ids.next_on(&*self.clock, order.id.shard()),
            order: order.id,
            number: i16::try_from(earlier.len() + 1).unwrap_or(i16::MAX),
            warehouse: plan.warehouse,
            status: ShipmentStatus::Pending,
            tracking: plan.tracking.clone(),
            version: 1,
            created_at: now,
            shipped_at: None,
            delivered_at: None,
            lines: lines_of(&parts),
        };
        if order.status == OrderStatus::Paid {
            orders::transition(conn, &mut order, Move::Prepare, actor, None, now).await?;
        }
        shipments::create(conn, &shipment, actor).await?;
        self.tell_shipment(conn, events::SHIPMENT_CREATED, &order, &shipment).await?;
        Ok(shipment)
    }

    /// Changes a parcel: what happens to it, or how it is known on its way. `seen` is the version that
    /// the caller has looked at, if it cares. Returns it as it was and as it is.
    pub async fn change_shipment(
        &self,
        conn: &mut Connection,
        id: ShipmentId,
        seen: Option<i64>,
        patch: &ShipmentPatch<'_>,
        actor: Actor,
        now: Timestamp,
    ) -> Result<(Shipment, Shipment), CheckoutError> {
        let (mut order, before) = lock_shipment(conn, id).await?;
        if seen.is_some_and(|seen| seen != before.version) {
            return Err(AfterSaleError::VersionConflict(before.version).into());
        }
        check_time(&before, patch, now)?;
        let change = Change {
            asked: patch.asked,
            tracking: patch.tracking.clone(),
            happened_at: patch.happened_at,
            reason: patch.reason,
        };
        if patch.asked == Some(ShipmentMove::Ship) && order.status != OrderStatus::PreparingShipment
        {
            // The parcel's own machine speaks first.
            before.status.after(ShipmentMove::Ship).map_err(AfterSaleError::InvalidShipmentMove)?;
            let (from, asked) = (order.status, Move::Ship);
            return Err(CheckoutError::InvalidTransition(InvalidTransition { from, asked }));
        }
        let after = shipments::change(conn, &before, &change, actor, now).await?;
        match patch.asked {
            Some(ShipmentMove::Ship) => {
                self.leave(conn, &mut order, &after, actor, now).await?;
                self.tell_shipment(conn, events::SHIPMENT_SHIPPED, &order, &after).await?;
            }
            Some(ShipmentMove::Deliver) => {
                self.tell_shipment(conn, events::SHIPMENT_DELIVERED, &order, &after).await?;
            }
            Some(ShipmentMove::ComeBack) => {
                self.tell_shipment(conn, events::SHIPMENT_RETURNED, &order, &after).await?;
            }
            Some(ShipmentMove::Cancel) => {
                self.tell_shipment(conn, events::SHIPMENT_CANCELLED, &order, &after).await?;
            }
            Some(ShipmentMove::Pack) | None => {}
        }
        if patch.asked.is_some() {
            self.settle_completion(conn, &order).await?;
        }
        Ok((before, after))
    }

    /// The parcel's units leave the warehouse (出庫); with the last unit the order is shipped.
    async fn leave(
        &self,
        conn: &mut Connection,
        order: &mut Order,
        shipment: &Shipment,
        actor: Actor,
        now: Timestamp,
    ) -> Result<(), CheckoutError> {
        let cause = Cause { actor, reference: Some(order.id.as_uuid()), reason: None, at: now };
        let context = self.save_context();
        inventory::ship(conn, order.id, &parts_of(shipment), &cause, &context).await?;
        self.ship_if_all_left(conn, order, actor, now).await
    }

    /// An order of which everything has left is shipped.
    pub(super) async fn ship_if_all_left(
        &self,
        conn: &mut Connection,
        order: &mut Order,
        actor: Actor,
        now: Timestamp,
    ) -> Result<(), CheckoutError> {
        if order.status == OrderStatus::PreparingShipment && all_left(conn, order.id).await? {
            orders::transition(conn, order, Move::Ship, actor, None, now).await?;
        }
        Ok(())
    }

    /// Gives up every parcel of an order that has not left.
    pub(crate) async fn cancel_planned(
        &self,
        conn: &mut Connection,
        order: &Order,
        actor: Actor,
        now: Timestamp,
    ) -> Result<(), CheckoutError> {
        for shipment in shipments::of_order(conn, order.id).await? {
            if shipment.status.is_planned() {
                let change = Change { asked: Some(ShipmentMove::Cancel), ..Change::default() };
                let after = shipments::change(conn, &shipment, &change, actor, now).await?;
                self.tell_shipment(conn, events::SHIPMENT_CANCELLED, order, &after).await?;
            }
        }
        Ok(())
    }

    pub(super) async fn tell_shipment(
        &self,
        conn: &mut Connection,
        kind: &'static str,
        order: &Order,
        shipment: &Shipment,
    ) -> DbResult<()> {
        let facts = self.facts(conn, order).await?;
        let told = facts.told(order);
        let event = events::of_shipment(kind, shipment, &told, &*self.clock, &self.ids);
        outbox::append(conn, &[event]).await
    }
}

/// Locks the order of a shipment, and reads the shipment under its lock.
pub(super) async fn lock_shipment(
    conn: &mut Connection,
    id: ShipmentId,
) -> Result<(Order, Shipment), CheckoutError> {
    let not_found = || CheckoutError::from(AfterSaleError::ShipmentNotFound);
    let known = shipments::find(conn, id).await?.ok_or_else(not_found)?;
    let order = orders::lock(conn, known.order).await?;
    let shipment = shipments::find(conn, id).await?.ok_or_else(not_found)?;
    Ok((order, shipment))
}

/// Whether nothing of an order is left in any warehouse, and something of it was sent.
async fn all_left(conn: &mut Connection, order: OrderId) -> DbResult<bool> {
    let bought = inventory::parts::fulfilments(conn, &[order]).await?;
    let waiting = inventory::backorders::of_orders(conn, &[order]).await?;
    Ok(bought.iter().all(|it| it.to_ship() == 0)
        && bought.iter().any(|it| it.left() > 0)
        && waiting.iter().all(|it| it.status != BackorderStatus::Waiting))
}

/// The units that were named.
fn choose(
    order: &Order,
    components: &[orders::LineComponent],
    lines: &[PlannedLine],
    rooms: &mut [units::Room],
) -> Result<Vec<Part>, CheckoutError> {
    let mut parts = Vec::new();
    for (index, planned) in lines.iter().enumerate() {
        let line = order.lines.iter().find(|line| line.line_no == planned.line_no);
        let mut recipe = line.map(|line| units::recipe(line, components)).unwrap_or_default();
        if let Some(variant) = planned.variant {
            recipe.retain(|(part, _)| *part == variant);
            for (_, each) in &mut recipe {
                *each = 1;
            }
        }
        if recipe.is_empty() {
            return Err(AfterSaleError::NoSuchLine { index }.into());
        }
        let (line_no, quantity) = (planned.line_no, planned.quantity.to_i32());
        let taken = units::take(line_no, &recipe, quantity, rooms);
        parts.extend(taken.map_err(|left| AfterSaleError::UnitsExceeded { line_no, left })?);
    }
    Ok(parts)
}

/// The lines of a parcel with these units; each line and variant once.
fn lines_of(parts: &[Part]) -> Vec<ShipmentLine> {
    let mut lines: Vec<ShipmentLine> = Vec::new();
    for part in parts {
        let (line_no, variant) = (part.line_no, part.key.variant);
        let quantity = part.quantity.to_i32();
        let same = lines.iter_mut().find(|it| it.line_no == line_no && it.variant == variant);
        if let Some(line) = same {
            line.quantity += quantity;
        } else {
            lines.push(ShipmentLine { line_no, variant, quantity });
        }
    }
    lines.sort_by_key(|line| (line.line_no, line.variant));
    lines
}

/// A parcel's units where they lie.
fn parts_of(shipment: &Shipment) -> Vec<Part> {
    shipment
        .lines
        .iter()
        .filter_map(|line| {
            let key = StockKey { variant: line.variant, warehouse: shipment.warehouse };
            let quantity = Quantity::new(line.quantity.into()).ok()?;
            Some(Part { line_no: line.line_no, key, quantity })
        })
        .collect()
}

/// When something happened may be told later, not before.
fn check_time(
    before: &Shipment,
    patch: &ShipmentPatch<'_>,
    now: Timestamp,
) -> Result<(), AfterSaleError> {
    let Some(at) = patch.happened_at else { return Ok(()) };
    let earliest = before.shipped_at.unwrap_or(before.created_at);
    if at > now || at < earliest { Err(AfterSaleError::WrongTime) } else { Ok(()) }
}
