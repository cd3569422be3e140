//! The shop's ways of paying. They are put on offer and taken off, never deleted.

pub mod change;
pub mod detail;
pub mod list;

use jiff::SignedDuration;
use kernel::{ErrorCode, LocalizedText, Money};
use payments::{Method, MethodError};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{AppState, kit::Problem};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::handler))
        .routes(routes!(detail::handler, change::handler))
}

/// A way of paying, as the back office sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PaymentMethodView {
    /// What orders call it, for ever.
    #[schema(example = "ecpay_atm")]
    pub code: String,
    /// Who takes the money.
    #[schema(example = "ecpay")]
    pub provider: String,
    /// Whether that is set up here: otherwise nobody can choose it, on offer or not.
    pub available: bool,
    /// Its name.
    pub name: LocalizedText,
    /// What buyers should know about it.
    pub description: LocalizedText,
    /// For how many minutes stock is held; `null`: for the shop's own time.
    #[schema(required)]
    pub reservation_minutes: Option<i64>,
    /// Of these, the last ones, in which nobody can pay any more but news of a payment may come.
    pub grace_minutes: i64,
    /// The shortest time in which anybody can pay by it, in minutes; a fact of the provider's.
    pub shortest_minutes: i64,
    /// For orders of at least this much.
    pub min_amount: Money,
    /// For orders of at most this much; `null`: of any.
    #[schema(required)]
    pub max_amount: Option<Money>,
    /// Numbers of instalments offered; empty: one payment.
    #[schema(value_type = Vec<u32>)]
    pub instalments: Vec<u8>,
    /// Its place in the list.
    pub position: i32,
    /// Whether it is on offer.
    pub active: bool,
    /// Counts its changes; also its `ETag`.
    pub version: i64,
}

impl PaymentMethodView {
    fn of(method: Method, state: &AppState) -> Self {
        Self {
            available: state.checkout.providers.of(&method).is_some(),
            code: method.code,
            provider: method.provider,
            name: method.name,
            description: method.description,
            reservation_minutes: method.reservation.map(|time| time.as_mins()),
            grace_minutes: SignedDuration::as_mins(&method.grace),
            shortest_minutes: SignedDuration::as_mins(&method.shortest),
            min_amount: method.min_amount,
            max_amount: method.max_amount,
            instalments: method.instalments,
            position: method.position,
            active: method.active,
            version: method.version,
        }
    }
}

fn problem(error: MethodError) -> Problem {
    match error {
        MethodError::NotFound => ErrorCode::PaymentMethodNotFound.into(),
        MethodError::Changed => ErrorCode::VersionConflict.into(),
        MethodError::Invalid { field, detail } => {
            Problem::new(ErrorCode::ValidationFailed).field(field, detail)
        }
        MethodError::Db(error) => error.into(),
    }
}
