//! What the bundles of an order were made of when it was placed.
//!
//! A line of a bundle takes other variants' stock. What it took is kept with the order, with the
//! names of that moment: the bundle may be made of something else tomorrow. Lines of ordinary variants
//! have no components.

use std::sync::Arc;

use kernel::{
    LocalizedText, Quantity, QuantityError,
    id::{OrderId, VariantId},
};
use pg::{Connection, DbResult};

use crate::{placing::Line, sql_components};

/// A variant that a line's bundle was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineComponent {
    /// The order.
    pub order: OrderId,
    /// The bundle's line.
    pub line_no: i16,
    /// The variant whose stock the line takes.
    pub variant: VariantId,
    /// Its SKU.
    pub sku: Arc<str>,
    /// Its product's name.
    pub name: LocalizedText,
    /// Its own name.
    pub variant_name: LocalizedText,
    /// How many are in one bundle.
    pub quantity: u32,
}

/// Writes what lines are made of; nothing at all for none.
pub async fn insert(conn: &mut Connection, components: &[&LineComponent]) -> DbResult<()> {
    if components.is_empty() {
        return Ok(());
    }
    sql_components::insert(conn, components).await
}

/// What the bundles of these orders were made of: by order and line, in id order.
pub async fn of_orders(conn: &mut Connection, orders: &[OrderId]) -> DbResult<Vec<LineComponent>> {
    sql_components::of_orders(conn, orders).await
}

/// What a line takes out of stock: each variant with its units. `components` are those of its order.
pub fn taken_by<'a>(
    line: &'a Line,
    components: &'a [LineComponent],
) -> impl Iterator<Item = Result<(VariantId, Quantity), QuantityError>> + 'a {
    let own = components.iter().filter(move |component| component.line_no == line.line_no);
    let itself = own.clone().next().is_none().then_some(Ok((line.variant, line.quantity)));
    let units = i64::from(line.quantity.get());
    let parts = own.map(move |component| {
        let quantity = Quantity::new(units * i64::from(component.quantity))?;
        Ok((component.variant, quantity))
    });
    itself.into_iter().chain(parts)
}
