//! A dry run as it is told.

use ::inventory::{
    Allocation, Unfillable,
    districts::District,
    sourcing::{Considered, Explanation, Offered},
};
use kernel::{
    LocalizedText,
    id::{VariantId, WarehouseId},
};
use serde::Serialize;
use utoipa::ToSchema;

/// Where an order would get its units.
#[derive(Debug, Serialize, ToSchema)]
pub struct SourcingExplanation {
    /// How warehouses are chosen: `nearest_whole`, `nearest`, `fewest` or `priority`.
    pub strategy: &'static str,
    /// Where the address is; `null` abroad: then warehouses go by priority.
    #[schema(required)]
    pub district: Option<SourcingDistrict>,
    /// The open warehouses in the order in which they would serve the address, then the closed ones.
    pub warehouses: Vec<SourcingWarehouse>,
    /// Whether the order could be placed.
    pub fillable: bool,
    /// What each item would get; empty when the order could not be placed.
    pub allocation: Vec<SourcingAllocation>,
    /// Of which variants there are too few, when the order could not be placed for that.
    pub shortages: Vec<SourcingShortage>,
    /// Which variants there would be enough of, were they not being counted.
    pub frozen: Vec<VariantId>,
}

/// A postal district.
#[derive(Debug, Serialize, ToSchema)]
pub struct SourcingDistrict {
    /// Three digits.
    pub code: &'static str,
    /// 縣市.
    pub city: LocalizedText,
    /// 鄉鎮市區.
    pub district: LocalizedText,
    /// Its middle, in degrees north.
    pub latitude: f64,
    /// Its middle, in degrees east.
    pub longitude: f64,
}

/// A warehouse, and what would become of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct SourcingWarehouse {
    /// Which.
    pub warehouse_id: WarehouseId,
    /// Its short name.
    pub code: String,
    /// Its name.
    pub name: LocalizedText,
    /// Lower goes first when two are equally near.
    pub priority: i32,
    /// Its turn, from 1; `null` when it is closed.
    #[schema(required)]
    pub rank: Option<usize>,
    /// From the middle of the district, in whole kilometres as the crow flies; `null` abroad.
    #[schema(required)]
    pub distance_km: Option<u32>,
    /// What it could give.
    pub offers: Vec<SourcingOffer>,
    /// `chosen`: it would give. `closed`: it is closed. `empty`: it has nothing of what is wanted.
    /// `frozen`: all it has of that is being counted. `not_whole`: it has some, and another one has
    /// everything. `less_preferred`: it has everything, and so has one that goes before it.
    /// `not_needed`: others suffice, that are fewer or go before it. `unfillable`: not everything is
    /// to be had anywhere, so nobody would give anything.
    pub verdict: &'static str,
}

/// What a warehouse has of a variant.
#[derive(Debug, Serialize, ToSchema)]
pub struct SourcingOffer {
    /// Of what.
    pub variant_id: VariantId,
    /// What all items want of it together.
    pub wanted: i64,
    /// What is available there.
    pub available: i32,
    /// Whether it is being counted: then none of it can be had.
    pub frozen: bool,
}

/// Units that an item would get from a warehouse.
#[derive(Debug, Serialize, ToSchema)]
pub struct SourcingAllocation {
    /// Which item, from 0.
    pub index: usize,
    /// Of what: of a bundle, one of its components.
    pub variant_id: VariantId,
    /// From where.
    pub warehouse_id: WarehouseId,
    /// Units.
    pub quantity: i32,
}

/// A variant of which there is too little.
#[derive(Debug, Serialize, ToSchema)]
pub struct SourcingShortage {
    /// Which.
    pub variant_id: VariantId,
    /// What all items want of it together.
    pub requested: i64,
    /// What could be had, in all warehouses together.
    pub available: i64,
}

impl From<Explanation> for SourcingExplanation {
    fn from(it: Explanation) -> Self {
        let fillable = it.outcome.is_ok();
        let (mut allocation, mut shortages, mut frozen) = (Vec::new(), Vec::new(), Vec::new());
        match it.outcome {
            Ok(taken) => allocation.extend(taken.into_iter().map(SourcingAllocation::from)),
            Err(Unfillable::Shortage(short)) => {
                shortages.extend(short.into_iter().map(|it| SourcingShortage {
                    variant_id: it.variant,
                    requested: it.requested,
                    available: it.available,
                }));
            }
            Err(Unfillable::Frozen(variants)) => frozen = variants,
        }
        Self {
            strategy: it.strategy.as_str(),
            district: it.district.map(SourcingDistrict::from),
            warehouses: it.warehouses.into_iter().map(SourcingWarehouse::from).collect(),
            fillable,
            allocation,
            shortages,
            frozen,
        }
    }
}

impl From<&'static District> for SourcingDistrict {
    fn from(it: &'static District) -> Self {
        Self {
            code: it.code,
            city: LocalizedText::new(it.city_zh, it.city_en),
            district: LocalizedText::new(it.district_zh, it.district_en),
            latitude: it.latitude,
            longitude: it.longitude,
        }
    }
}

impl From<Considered> for SourcingWarehouse {
    fn from(it: Considered) -> Self {
        Self {
            warehouse_id: it.warehouse.id,
            code: it.warehouse.code,
            name: it.warehouse.name,
            priority: it.warehouse.priority,
            rank: it.rank,
            distance_km: it.distance,
            offers: it.offers.into_iter().map(SourcingOffer::from).collect(),
            verdict: it.verdict.as_str(),
        }
    }
}

impl From<Offered> for SourcingOffer {
    fn from(it: Offered) -> Self {
        Self {
            variant_id: it.variant,
            wanted: it.wanted,
            available: it.available,
            frozen: it.frozen,
        }
    }
}

impl From<Allocation> for SourcingAllocation {
    fn from(it: Allocation) -> Self {
        Self {
            index: usize::try_from(it.line_no).unwrap_or(0).saturating_sub(1),
            variant_id: it.key.variant,
            warehouse_id: it.key.warehouse,
            quantity: it.quantity,
        }
    }
}
