//! How many unpaid orders each buyer and each telephone number of a batch has open.
//!
//! Stock that is ordered and never paid for is taken from others for half an hour. So a name may have
//! only so many such orders. What is open is counted twice when orders are drafted: before, to refuse
//! what is too much, and again once they are written and the names are locked, because another batch
//! may have written some meanwhile. Nothing is asked of the database for those whom limits spare.

use orders::{Holder, holds::Open};
use pg::{Connection, DbResult};

use crate::request::{PlaceOrder, Refusal};

/// What is open, and how much may be.
#[derive(Debug, Default)]
pub(crate) struct Holds {
    /// 0: any number.
    limit: u32,
    open: Open,
}

impl Holds {
    /// Counts what is open under the requests' names.
    pub async fn look(
        conn: &mut Connection,
        requests: &[&PlaceOrder],
        limit: u32,
    ) -> DbResult<Self> {
        let open = orders::holds::open(conn, &holders(requests, limit)).await?;
        Ok(Self { limit, open })
    }

    /// Under whose names the request's order would count; none when it would not.
    pub fn holder(&self, request: &PlaceOrder) -> Option<Holder> {
        holder(request, self.limit)
    }

    /// Refuses an order that would be one too many.
    pub fn check(&self, holder: Option<Holder>) -> Result<(), Refusal> {
        let has = |name| self.open.get(&name).copied().unwrap_or(0);
        let open = holder.map_or(0, |it| it.names().into_iter().map(has).max().unwrap_or(0));
        if holder.is_some() && open >= i64::from(self.limit) {
            return Err(Refusal::HoldLimit { open, limit: self.limit });
        }
        Ok(())
    }

    /// Notes an accepted order, for the requests after it.
    pub fn take(&mut self, holder: Option<Holder>) {
        for name in holder.into_iter().flat_map(Holder::names) {
            *self.open.entry(name).or_default() += 1;
        }
    }

    /// Locks the names of orders that were written, and tells whether all of them are within the
    /// limit still.
    pub async fn hold_still(&self, conn: &mut Connection, written: &[Holder]) -> DbResult<bool> {
        if written.is_empty() {
            return Ok(true);
        }
        orders::lock_holders(conn, written).await?;
        let open = orders::holds::open(conn, written).await?;
        Ok(open.values().all(|open| *open <= i64::from(self.limit)))
    }
}

/// Locks the names of all requests that count.
pub(crate) async fn lock(
    conn: &mut Connection,
    requests: &[&PlaceOrder],
    limit: u32,
) -> DbResult<()> {
    orders::lock_holders(conn, &holders(requests, limit)).await
}

fn holders(requests: &[&PlaceOrder], limit: u32) -> Vec<Holder> {
    requests.iter().filter_map(|request| holder(request, limit)).collect()
}

fn holder(request: &PlaceOrder, limit: u32) -> Option<Holder> {
    let counts = limit > 0 && !request.spared;
    counts.then(|| Holder::new(request.customer, &request.contact))
}
