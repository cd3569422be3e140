//! The answer to a placed order; the same for the first answer and every replay.

use std::sync::Arc;

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use checkout::OrderAccess;
use intake::{Deduction, LineFace, Placed};
use jiff::Timestamp;
use kernel::{
    Money,
    id::{OrderId, VariantId, WarehouseId},
};
use orders::{Line, LineComponent, OrderNumber};
use queries::{
    AdjustmentView, BundlePartView, Image, adjustment,
    orders::{OrderItemView, OrderStatusWord},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::kit;

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

/// `201`, with the order and where it is.
pub fn answer(placed: Arc<Placed>, access: &OrderAccess) -> Response {
    let mut id = Uuid::encode_buffer();
    let id = placed.order.id.as_uuid().hyphenated().encode_lower(&mut id);
    let location = [(header::LOCATION, ["/api/orders/", id].concat())];
    (StatusCode::CREATED, location, kit::Json(created(placed, access))).into_response()
}

/// What is said of a placed order. Its texts are shared with every other order of the same things, and
/// counted: if nobody else holds this one, they are handed on, not counted up and down again.
pub fn created(placed: Arc<Placed>, access: &OrderAccess) -> CreatedOrder {
    let Placed { order, deductions, components, adjustments, backordered, faces, .. } =
        Arc::unwrap_or_clone(placed);
    let item = |(line, face): (Line, LineFace)| OrderItemView {
        line_no: line.line_no,
        variant_id: line.variant,
        product_slug: face.product_slug,
        sku: line.sku,
        name: line.name,
        variant_name: line.variant_name,
        image: face.image.as_deref().map(image),
        quantity: line.quantity.get(),
        unit_price: line.unit_price,
        line_total: line.line_total,
        backordered: units_of(&backordered, line.line_no),
        components: parts(&components, line.line_no),
    };
    CreatedOrder {
        id: order.id,
        number: OrderNumber::of(order.id).to_string(),
        status: OrderStatusWord::PendingPayment,
        items: order.lines.into_iter().zip(faces).map(item).collect(),
        subtotal: order.subtotal,
        discount: order.discount,
        adjustments: adjustments.iter().map(adjustment::of_order).collect(),
        shipping_fee: order.shipping_fee,
        total: order.total,
        vat_included: pricing::vat_included(order.total),
        reserved_until: order.reserved_until,
        created_at: order.created_at,
        inventory_deduction_results: deductions.into_iter().map(deduction).collect(),
        access_token: order.customer.is_none().then(|| access.token(order.id)),
    }
}

/// Units of a line that were sold beyond stock.
fn units_of(backordered: &[(i16, i32)], line_no: i16) -> u32 {
    let own = backordered.iter().find(|(line, _)| *line == line_no);
    own.map_or(0, |(_, units)| u32::try_from(*units).unwrap_or(0))
}

/// What a line's bundle is made of.
fn parts(components: &[LineComponent], line_no: i16) -> Vec<BundlePartView> {
    let own = components.iter().filter(|component| component.line_no == line_no);
    let view = |component: &LineComponent| BundlePartView {
        variant_id: component.variant,
        sku: component.sku.clone(),
        name: component.name.clone(),
        variant_name: component.variant_name.clone(),
        quantity: component.quantity,
    };
    own.map(view).collect()
}

fn deduction(deduction: Deduction) -> InventoryDeduction {
    InventoryDeduction {
        variant_id: deduction.variant,
        sku: deduction.sku,
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
