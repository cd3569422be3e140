//! What can go wrong with parcels and returns. Nothing was changed.

use pg::DbError;
use thiserror::Error;

use crate::{returns::InvalidReturnMove, shipments::InvalidShipmentMove};

/// An error of this module.
#[derive(Debug, Error)]
pub enum ShippingError {
    /// The shipment's machine has no such move.
    #[error(transparent)]
    InvalidShipmentMove(#[from] InvalidShipmentMove),
    /// The return's machine has no such move.
    #[error(transparent)]
    InvalidReturnMove(#[from] InvalidReturnMove),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}
