//! `GET /api/admin/shipments/{id}/packing-slip`

use ::shipping::shipments;
use axum::{extract::State, response::Response};
use jiff::{Timestamp, tz::Offset};
use kernel::{ErrorCode, Locale, LocalizedText, id::ShipmentId};
use minijinja::{Value, context, value::Serde};
use queries::orders::{OrderView, ParcelLineView, ParcelView};
use serde::Serialize;

use super::print::{self, Print};
use crate::{
    AppState,
    access::Permit,
    kit::{Path, Problem, problem::ProblemBody},
};

/// What is in a parcel, to be printed and put into it: in the buyer's language, without prices.
#[utoipa::path(
    get, path = "/api/admin/shipments/{id}/packing-slip", tag = "shipping", operation_id = "print_packing_slip",
    params(("id" = ShipmentId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "A page", body = String, content_type = "text/html"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`SHIPMENT_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Path(id): Path<ShipmentId>,
) -> Result<Response, Problem> {
    let mut conn = state.db.acquire().await?;
    let shipment = shipments::find(&mut conn, id).await?.ok_or(ErrorCode::ShipmentNotFound)?;
    let order = queries::orders::admin::detail(&mut conn, shipment.order).await?;
    let order = order.ok_or(ErrorCode::ShipmentNotFound)?;
    let locale = if order.locale == Locale::En.tag() { Locale::En } else { Locale::ZhTw };
    let parcel = ParcelView::from(&shipment);
    let words = Words::of(locale);
    let title = format!("{} {}-{}", words.packing_slip, order.order.number, parcel.parcel);
    let lines: Vec<Printed> =
        parcel.lines.iter().map(|line| printed(&order.order, line, locale)).collect();
    let page = context! {
        title,
        lang => locale.tag(),
        words => Value::from(Serde(words)),
        order => order.order.number,
        parcel => parcel.parcel,
        placed => day(order.order.created_at),
        receiver => Value::from(Serde(order.order.shipping_address)),
        carrier => parcel.carrier.as_ref().map(|it| it.name.get(locale).to_owned()),
        tracking_number => parcel.tracking_number,
        lines => Value::from(Serde(lines)),
        note => order.order.note,
    };
    print::page(Print::PackingSlip, page)
}

#[derive(Debug, Serialize)]
struct Words {
    packing_slip: &'static str,
    order: &'static str,
    parcel: &'static str,
    placed: &'static str,
    receiver: &'static str,
    carrier: &'static str,
    sku: &'static str,
    item: &'static str,
    quantity: &'static str,
    note: &'static str,
}

impl Words {
    const fn of(locale: Locale) -> Self {
        match locale {
            Locale::ZhTw => Self {
                packing_slip: "出貨明細",
                order: "訂單編號",
                parcel: "第幾件",
                placed: "訂購日期",
                receiver: "收件人",
                carrier: "物流",
                sku: "商品規格",
                item: "品名",
                quantity: "數量",
                note: "備註",
            },
            Locale::En => Self {
                packing_slip: "Packing slip",
                order: "Order",
                parcel: "Parcel",
                placed: "Ordered on",
                receiver: "Receiver",
                carrier: "Carrier",
                sku: "SKU",
                item: "Item",
                quantity: "Quantity",
                note: "Note",
            },
        }
    }
}

/// A line as it is printed.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Printed {
    pub sku: String,
    pub name: String,
    pub variant: String,
    /// Of which bundle it is a part.
    pub bundle: String,
    pub quantity: i32,
}

/// What units in a parcel are called: the line itself, or a part of its bundle.
pub(super) fn printed(order: &OrderView, line: &ParcelLineView, locale: Locale) -> Printed {
    let said = |text: &LocalizedText| text.get(locale).to_owned();
    let item = order.items.iter().find(|item| item.line_no == line.line_no);
    let part = item
        .and_then(|item| item.components.iter().find(|part| part.variant_id == line.variant_id));
    let (sku, name, variant, bundle) = match (item, part) {
        (Some(item), Some(part)) => {
            (part.sku.to_string(), said(&part.name), said(&part.variant_name), said(&item.name))
        }
        (Some(item), None) => {
            (item.sku.to_string(), said(&item.name), said(&item.variant_name), String::new())
        }
        (None, _) => (line.variant_id.to_string(), String::new(), String::new(), String::new()),
    };
    Printed { sku, name, variant, bundle, quantity: line.quantity }
}

/// The day in Taipei.
pub(super) fn day(at: Timestamp) -> String {
    Offset::constant(8).to_datetime(at).date().to_string()
}
