//! What can go wrong with webhooks. Nothing was changed.

use pg::DbError;
use thiserror::Error;

use crate::{
    guard::Refused,
    model::{EndpointStatus, InvalidDeliveryMove, InvalidEndpointMove},
};

/// An error of webhooks.
#[derive(Debug, Error)]
pub enum WebhookError {
    /// No such endpoint, or no such delivery of it.
    #[error("there is no such endpoint, or no such delivery of it")]
    NotFound,
    /// The machine has no such move.
    #[error(transparent)]
    InvalidMove(#[from] InvalidEndpointMove),
    /// The same of a delivery.
    #[error(transparent)]
    InvalidDeliveryMove(#[from] InvalidDeliveryMove),
    /// Somebody changed it meanwhile; its version now.
    #[error("the endpoint was changed meanwhile")]
    VersionConflict(i64),
    /// There are as many endpoints as there may be.
    #[error("there are {0} endpoints already")]
    TooMany(usize),
    /// Nothing may be sent to such an address.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Nothing is sent to an endpoint that is paused or disabled.
    #[error("the endpoint is {0:?}: resume it first")]
    NotActive(EndpointStatus),
    /// A delivery that is on its way cannot be begun anew.
    #[error("the delivery has not ended yet")]
    StillPending,
    /// A secret that cannot be opened: sealed by another key, or changed.
    #[error("a secret cannot be opened")]
    Sealed,
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}
