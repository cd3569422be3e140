//! Stock as CSV.

use axum::body::Bytes;
use futures::{Stream, stream};
use pg::{Db, DbResult};
use queries::stock::{StockLine, stock_lines};

use crate::kit::csv;

/// Rows that are read at a time.
const BATCH: u16 = 1_000;

const COLUMNS: [&str; 7] =
    ["sku", "warehouse", "total", "available", "reserved", "sold", "safety_stock"];

/// Where an export has got to.
enum Place {
    Head,
    After(Option<(String, String)>),
    End,
}

/// All stock, by SKU and warehouse, the first line included. Each piece is read for itself: what
/// moves meanwhile is told as it is when its turn comes.
pub fn export(db: Db) -> impl Stream<Item = DbResult<Bytes>> {
    stream::try_unfold(Place::Head, move |place| {
        let db = db.clone();
        async move {
            let after = match place {
                Place::Head => return Ok(Some((csv::head(COLUMNS), Place::After(None)))),
                Place::After(after) => after,
                Place::End => return Ok(None),
            };
            let after = after.as_ref().map(|(sku, warehouse)| (sku.as_str(), warehouse.as_str()));
            let lines = stock_lines(&mut *db.acquire().await?, after, BATCH).await?;
            let Some(last) = lines.last() else { return Ok(None) };
            let next = if lines.len() < usize::from(BATCH) {
                Place::End
            } else {
                Place::After(Some((last.sku.clone(), last.warehouse.clone())))
            };
            let text: Vec<u8> = lines.iter().flat_map(|line| csv::row(fields(line))).collect();
            Ok(Some((Bytes::from(text), next)))
        }
    })
}

fn fields(line: &StockLine) -> [String; 7] {
    [
        line.sku.clone(),
        line.warehouse.clone(),
        line.total.to_string(),
        line.available.to_string(),
        line.reserved.to_string(),
        line.sold.to_string(),
        line.safety_stock.to_string(),
    ]
}
