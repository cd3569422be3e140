//! Price lists as operations work on them: what variants cost for some buyers, for some time.

pub mod change;
pub mod create;
pub mod detail;
pub mod entries;
pub mod form;
pub mod list;
pub mod put_entries;
pub mod remove;

use ::access::{Kind, Resource};
use axum::extract::DefaultBodyLimit;
use jiff::Timestamp;
use kernel::{
    ErrorCode, LocalizedText, Money,
    id::{PriceListId, VariantId},
};
use pricing::{InvalidPriceList, PriceListError, StoredPriceList};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use self::form::PriceListAudience;
use crate::{AppState, kit::Problem};

/// The largest change of prices: as many as may be named at once, written with room.
const CHANGES_LIMIT: usize = 256 * 1024;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    let prices = OpenApiRouter::new()
        .routes(routes!(entries::handler, put_entries::handler))
        .layer(DefaultBodyLimit::max(CHANGES_LIMIT));
    OpenApiRouter::new()
        .routes(routes!(list::handler, create::handler))
        .routes(routes!(detail::handler, change::handler, remove::handler))
        .merge(prices)
}

/// A price list, without its prices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AdminPriceList)]
pub struct PriceListView {
    /// Its id.
    pub id: PriceListId,
    /// What buyers are told it is.
    pub name: LocalizedText,
    /// Whom it is for.
    pub audience: PriceListAudience,
    /// From when on.
    #[schema(required)]
    pub valid_from: Option<Timestamp>,
    /// Until when.
    #[schema(required)]
    pub valid_until: Option<Timestamp>,
    /// Whether it is switched on.
    pub active: bool,
    /// Counts its changes and those of its prices; also its `ETag`.
    pub version: i64,
}

/// What a variant costs by a price list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceListEntry {
    /// The variant.
    pub variant_id: VariantId,
    /// What one costs; at least a dollar. It counts where it is below the variant's own price.
    pub price: Money,
}

impl From<StoredPriceList> for PriceListView {
    fn from(it: StoredPriceList) -> Self {
        let list = it.list;
        Self {
            id: list.id,
            name: list.name,
            audience: list.audience.into(),
            valid_from: list.valid_from,
            valid_until: list.valid_until,
            active: list.active,
            version: it.version,
        }
    }
}

/// What the audit log calls a price list.
fn resource(id: PriceListId) -> Resource {
    Resource::one(Kind::Product, format!("price_list:{id}"))
}

fn problem(error: PriceListError) -> Problem {
    let wrong = |pointer: &str, detail: String| {
        Problem::new(ErrorCode::ValidationFailed).field(pointer, detail)
    };
    match error {
        PriceListError::Invalid(rule) => wrong(
            match rule {
                InvalidPriceList::Name => "/name",
                InvalidPriceList::Period => "/valid_until",
            },
            rule.to_string(),
        ),
        PriceListError::TooMany => wrong("/active", error.to_string()),
        PriceListError::TooLong => wrong("/put", error.to_string()),
        PriceListError::NotFound => ErrorCode::NotFound.into(),
        PriceListError::Changed => ErrorCode::VersionConflict.into(),
        PriceListError::Db(error) => error.into(),
    }
}
