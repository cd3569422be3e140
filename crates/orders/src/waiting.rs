//! Orders that wait for their money, for whoever reminds their buyers. Nothing is locked: who decides
//! something about an order looks again under its lock.

use jiff::{SignedDuration, Timestamp};
use kernel::{Shard, id::OrderId};
use pg::{Connection, DbResult};
use uuid::Uuid;

use crate::sql_waiting as sql;

/// A place among the orders by the end of their time to pay: this end, and of the orders that end at
/// the same moment those up to this id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EndPlace {
    /// The end.
    pub end: Timestamp,
    /// The order.
    pub order: Uuid,
}

impl EndPlace {
    /// After everything that ends at this moment.
    pub const fn after(end: Timestamp) -> Self {
        Self { end, order: Uuid::max() }
    }
}

/// Up to `limit` unpaid orders with the ends of their time: those after `place`, to `until`, the
/// soonest first. Orders that had less than `at_least` to be paid are left out.
pub async fn ending(
    conn: &mut Connection,
    place: EndPlace,
    until: Timestamp,
    at_least: SignedDuration,
    limit: u32,
) -> DbResult<Vec<(OrderId, Timestamp)>> {
    sql::ending(conn, place, until, at_least, i64::from(limit)).await
}

/// Up to `limit` unpaid orders of a shard with the times they were placed: those with ids between the
/// two, the oldest first. Ids carry the time: [`first_id`].
pub async fn placed(
    conn: &mut Connection,
    shard: Shard,
    after: Uuid,
    before: Uuid,
    limit: u32,
) -> DbResult<Vec<(OrderId, Timestamp)>> {
    sql::placed(conn, shard, after, before, i64::from(limit)).await
}

/// What is smaller than every id made at `at` or later, and larger than every one made before.
pub fn first_id(at: Timestamp) -> Uuid {
    let millis = u128::try_from(at.as_millisecond()).unwrap_or(0);
    Uuid::from_u128(millis << 80)
}

#[cfg(test)]
mod tests {
    use kernel::{Ids, ManualClock};

    use super::*;

    #[test]
    fn ids_lie_between_the_first_ones_of_their_time() {
        let at: Timestamp = "2026-06-01T02:00:00.123Z".parse().unwrap();
        let clock = ManualClock::at(at);
        let ids = Ids::from_seed(1);
        let later = at + SignedDuration::from_millis(1);
        for shard in [0, 31, 63] {
            let id: OrderId = ids.next_on(&clock, Shard::new(shard));
            assert!(first_id(at) < id.as_uuid() && id.as_uuid() < first_id(later));
        }
        assert_eq!(first_id(Timestamp::UNIX_EPOCH - SignedDuration::from_secs(1)), Uuid::nil());
    }
}
