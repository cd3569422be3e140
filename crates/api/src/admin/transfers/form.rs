//! What a transfer is to be, as it is sent.

use std::collections::BTreeSet;

use ::inventory::transfers::{self, Draft};
use garde::Validate;
use kernel::{
    ErrorCode, Quantity,
    id::{TransferId, VariantId, WarehouseId},
};
use pg::Connection;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{admin::bundles::check_stockable, kit::Problem};

/// A transfer to be planned: all of it.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferForm {
    /// Where the goods leave; a closed warehouse may be emptied so.
    #[garde(skip)]
    pub from_warehouse_id: WarehouseId,
    /// Where they are to arrive: another one, and open.
    #[garde(skip)]
    pub to_warehouse_id: WarehouseId,
    /// What, each variant once.
    #[garde(length(min = 1, max = 500), dive)]
    #[schema(min_items = 1, max_items = 500)]
    pub lines: Vec<MovedUnits>,
    /// Words for the people who pack.
    #[serde(default)]
    #[garde(length(chars, max = 500))]
    #[schema(max_length = 500)]
    pub note: String,
}

/// Units of a variant.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MovedUnits {
    /// The variant.
    #[garde(skip)]
    pub variant_id: VariantId,
    /// How many.
    #[garde(skip)]
    pub quantity: Quantity,
}

impl TransferForm {
    /// The plan, if it can be one: known variants that have stock of their own, each once.
    pub(super) async fn draft(&self, conn: &mut Connection) -> Result<Draft, Problem> {
        if self.from_warehouse_id == self.to_warehouse_id {
            return Err(Problem::new(ErrorCode::ValidationFailed)
                .field("/to_warehouse_id", "is where the goods come from"));
        }
        let lines = units(&self.lines)?;
        let variants: BTreeSet<VariantId> = lines.iter().map(|(variant, _)| *variant).collect();
        for variant in variants {
            check_stockable(conn, variant).await.map_err(|problem| {
                problem.field(place(&self.lines, variant, "variant_id"), "has no stock of its own")
            })?;
        }
        let (from, to) = (self.from_warehouse_id, self.to_warehouse_id);
        Ok(Draft { from, to, note: self.note.clone(), lines })
    }
}

/// The units, each variant once.
pub(super) fn units(lines: &[MovedUnits]) -> Result<Vec<(VariantId, Quantity)>, Problem> {
    let mut seen = BTreeSet::new();
    for (index, line) in lines.iter().enumerate() {
        if !seen.insert(line.variant_id) {
            return Err(Problem::new(ErrorCode::ValidationFailed)
                .field(format!("/lines/{index}/variant_id"), "appears twice"));
        }
    }
    Ok(lines.iter().map(|line| (line.variant_id, line.quantity)).collect())
}

/// Where in the body something is said about a variant.
pub(super) fn place(lines: &[MovedUnits], variant: VariantId, field: &str) -> String {
    let index = lines.iter().position(|line| line.variant_id == variant).unwrap_or_default();
    format!("/lines/{index}/{field}")
}

/// Refuses to take in units of a variant that became a bundle on the way: it has no stock. The
/// catalogue is asked before the transfer and any stock row is locked. `arriving` says which lines.
pub(super) async fn check_arriving(
    conn: &mut Connection,
    id: TransferId,
    arriving: impl Fn(VariantId) -> bool,
) -> Result<(), Problem> {
    let transfer = transfers::find(conn, id).await?.ok_or(ErrorCode::TransferNotFound)?;
    for line in transfer.lines.iter().filter(|line| line.in_transit() > 0) {
        if arriving(line.variant) {
            check_stockable(conn, line.variant).await?;
        }
    }
    Ok(())
}
