//! Why something after the sale is not done. Nothing was written.

use inventory::{InventoryError, PartError, StockError};
use jiff::Timestamp;
use orders::OrderStatus;
use shipping::{
    ReturnStatus, ShippingError,
    returns::{InvalidReturnMove, ReturnLineError},
    shipments::InvalidShipmentMove,
};
use thiserror::Error;

use crate::error::CheckoutError;

/// Why not.
#[derive(Debug, Error)]
pub enum AfterSaleError {
    /// No such shipment.
    #[error("there is no such shipment")]
    ShipmentNotFound,
    /// No such return.
    #[error("there is no such return")]
    ReturnNotFound,
    /// No such warehouse.
    #[error("there is no such warehouse")]
    WarehouseNotFound,
    /// The shipment is not where this can be done.
    #[error(transparent)]
    InvalidShipmentMove(InvalidShipmentMove),
    /// The return is not where this can be done.
    #[error(transparent)]
    InvalidReturnMove(InvalidReturnMove),
    /// The order is not where this can be done.
    #[error("{why}")]
    NotNow {
        /// Where it is.
        status: OrderStatus,
        /// Why that is not the place for it.
        why: &'static str,
    },
    /// Somebody changed it meanwhile; its version now.
    #[error("it was changed meanwhile; its version is {0}")]
    VersionConflict(i64),
    /// Fewer units of a line are left of which this can be done.
    #[error("line {line_no} has only {left} units of which this can be done")]
    UnitsExceeded {
        /// Which line.
        line_no: i16,
        /// How many there are, in units of the line.
        left: i32,
    },
    /// The line waits for units that were sold beyond stock.
    #[error("line {line_no} still waits for units")]
    LineWaits {
        /// Which line.
        line_no: i16,
    },
    /// What a line bought has become a bundle since, and has no stock of its own to come back to.
    #[error("what line {line_no} bought has become a bundle: it can only be written off")]
    HasNoStock {
        /// Which line.
        line_no: i16,
    },
    /// The order has no such line, or not of this variant; or it was named twice.
    #[error("the order has no such line, or it was named twice")]
    NoSuchLine {
        /// Its place in what was asked.
        index: usize,
    },
    /// Nothing is left of which this can be done.
    #[error("nothing is left of which this can be done")]
    NothingLeft,
    /// A line is to become larger, or stay as it is.
    #[error("a line can only become smaller")]
    NotSmaller {
        /// Its place in what was asked.
        index: usize,
    },
    /// Nothing would be left of the order.
    #[error("nothing would be left of the order; cancel it instead")]
    NothingWouldBeLeft,
    /// What is said of a return's lines does not fit.
    #[error(transparent)]
    ReturnLines(ReturnLineError),
    /// The time for returns is over.
    #[error("goods could be sent back until {until}")]
    ReturnPeriodOver {
        /// Since when.
        until: Timestamp,
    },
    /// Pictures are added before the return is decided.
    #[error("pictures are added before the return is decided")]
    ReturnDecided(ReturnStatus),
    /// As many pictures as there may be.
    #[error("a return has at most {0} pictures")]
    TooManyPictures(usize),
    /// A parcel cannot arrive before it left, nor in the future.
    #[error("a parcel arrives after it left, and not in the future")]
    WrongTime,
    /// A stocktake holds the stock (BR-007).
    #[error("the stock is being counted")]
    Frozen,
}

impl From<ShippingError> for CheckoutError {
    fn from(error: ShippingError) -> Self {
        match error {
            ShippingError::InvalidShipmentMove(invalid) => {
                AfterSaleError::InvalidShipmentMove(invalid).into()
            }
            ShippingError::InvalidReturnMove(invalid) => {
                AfterSaleError::InvalidReturnMove(invalid).into()
            }
            ShippingError::Db(error) => Self::Db(error),
        }
    }
}

impl From<PartError> for CheckoutError {
    fn from(error: PartError) -> Self {
        match error {
            PartError::TooMany { line_no, left } => {
                AfterSaleError::UnitsExceeded { line_no, left }.into()
            }
            PartError::Waits { line_no } => AfterSaleError::LineWaits { line_no }.into(),
            PartError::HasNoStock { line_no, .. } => AfterSaleError::HasNoStock { line_no }.into(),
            PartError::Inventory(InventoryError::Stock(StockError::Frozen)) => {
                AfterSaleError::Frozen.into()
            }
            PartError::Inventory(error) => error.into(),
        }
    }
}
