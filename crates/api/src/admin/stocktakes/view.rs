//! Stocktakes as the back office sees them.

use ::inventory::stocktakes::{
    CountEntry, Stocktake, StocktakeLine, StocktakeStatus, Summary, Verdict,
};
use axum::{
    Json,
    http::{HeaderName, HeaderValue},
};
use catalog::Offer;
use jiff::Timestamp;
use kernel::{
    LocalizedText,
    id::{StocktakeId, UserId, VariantId, WarehouseId},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::kit::etag;

/// A stocktake with its version as the `ETag`.
pub type Tagged = ([(HeaderName, HeaderValue); 1], Json<StocktakeView>);

/// A stocktake.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Stocktake)]
pub struct StocktakeView {
    /// Its id.
    pub id: StocktakeId,
    /// What people call it.
    #[schema(example = "ST-000042")]
    pub number: String,
    /// Where is counted.
    pub warehouse_id: WarehouseId,
    /// How far it has come; while it is `open` or in `review`, its rows are frozen.
    #[schema(value_type = String, example = "open")]
    pub status: StocktakeStatus,
    /// How many people count each line.
    pub counts_required: i16,
    /// Words for the people who count.
    pub note: String,
    /// Counts its changes: the `ETag`.
    pub version: i64,
    /// Who opened it.
    pub opened_by: UserId,
    /// When.
    pub opened_at: Timestamp,
    /// When it ends by itself, and its rows thaw.
    pub expires_at: Timestamp,
    /// Who ended it; nobody when it expired.
    #[schema(required)]
    pub closed_by: Option<UserId>,
    /// When it ended.
    #[schema(required)]
    pub closed_at: Option<Timestamp>,
    /// Why.
    #[schema(required)]
    pub close_reason: Option<String>,
}

/// A stocktake, and what its lines come to.
#[derive(Debug, Serialize, ToSchema)]
pub struct StocktakeDetail {
    /// Its head.
    #[serde(flatten)]
    pub head: StocktakeView,
    /// How many lines there are of each sort.
    pub lines: LineCounts,
}

/// How many lines there are of each sort.
#[derive(Debug, Serialize, ToSchema)]
pub struct LineCounts {
    /// All of them.
    pub total: u64,
    /// Counted by enough people, who agree, or decided.
    pub counted: u64,
    /// Counted by too few people.
    pub missing: u64,
    /// Counted differently.
    pub disagreed: u64,
    /// Left as they are, for a reason.
    pub skipped: u64,
    /// More or fewer units than the books say.
    pub differing: u64,
    /// Fewer units than orders were promised: cannot be posted.
    pub below_promised: u64,
}

/// A line of a stocktake.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StocktakeLine)]
pub struct StocktakeLineView {
    /// The variant.
    pub variant_id: VariantId,
    /// Stock keeping unit.
    pub sku: String,
    /// The product's name.
    pub name: LocalizedText,
    /// What tells the variant from its siblings.
    pub variant_name: LocalizedText,
    /// What the line comes to: `missing`, `disagreed`, `counted`, `skipped`.
    #[schema(example = "counted")]
    pub verdict: &'static str,
    /// What the books said at the freeze.
    pub expected: i32,
    /// Reserved and sold units: now, while the stocktake lasts.
    pub promised: i32,
    /// What is there, where that is known.
    #[schema(required)]
    pub counted: Option<i32>,
    /// How many more units, or fewer, than the books say.
    #[schema(required)]
    pub difference: Option<i32>,
    /// Whether fewer units are there than orders were promised: cannot be posted.
    pub below_promised: bool,
    /// Why it is left as it is.
    #[schema(required)]
    pub skipped_reason: Option<String>,
    /// Who decided between counts that disagree.
    #[schema(required)]
    pub decided_by: Option<UserId>,
    /// What it was posted with.
    #[schema(required)]
    pub posted: Option<i32>,
    /// Every count, in the order they were entered.
    pub counts: Vec<CountView>,
}

/// One person's count.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StocktakeCount)]
pub struct CountView {
    /// Which count of the line it is, from 1.
    pub round: i32,
    /// Units.
    pub counted: i32,
    /// Who counted.
    pub counted_by: UserId,
    /// When.
    pub counted_at: Timestamp,
}

impl From<&Stocktake> for StocktakeView {
    fn from(stocktake: &Stocktake) -> Self {
        Self {
            id: stocktake.id,
            number: stocktake.name(),
            warehouse_id: stocktake.warehouse,
            status: stocktake.status,
            counts_required: stocktake.counts_required,
            note: stocktake.note.clone(),
            version: stocktake.version,
            opened_by: stocktake.opened_by,
            opened_at: stocktake.opened_at,
            expires_at: stocktake.expires_at,
            closed_by: stocktake.closed_by,
            closed_at: stocktake.closed_at,
            close_reason: stocktake.close_reason.clone(),
        }
    }
}

impl From<Summary> for LineCounts {
    fn from(summary: Summary) -> Self {
        Self {
            total: summary.lines,
            counted: summary.counted,
            missing: summary.missing,
            disagreed: summary.disagreed,
            skipped: summary.skipped,
            differing: summary.differing,
            below_promised: summary.below_promised,
        }
    }
}

impl From<&CountEntry> for CountView {
    fn from(entry: &CountEntry) -> Self {
        Self {
            round: entry.round,
            counted: entry.counted,
            counted_by: entry.by,
            counted_at: entry.at,
        }
    }
}

impl StocktakeLineView {
    /// A line of a stocktake that so many people have to count.
    pub fn of(line: &StocktakeLine, counts_required: i16, offer: Option<&Offer>) -> Self {
        let (verdict, counted) = match line.verdict(counts_required) {
            Verdict::Skipped => ("skipped", None),
            Verdict::Missing => ("missing", None),
            Verdict::Disagreed => ("disagreed", None),
            Verdict::Counted(units) => ("counted", Some(units)),
        };
        let name = |of: fn(&Offer) -> &LocalizedText| {
            offer.map_or_else(|| LocalizedText::new("", ""), |offer| of(offer).clone())
        };
        Self {
            variant_id: line.variant,
            sku: offer.map(|offer| offer.sku.to_string()).unwrap_or_default(),
            name: name(|offer| &offer.name),
            variant_name: name(|offer| &offer.variant_name),
            verdict,
            expected: line.expected,
            promised: line.promised,
            counted,
            difference: counted.map(|units| line.difference(units)),
            below_promised: counted.is_some_and(|units| units < line.promised),
            skipped_reason: line.skipped_reason.clone(),
            decided_by: line.decided_by,
            posted: line.posted,
            counts: line.counts.iter().map(CountView::from).collect(),
        }
    }
}

/// A stocktake as an answer.
pub fn tagged(stocktake: &Stocktake) -> Tagged {
    (etag(stocktake.version), Json(stocktake.into()))
}
