//! A warehouse as it is sent.

use ::inventory::{Warehouse, districts, warehouses};
use garde::Validate;
use kernel::{ErrorCode, LocalizedText, id::WarehouseId};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    kit::Problem,
    storefront::orders::form::{check_postal_code, check_text},
};

/// What a warehouse is from now on.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WarehouseForm {
    /// A short name for people: capital letters, digits and hyphens. No other warehouse has it.
    #[garde(custom(check_code))]
    #[schema(example = "TPE", pattern = "^[A-Z0-9][A-Z0-9-]{0,19}$")]
    pub code: String,
    /// Its name in both languages.
    #[garde(dive)]
    pub name: WarehouseName,
    /// Three to six digits; those of a district of Taiwan.
    #[garde(custom(check_postal_code), custom(check_district))]
    #[schema(example = "100", pattern = "^[0-9]{3,6}$")]
    pub postal_code: String,
    /// 縣市.
    #[garde(length(chars, min = 1, max = 30), custom(check_text))]
    #[schema(example = "臺北市", min_length = 1, max_length = 30)]
    pub city: String,
    /// 鄉鎮市區.
    #[garde(length(chars, min = 1, max = 30), custom(check_text))]
    #[schema(example = "中正區", min_length = 1, max_length = 30)]
    pub district: String,
    /// Street and number.
    #[garde(length(chars, min = 1, max = 120), custom(check_text))]
    #[schema(example = "重慶南路一段 122 號", min_length = 1, max_length = 120)]
    pub address1: String,
    /// Degrees north. Without both it is in the middle of its postal district.
    #[serde(default)]
    #[garde(skip)]
    #[schema(example = 25.04, minimum = 10, maximum = 27)]
    pub latitude: Option<f64>,
    /// Degrees east.
    #[serde(default)]
    #[garde(skip)]
    #[schema(example = 121.51, minimum = 114, maximum = 124)]
    pub longitude: Option<f64>,
    /// Lower serves first when two are equally near.
    #[garde(range(min = 0, max = 9_999))]
    #[schema(example = 1, minimum = 0, maximum = 9999)]
    pub priority: i32,
    /// Whether it is open. Closing is always allowed: what it holds stays there, and what orders
    /// hold of that stays theirs; but it serves no new order and receives nothing.
    #[serde(default = "open")]
    #[garde(skip)]
    #[schema(default = true)]
    pub active: bool,
    /// Why, for the audit log.
    #[serde(default)]
    #[garde(inner(length(chars, min = 1, max = 200)))]
    #[schema(min_length = 1, max_length = 200)]
    pub reason: Option<String>,
}

/// A warehouse's name in both languages.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WarehouseName {
    /// Chinese.
    #[garde(length(chars, min = 1, max = 60), custom(check_text))]
    #[schema(example = "臺北倉", min_length = 1, max_length = 60)]
    pub zh_tw: String,
    /// English.
    #[garde(length(chars, min = 1, max = 60), custom(check_text))]
    #[schema(example = "Taipei warehouse", min_length = 1, max_length = 60)]
    pub en: String,
}

const fn open() -> bool {
    true
}

impl WarehouseForm {
    /// The warehouse that is meant, and why.
    pub(super) fn into_warehouse(
        self,
        id: WarehouseId,
        version: i64,
    ) -> Result<(Warehouse, Option<String>), Problem> {
        let wrong = |pointer: &str, detail: &str| {
            Problem::new(ErrorCode::ValidationFailed).field(pointer, detail)
        };
        let (latitude, longitude) = match (self.latitude, self.longitude) {
            (Some(latitude), Some(longitude)) => (latitude, longitude),
            (None, None) => warehouses::middle_of(&self.postal_code)
                .ok_or_else(|| wrong("/postal_code", NO_DISTRICT))?,
            (Some(_), None) => return Err(wrong("/longitude", "is missing beside the latitude")),
            (None, Some(_)) => return Err(wrong("/latitude", "is missing beside the longitude")),
        };
        if !warehouses::is_around_taiwan(latitude, longitude) {
            return Err(wrong("/latitude", "is not a point around Taiwan, with the longitude"));
        }
        let warehouse = Warehouse {
            id,
            code: self.code,
            name: LocalizedText::new(self.name.zh_tw.trim(), self.name.en.trim()),
            postal_code: self.postal_code,
            city: self.city.trim().to_owned(),
            district: self.district.trim().to_owned(),
            address1: self.address1.trim().to_owned(),
            latitude,
            longitude,
            priority: self.priority,
            active: self.active,
            version,
        };
        Ok((warehouse, self.reason))
    }
}

const NO_DISTRICT: &str = "is not the postal code of a district of Taiwan";

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature garde calls checks with")]
fn check_code(value: &str, (): &()) -> garde::Result {
    if warehouses::is_code(value) {
        return Ok(());
    }
    Err(garde::Error::new("must be 1 to 20 capital letters, digits and hyphens, no hyphen first"))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature garde calls checks with")]
fn check_district(value: &str, (): &()) -> garde::Result {
    match districts::of_postal_code(value) {
        Some(_) => Ok(()),
        None => Err(garde::Error::new(NO_DISTRICT)),
    }
}
