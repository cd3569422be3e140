//! `demo/shop.toml`, as it is written.

use std::collections::{BTreeMap, HashSet};

use anyhow::{Context as _, Result, ensure};
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use kernel::LocalizedText;
use serde::Deserialize;

const FILE: &str = include_str!("../../demo/shop.toml");

/// The whole file. What only the picture script reads is left out.
#[derive(Clone, Debug, Deserialize)]
pub struct ShopFile {
    pub warehouses: Vec<Warehouse>,
    pub shipping_methods: Vec<ShippingMethod>,
    #[serde(default)]
    pub coupons: Vec<Coupon>,
    pub categories: Vec<Category>,
    pub products: Vec<Product>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Warehouse {
    pub code: String,
    pub name: LocalizedText,
    pub postal_code: String,
    pub city: String,
    pub district: String,
    pub address1: String,
    pub latitude: f64,
    pub longitude: f64,
    pub priority: i32,
}

#[derive(Clone, Debug, Deserialize)]
pub struct ShippingMethod {
    pub code: String,
    pub name: LocalizedText,
    pub description: LocalizedText,
    pub fee: i64,
    pub free_from: Option<i64>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Coupon {
    pub code: String,
    pub kind: CouponKind,
    /// Percent or dollars.
    #[serde(default)]
    pub value: i64,
    #[serde(default)]
    pub minimum_spend: i64,
    /// Slugs of the products it is for; with no categories either, it is for everything.
    #[serde(default)]
    pub products: Vec<String>,
    /// Slugs of the categories it is for, with all below them.
    #[serde(default)]
    pub categories: Vec<String>,
    pub total_limit: Option<u32>,
    pub per_customer_limit: Option<u32>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CouponKind {
    Percentage,
    Amount,
    FreeShipping,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Category {
    pub slug: String,
    pub sort: i32,
    pub name: LocalizedText,
    /// The slug of the category it lies in, which comes before it in the file.
    pub parent: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Product {
    pub slug: String,
    pub category: String,
    pub name: LocalizedText,
    #[serde(default)]
    pub subtitle: LocalizedText,
    #[serde(default)]
    pub description: LocalizedText,
    #[serde(default)]
    pub badges: Vec<String>,
    #[serde(default)]
    pub tags: Vec<String>,
    pub published_at: Timestamp,
    #[serde(default)]
    pub images: Vec<Image>,
    #[serde(default)]
    pub options: Vec<catalog::ProductOption>,
    pub variants: Vec<Variant>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Image {
    pub file: String,
    pub alt: LocalizedText,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Variant {
    pub sku: String,
    /// For each option of the product, which of its values.
    #[serde(default)]
    pub options: Vec<usize>,
    pub price: i64,
    pub compare_at: Option<i64>,
    #[serde(default)]
    pub weight_g: u32,
    pub image: Option<u16>,
    pub purchase_limit: Option<u32>,
    /// Units by warehouse.
    #[serde(default)]
    pub stock: BTreeMap<String, i64>,
    #[serde(default)]
    pub safety_stock: i32,
    /// Of a bundle: how many of which SKU. It has no stock of its own.
    #[serde(default)]
    pub components: BTreeMap<String, u32>,
}

impl ShopFile {
    /// Reads the file that is part of this program.
    pub fn read() -> Result<Self> {
        Self::parse(FILE).context("demo/shop.toml")
    }

    fn parse(text: &str) -> Result<Self> {
        let file: Self = toml::from_str(text)?;
        let warehouses: HashSet<&str> =
            file.warehouses.iter().map(|warehouse| warehouse.code.as_str()).collect();
        for variant in file.products.iter().flat_map(|product| &product.variants) {
            for code in variant.stock.keys() {
                let known = warehouses.contains(code.as_str());
                ensure!(known, "{} is stocked in {code}, which is no warehouse", variant.sku);
            }
            let single = variant.components.is_empty() || variant.stock.is_empty();
            ensure!(single, "{} is a bundle, and has stock", variant.sku);
        }
        Ok(file)
    }

    /// How many years the file is ahead of the clock: its dates are moved back by these, so that
    /// everything is published and the order of publication stays.
    pub fn years_ahead(&self, now: Timestamp) -> i16 {
        let newest = self.products.iter().map(|product| product.published_at).max();
        (0..100).find(|years| newest.is_none_or(|at| years_before(at, *years) <= now)).unwrap_or(0)
    }
}

/// The same day, `years` earlier.
pub fn years_before(at: Timestamp, years: i16) -> Timestamp {
    let moved = at.to_zoned(TimeZone::UTC).checked_sub(i64::from(years).years());
    moved.map_or(Timestamp::MIN, |moved| moved.timestamp())
}

impl Product {
    /// The values a variant stands for.
    pub fn values(&self, variant: &Variant) -> Result<Vec<LocalizedText>> {
        let chosen = variant.options.iter().zip(&self.options);
        let values: Option<Vec<_>> =
            chosen.map(|(index, option)| option.values.get(*index).cloned()).collect();
        values.with_context(|| format!("{} chooses a value that is not there", variant.sku))
    }
}
