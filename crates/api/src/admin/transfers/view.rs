//! Transfers as the back office sees them.

use std::collections::HashMap;

use ::inventory::transfers::{Transfer, TransferLine, TransferStatus};
use axum::{
    Json,
    http::{HeaderName, HeaderValue},
};
use catalog::Offer;
use jiff::Timestamp;
use kernel::{
    LocalizedText,
    id::{TransferId, UserId, VariantId, WarehouseId},
};
use pg::{Connection, DbResult};
use serde::Serialize;
use utoipa::ToSchema;

use crate::kit::etag;

/// A transfer with its version as the `ETag`.
pub type Tagged = ([(HeaderName, HeaderValue); 1], Json<TransferView>);

/// A transfer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Transfer)]
pub struct TransferView {
    /// Its head.
    #[serde(flatten)]
    pub head: TransferHead,
    /// What is moved, each variant once.
    pub lines: Vec<TransferLineView>,
}

/// A transfer without its lines.
#[derive(Debug, Serialize, ToSchema)]
pub struct TransferHead {
    /// Its id.
    pub id: TransferId,
    /// What people call it.
    #[schema(example = "TR-000042")]
    pub number: String,
    /// Where the goods leave.
    pub from_warehouse_id: WarehouseId,
    /// Where they are to arrive.
    pub to_warehouse_id: WarehouseId,
    /// How far it has come.
    #[schema(value_type = String, example = "in_transit")]
    pub status: TransferStatus,
    /// Counts its changes: the `ETag`.
    pub version: i64,
    /// Words for the people who pack.
    pub note: String,
    /// How many units it is about.
    pub quantity: i64,
    /// How many of them are on the way.
    pub in_transit: i64,
    /// Who planned it.
    pub created_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// When the goods left.
    #[schema(required)]
    pub dispatched_at: Option<Timestamp>,
    /// When it ended.
    #[schema(required)]
    pub closed_at: Option<Timestamp>,
}

/// A variant of a transfer. `sent = received + returned + lost + in_transit`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TransferLine)]
pub struct TransferLineView {
    /// The variant.
    pub variant_id: VariantId,
    /// Stock keeping unit.
    pub sku: String,
    /// The product's name.
    pub name: LocalizedText,
    /// What tells the variant from its siblings.
    pub variant_name: LocalizedText,
    /// What is to be sent.
    pub quantity: i32,
    /// What was sent.
    pub sent: i32,
    /// What arrived.
    pub received: i32,
    /// What went back.
    pub returned: i32,
    /// What never arrived anywhere.
    pub lost: i32,
    /// What is on the way.
    pub in_transit: i32,
    /// Why units were lost.
    #[schema(required)]
    pub lost_reason: Option<String>,
}

impl From<&Transfer> for TransferHead {
    fn from(transfer: &Transfer) -> Self {
        let sum = |of: fn(&TransferLine) -> i32| -> i64 {
            transfer.lines.iter().map(|line| i64::from(of(line))).sum()
        };
        Self {
            id: transfer.id,
            number: transfer.name(),
            from_warehouse_id: transfer.from,
            to_warehouse_id: transfer.to,
            status: transfer.status,
            version: transfer.version,
            note: transfer.note.clone(),
            quantity: sum(|line| line.quantity),
            in_transit: sum(TransferLine::in_transit),
            created_by: transfer.created_by,
            created_at: transfer.created_at,
            dispatched_at: transfer.dispatched_at,
            closed_at: transfer.closed_at,
        }
    }
}

/// A transfer with the names of what it moves.
pub async fn view(
    conn: &mut Connection,
    transfer: &Transfer,
    now: Timestamp,
) -> DbResult<TransferView> {
    let variants: Vec<VariantId> = transfer.lines.iter().map(|line| line.variant).collect();
    let offers = catalog::offers(conn, &variants, now).await?;
    let lines = transfer.lines.iter().map(|it| line(it, &offers)).collect();
    Ok(TransferView { head: transfer.into(), lines })
}

/// The same as an answer.
pub async fn tagged(
    conn: &mut Connection,
    transfer: &Transfer,
    now: Timestamp,
) -> DbResult<Tagged> {
    Ok((etag(transfer.version), Json(view(conn, transfer, now).await?)))
}

fn line(line: &TransferLine, offers: &HashMap<VariantId, Offer>) -> TransferLineView {
    let offer = offers.get(&line.variant);
    let name = |of: fn(&Offer) -> &LocalizedText| {
        offer.map_or_else(|| LocalizedText::new("", ""), |offer| of(offer).clone())
    };
    TransferLineView {
        variant_id: line.variant,
        sku: offer.map(|offer| offer.sku.to_string()).unwrap_or_default(),
        name: name(|offer| &offer.name),
        variant_name: name(|offer| &offer.variant_name),
        quantity: line.quantity,
        sent: line.sent,
        received: line.received,
        returned: line.returned,
        lost: line.lost,
        in_transit: line.in_transit(),
        lost_reason: line.lost_reason.clone(),
    }
}
