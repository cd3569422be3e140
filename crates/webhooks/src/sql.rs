//! Every SQL statement of webhooks, but for those that lock.

pub mod deliveries;
pub mod endpoints;

use jiff::Timestamp;
use pg::DbError;

use crate::{filter::EventPattern, model::EndpointStatus};

/// An endpoint's row.
pub struct EndpointRow {
    pub id: uuid::Uuid,
    pub url: String,
    pub description: String,
    pub filters: Vec<String>,
    pub status: String,
    pub version: i64,
    pub created_by: uuid::Uuid,
    pub created_at: jiff_sqlx::Timestamp,
    pub failing_since: Option<jiff_sqlx::Timestamp>,
    pub failures: i32,
}

impl TryFrom<EndpointRow> for crate::Endpoint {
    type Error = DbError;

    fn try_from(row: EndpointRow) -> Result<Self, DbError> {
        let corrupt = |column, value: &str| DbError::Corrupt {
            table: "webhooks.endpoints",
            column,
            value: value.to_owned(),
        };
        let filters = row
            .filters
            .iter()
            .map(|text| EventPattern::new(text).map_err(|_| corrupt("filters", text)));
        Ok(Self {
            id: row.id.into(),
            filters: filters.collect::<Result<_, _>>()?,
            status: EndpointStatus::parse(&row.status)
                .ok_or_else(|| corrupt("status", &row.status))?,
            url: row.url,
            description: row.description,
            version: row.version,
            created_by: row.created_by.into(),
            created_at: row.created_at.to_jiff(),
            failing_since: time(row.failing_since),
            failures: u32::try_from(row.failures).unwrap_or(0),
        })
    }
}

pub fn time(at: Option<jiff_sqlx::Timestamp>) -> Option<Timestamp> {
    at.map(jiff_sqlx::Timestamp::to_jiff)
}

/// A number of attempts as a program has it.
pub fn count(attempts: i16) -> u16 {
    u16::try_from(attempts).unwrap_or(0)
}

/// A number of attempts as a table has it.
pub fn column(attempts: u16) -> i16 {
    i16::try_from(attempts).unwrap_or(i16::MAX)
}
