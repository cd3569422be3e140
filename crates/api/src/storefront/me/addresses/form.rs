//! An address as it is sent and shown.

use garde::Validate;
use identity::{Address, AddressFields};
use kernel::id::AddressId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::storefront::orders::form::{check_phone, check_postal_code, check_text};

/// What an address says; the same is asked of it as of an order's.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedAddressForm {
    /// Who receives the goods.
    #[garde(length(chars, min = 1, max = 60), custom(check_text))]
    #[schema(example = "王小明", min_length = 1, max_length = 60)]
    pub name: String,
    /// Telephone of the receiver.
    #[garde(custom(check_phone))]
    #[schema(example = "0912345678", min_length = 6, max_length = 20)]
    pub phone: String,
    /// Three to six digits.
    #[garde(custom(check_postal_code))]
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
    /// Floor, building, …
    #[serde(default)]
    #[garde(inner(length(chars, max = 120), custom(check_text)))]
    #[schema(max_length = 120)]
    pub address2: Option<String>,
    /// Whether it is proposed first; the one that was is no longer.
    #[serde(default)]
    #[garde(skip)]
    pub is_default: bool,
}

impl From<SavedAddressForm> for AddressFields {
    fn from(form: SavedAddressForm) -> Self {
        Self {
            name: form.name.trim().to_owned(),
            phone: form.phone,
            postal_code: form.postal_code,
            city: form.city,
            district: form.district,
            address1: form.address1.trim().to_owned(),
            address2: form.address2.filter(|text| !text.trim().is_empty()),
            is_default: form.is_default,
        }
    }
}

/// A kept address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SavedAddress)]
pub struct SavedAddressView {
    /// Its id.
    pub id: AddressId,
    /// Who receives the goods.
    pub name: String,
    /// Telephone of the receiver.
    pub phone: String,
    /// Three to six digits.
    pub postal_code: String,
    /// 縣市.
    pub city: String,
    /// 鄉鎮市區.
    pub district: String,
    /// Street and number.
    pub address1: String,
    /// Floor, building, …
    #[schema(required)]
    pub address2: Option<String>,
    /// Whether it is proposed first.
    pub is_default: bool,
}

impl From<Address> for SavedAddressView {
    fn from(address: Address) -> Self {
        let fields = address.fields;
        Self {
            id: address.id,
            name: fields.name,
            phone: fields.phone,
            postal_code: fields.postal_code,
            city: fields.city,
            district: fields.district,
            address1: fields.address1,
            address2: fields.address2,
            is_default: fields.is_default,
        }
    }
}
