//! Signing in: what a guest collected joins what the person has.

use std::collections::HashMap;

use kernel::{
    Clock, Ids,
    id::{CartId, UserId, VariantId},
};
use pg::Connection;

use crate::{
    CartError,
    model::{CartLine, CartOwner, LINES_MAX, LineQuantity},
    open::open_for_user,
    sql,
};

/// Moves the guest's lines into the person's cart and deletes the guest's cart. Quantities of the
/// same variant add up to [`LINE_MAX`](crate::LINE_MAX) at most; lines that do not fit any more are
/// left out, the last ones added first. The guest's coupon, typed in last, takes the place of the
/// person's. Call it within a transaction. Returns the person's cart, or
/// nothing when neither had one; a guest's cart that is gone changes nothing.
pub async fn merge(
    conn: &mut Connection,
    guest: CartId,
    user: UserId,
    ids: &Ids,
    clock: &dyn Clock,
) -> Result<Option<CartId>, CartError> {
    if sql::find(conn, CartOwner::Guest(guest)).await?.is_none() {
        return Ok(sql::find(conn, CartOwner::User(user)).await?);
    }
    let cart = open_for_user(conn, user, ids, clock).await?;
    let locked = sql::lock_in_order(conn, &[guest, cart]).await?;
    if !locked.contains(&guest) {
        // Another sign-in merged it between the look and the lock.
        return Ok(Some(cart));
    }
    let theirs = sql::lines(conn, guest).await?;
    let lines = merged(&sql::lines(conn, cart).await?, &theirs);
    sql::put_items(conn, cart, &lines, ids, clock).await?;
    if let Some(code) = sql::coupon_code(conn, guest).await? {
        sql::set_coupon(conn, cart, Some(&code)).await?;
    }
    sql::delete_cart(conn, guest).await?;
    sql::touch(conn, cart, clock.now()).await?;
    Ok(Some(cart))
}

/// What the person's cart holds of each variant the guest had.
fn merged(own: &[CartLine], theirs: &[CartLine]) -> Vec<(VariantId, LineQuantity)> {
    let held: HashMap<VariantId, LineQuantity> =
        own.iter().map(|line| (line.variant_id, line.quantity)).collect();
    let mut room = usize::try_from(LINES_MAX).unwrap_or(usize::MAX).saturating_sub(held.len());
    let mut lines = Vec::new();
    for line in theirs {
        match held.get(&line.variant_id) {
            Some(quantity) => lines.push((line.variant_id, quantity.merged(line.quantity))),
            None if room > 0 => {
                room -= 1;
                lines.push((line.variant_id, line.quantity));
            }
            None => {}
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use proptest::{collection::btree_map, prelude::*};

    use super::*;
    use crate::model::LINE_MAX;

    fn cart() -> impl Strategy<Value = Vec<CartLine>> {
        btree_map(0..200_u128, 1..=LINE_MAX, 0..=100).prop_map(|lines| {
            let line = |(variant, quantity)| CartLine {
                id: uuid::Uuid::from_u128(variant).into(),
                variant_id: uuid::Uuid::from_u128(variant).into(),
                quantity: LineQuantity::new(quantity).unwrap(),
            };
            lines.into_iter().map(line).collect()
        })
    }

    proptest! {
        #[test]
        fn merging_stays_within_bounds_and_loses_nothing_that_fits(
            own in cart(), theirs in cart(),
        ) {
            let held = |lines: &[CartLine], id| {
                lines.iter().find(|line| line.variant_id == id).map_or(0, |l| l.quantity.get())
            };
            let written = merged(&own, &theirs);
            let new = written.iter().filter(|(id, _)| held(&own, *id) == 0).count();
            prop_assert!(own.len() + new <= LINES_MAX as usize);
            for (id, quantity) in &written {
                let sum = held(&own, *id) + held(&theirs, *id);
                prop_assert_eq!(quantity.get(), sum.min(LINE_MAX));
            }
            if written.len() < theirs.len() {
                prop_assert_eq!(own.len() + new, LINES_MAX as usize);
            }
        }
    }
}
