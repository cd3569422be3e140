//! Stock as the back office sees it: with the names of what it is and where it lies.

mod sql;

use kernel::{
    Cursor, LocalizedText, Page, PageLimit,
    id::{VariantId, WarehouseId},
};
use pg::{Connection, DbResult};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ListError;

/// A stock row, by the names people know it by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockLine {
    /// Stock keeping unit.
    pub sku: String,
    /// The warehouse's code.
    pub warehouse: String,
    /// Everything there 總庫存.
    pub total: i32,
    /// Free to be promised 可用.
    pub available: i32,
    /// Promised to unpaid orders 預留.
    pub reserved: i32,
    /// Paid for, not shipped yet 已銷售.
    pub sold: i32,
    /// Below this, operations are told 安全庫存.
    pub safety_stock: i32,
}

/// The stock rows after this SKU and warehouse code, in their order, at most `limit`.
pub async fn stock_lines(
    conn: &mut Connection,
    after: Option<(&str, &str)>,
    limit: u16,
) -> DbResult<Vec<StockLine>> {
    sql::lines(conn, after, limit).await
}

/// By which names people know a stock row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockNamed {
    /// Stock keeping unit.
    pub sku: String,
    /// The product's name.
    pub product: LocalizedText,
    /// What tells the variant from its siblings; may be empty.
    pub variant: LocalizedText,
    /// The warehouse's code.
    pub warehouse: String,
}

/// The names of a variant and a warehouse; nothing when one of them is unknown.
pub async fn named(
    conn: &mut Connection,
    variant: VariantId,
    warehouse: WarehouseId,
) -> DbResult<Option<StockNamed>> {
    sql::named(conn, variant, warehouse).await
}

/// What is to be replenished.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Replenishment {
    /// The variant.
    pub variant_id: VariantId,
    /// Stock keeping unit.
    pub sku: String,
    /// The product's name.
    pub name: LocalizedText,
    /// What tells the variant from its siblings; may be empty.
    pub variant_name: LocalizedText,
    /// Where it is low.
    pub warehouse_id: WarehouseId,
    /// The warehouse's code.
    pub warehouse: String,
    /// Free to be promised 可用: less than the safety stock.
    pub available: i32,
    /// Units that should always be available 安全庫存.
    pub safety_stock: i32,
    /// How many units are missing.
    pub missing: i32,
    /// Whether a stocktake holds it 盤點: the number may be about to change.
    pub frozen: bool,
}

/// Where a page of the list ended.
#[derive(Serialize, Deserialize)]
struct Place {
    permille: i64,
    missing: i32,
    variant: VariantId,
    warehouse: WarehouseId,
}

impl Replenishment {
    /// How much of the safety stock is there, in thousandths.
    fn permille(&self) -> i64 {
        i64::from(self.available) * 1_000 / i64::from(self.safety_stock.max(1))
    }
}

/// Stock rows of open warehouses with less available than their safety stock, the most urgent first:
/// of which the least part of the safety stock is left; then those of which most units are missing.
/// Looks at every stock row: an index over what is available would make each order dearer.
pub async fn replenishment(
    conn: &mut Connection,
    warehouse: Option<WarehouseId>,
    cursor: Option<&str>,
    limit: PageLimit,
) -> Result<Page<Replenishment>, ListError> {
    let after = cursor.map(Cursor::unpack::<Place>).transpose()?;
    let rows = sql::below_safety_stock(conn, warehouse, after, limit).await?;
    Ok(Page::from_rows(rows, limit, |last| {
        Cursor::pack(&Place {
            permille: last.permille(),
            missing: last.missing,
            variant: last.variant_id,
            warehouse: last.warehouse_id,
        })
    }))
}
