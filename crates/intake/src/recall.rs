//! What a key has placed, without asking for it again.

use std::sync::Arc;

use jiff::Timestamp;
use orders::Fingerprint;
use pg::{Connection, DbResult};
use uuid::Uuid;

use crate::{backorders, batch, bundles, placed::Placed};

/// The order that was placed with this key, as its buyer was told then. `is_it` decides, by the
/// fingerprint of the request that placed it, whether it is the one that is meant.
pub async fn recall(
    conn: &mut Connection,
    key: Uuid,
    is_it: impl Fn(&Fingerprint) -> bool,
    now: Timestamp,
) -> DbResult<Option<Arc<Placed>>> {
    let known = orders::idempotency::find(conn, &[key]).await?;
    let Some(known) = known.into_iter().find(|known| is_it(&known.fingerprint)) else {
        return Ok(None);
    };
    let stored = orders::load(conn, &[known.order]).await?;
    let mut stored = orders::as_placed(conn, stored).await?;
    batch::as_told_first(conn, &mut stored).await?;
    let Some(order) = stored.pop() else { return Ok(None) };
    let variants: Vec<_> = order.lines.iter().map(|line| line.variant).collect();
    let offers = catalog::offers(conn, &variants, now).await?;
    let mut held = inventory::reservations::of_orders(conn, &[known.order]).await?;
    inventory::parts::as_first_held(conn, &[known.order], &mut held).await?;
    let waited = backorders::remembered(conn, &[known.order], &mut held).await?;
    let components = bundles::remembered(conn, std::slice::from_ref(&order), &held).await?;
    let taken_off = orders::adjustments::as_placed(conn, &[known.order]).await?;
    let first = batch::first_answer(order, &held, &waited, &components, &taken_off, &offers);
    Ok(Some(Arc::new(first)))
}
