//! A webhook as it is sent.

use ::webhooks::{EndpointForm, EventPattern, filter, guard::LONGEST_URL};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::storefront::orders::form::check_text;

/// What a webhook is from now on.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookForm {
    /// Where events are sent: `https`, port 443 or 8443, and a public address.
    #[garde(length(chars, min = 1, max = LONGEST_URL))]
    #[schema(example = "https://erp.example/hooks/oxcart", min_length = 1, max_length = 1000)]
    pub url: String,
    /// What it is, for people.
    #[garde(length(chars, min = 1, max = 200), custom(check_text))]
    #[schema(example = "ERP", min_length = 1, max_length = 200)]
    pub description: String,
    /// The events it is told of: kinds (`order.paid`), families (`order.*`), or `*`.
    #[garde(length(min = 1, max = filter::MOST), inner(custom(check_pattern)))]
    #[schema(example = json!(["order.*", "inventory.low_stock"]), min_items = 1, max_items = 50)]
    pub events: Vec<String>,
    /// Why, for the audit log.
    #[serde(default)]
    #[garde(inner(length(chars, min = 1, max = 200)))]
    #[schema(min_length = 1, max_length = 200)]
    pub reason: Option<String>,
}

impl WebhookForm {
    /// The endpoint that is meant. Patterns were looked at; each counts once.
    pub(super) fn endpoint(&self) -> EndpointForm {
        let mut filters: Vec<EventPattern> =
            self.events.iter().filter_map(|text| EventPattern::new(text).ok()).collect();
        filters.sort();
        filters.dedup();
        EndpointForm {
            url: self.url.trim().to_owned(),
            description: self.description.trim().to_owned(),
            filters,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature garde calls checks with")]
fn check_pattern(value: &str, (): &()) -> garde::Result {
    EventPattern::new(value).map(drop).map_err(|error| garde::Error::new(error.to_string()))
}
