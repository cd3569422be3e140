//! What the buyer is told about a placed order.

use std::sync::Arc;

use kernel::id::{VariantId, WarehouseId};
use orders::{Adjustment, LineComponent, Order};

/// A placed order: the same for the first answer and for every replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The order as it was when it was placed.
    pub order: Order,
    /// Where its units came from, in line order; of a bundle, by component; of each, the fullest
    /// warehouse first.
    pub deductions: Vec<Deduction>,
    /// What the bundles among its lines are made of, in line order.
    pub components: Vec<LineComponent>,
    /// What was taken off it, in the order of evaluation.
    pub adjustments: Vec<Adjustment>,
    /// Units that were sold beyond stock, by line.
    pub backordered: Vec<(i16, i32)>,
    /// What the catalogue shows for each line, in line order.
    pub faces: Vec<LineFace>,
    /// Whether the key had placed this order before.
    pub replayed: bool,
}

/// Units one line took from one warehouse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deduction {
    /// The line.
    pub line_no: i16,
    /// What: of a bundle's line, one of its components.
    pub variant: VariantId,
    /// Its SKU.
    pub sku: Arc<str>,
    /// Where from.
    pub warehouse: WarehouseId,
    /// Units.
    pub quantity: i32,
    /// Available there before.
    pub available_before: i32,
    /// Available there after.
    pub available_after: i32,
}

/// How a line looks in the shop.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineFace {
    /// The product's place in addresses.
    pub product_slug: Arc<str>,
    /// Its picture.
    pub image: Option<Arc<catalog::model::ImageRef>>,
}
