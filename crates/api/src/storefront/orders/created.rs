//! The answer to a placed order; the same for the first answer and every replay.

use std::sync::Arc;

use checkout::OrderAccess;
use intake::{Deduction, Placed};
use jiff::Timestamp;
use kernel::{
    Money,
    id::{OrderId, VariantId, WarehouseId},
};
use orders::OrderNumber;
use queries::{
    AdjustmentView, BundlePartView, Image, adjustment,
    orders::{OrderItemView, OrderStatusWord},
};
use serde::Serialize;
use utoipa::ToSchema;

/// A placed order.
#[derive(Debug, Serialize, ToSchema)]
pub struct CreatedOrder {
    /// Its id.
    pub id: OrderId,
    /// Its number for people.
    #[schema(example = "261121-K7M3-9QWD-2XAB")]
    pub number: String,
    /// `pending_payment`.
    pub status: OrderStatusWord,
    /// What was bought.
    pub items: Vec<OrderItemView>,
    /// The sum of the lines.
    pub subtotal: Money,
    /// What was taken off.
    pub discount: Money,
    /// The same, one by one, in the order in which it was taken off; and what was taken off the fee
    /// for shipping.
    pub adjustments: Vec<AdjustmentView>,
    /// For shipping.
    pub shipping_fee: Money,
    /// To pay.
    pub total: Money,
    /// The tax (5 % VAT) that the total includes.
    pub vat_included: Money,
    /// Until when the stock is held.
    pub reserved_until: Timestamp,
    /// When it was placed.
    pub created_at: Timestamp,
    /// Where the units came from.
    pub inventory_deduction_results: Vec<InventoryDeduction>,
    /// For guests: opens the order, as `?access_token=` or `X-Order-Token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token: Option<String>,
}

/// Units taken from one warehouse.
#[derive(Debug, Serialize, ToSchema)]
pub struct InventoryDeduction {
    /// What.
    pub variant_id: VariantId,
    /// Its SKU.
    #[schema(value_type = String)]
    pub sku: Arc<str>,
    /// Where from.
    pub warehouse_id: WarehouseId,
    /// How many.
    pub quantity: i32,
    /// Available there before.
    pub available_before: i32,
    /// Available there after.
    pub available_after: i32,
}

/// The answer for a placed order.
pub fn created(placed: &Placed, access: &OrderAccess) -> CreatedOrder {
    let order = &placed.order;
    let items = order.lines.iter().zip(&placed.faces).map(|(line, face)| OrderItemView {
        line_no: line.line_no,
        variant_id: line.variant,
        product_slug: face.product_slug.clone(),
        sku: line.sku.clone(),
        name: line.name.clone(),
        variant_name: line.variant_name.clone(),
        image: face.image.as_deref().map(image),
        quantity: line.quantity.get(),
        unit_price: line.unit_price,
        line_total: line.line_total,
        backordered: backordered(placed, line.line_no),
        components: parts(placed, line.line_no),
    });
    CreatedOrder {
        id: order.id,
        number: OrderNumber::of(order.id).to_string(),
        status: OrderStatusWord::PendingPayment,
        items: items.collect(),
        subtotal: order.subtotal,
        discount: order.discount,
        adjustments: placed.adjustments.iter().map(adjustment::of_order).collect(),
        shipping_fee: order.shipping_fee,
        total: order.total,
        vat_included: pricing::vat_included(order.total),
        reserved_until: order.reserved_until,
        created_at: order.created_at,
        inventory_deduction_results: placed.deductions.iter().map(deduction).collect(),
        access_token: order.customer.is_none().then(|| access.token(order.id)),
    }
}

/// Units of a line that were sold beyond stock.
fn backordered(placed: &Placed, line_no: i16) -> u32 {
    let own = placed.backordered.iter().find(|(line, _)| *line == line_no);
    own.map_or(0, |(_, units)| u32::try_from(*units).unwrap_or(0))
}

/// What a line's bundle is made of.
fn parts(placed: &Placed, line_no: i16) -> Vec<BundlePartView> {
    let own = placed.components.iter().filter(|component| component.line_no == line_no);
    let view = |component: &orders::LineComponent| BundlePartView {
        variant_id: component.variant,
        sku: component.sku.clone(),
        name: component.name.clone(),
        variant_name: component.variant_name.clone(),
        quantity: component.quantity,
    };
    own.map(view).collect()
}

fn deduction(deduction: &Deduction) -> InventoryDeduction {
    InventoryDeduction {
        variant_id: deduction.variant,
        sku: deduction.sku.clone(),
        warehouse_id: deduction.warehouse,
        quantity: deduction.quantity,
        available_before: deduction.available_before,
        available_after: deduction.available_after,
    }
}

fn image(image: &catalog::model::ImageRef) -> Image {
    Image {
        url: format!("/media/{}", image.key),
        alt: image.alt.clone(),
        width: image.width,
        height: image.height,
        // They are asked for with the order.
        renditions: Vec::new(),
    }
}
