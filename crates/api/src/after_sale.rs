//! From the refusals of what comes after the sale to problems.

use checkout::AfterSaleError;
use kernel::ErrorCode;
use serde_json::json;
use shipping::returns::ReturnLineError;

use crate::kit::Problem;

/// The problem something after the sale was refused with.
#[expect(clippy::needless_pass_by_value, reason = "an error to map from")]
pub fn problem(error: AfterSaleError) -> Problem {
    let text = error.to_string();
    match error {
        AfterSaleError::ShipmentNotFound => ErrorCode::ShipmentNotFound.into(),
        AfterSaleError::ReturnNotFound => ErrorCode::ReturnNotFound.into(),
        AfterSaleError::WarehouseNotFound => {
            Problem::new(ErrorCode::WarehouseNotFound).field("/warehouse_id", text)
        }
        AfterSaleError::InvalidShipmentMove(invalid) => Problem::new(ErrorCode::InvalidTransition)
            .detail(text)
            .with("shipment_status", invalid.from.as_str()),
        AfterSaleError::InvalidReturnMove(invalid) => Problem::new(ErrorCode::InvalidTransition)
            .detail(text)
            .with("return_status", invalid.from.as_str()),
        AfterSaleError::NotNow { status, why } => Problem::new(ErrorCode::InvalidTransition)
            .detail(why)
            .with("current_status", status.as_str()),
        AfterSaleError::VersionConflict(version) => {
            Problem::new(ErrorCode::VersionConflict).with("version", version)
        }
        AfterSaleError::UnitsExceeded { line_no, left } => Problem::new(ErrorCode::UnitsExceeded)
            .detail(text)
            .with("line_no", line_no)
            .with("left", left),
        AfterSaleError::LineWaits { line_no } => {
            Problem::new(ErrorCode::UnitsExceeded).detail(text).with("line_no", line_no)
        }
        AfterSaleError::HasNoStock { line_no } => {
            Problem::new(ErrorCode::BundleHasNoStock).detail(text).with("line_no", line_no)
        }
        AfterSaleError::NothingLeft => Problem::new(ErrorCode::UnitsExceeded).detail(text),
        AfterSaleError::NoSuchLine { index } => {
            Problem::new(ErrorCode::ValidationFailed).field(format!("/lines/{index}/line_no"), text)
        }
        AfterSaleError::NotSmaller { index } => Problem::new(ErrorCode::ValidationFailed)
            .field(format!("/lines/{index}/quantity"), text),
        AfterSaleError::NothingWouldBeLeft => {
            Problem::new(ErrorCode::ValidationFailed).field("/lines", text)
        }
        AfterSaleError::ReturnLines(wrong) => lines(wrong),
        AfterSaleError::ReturnPeriodOver { until } => {
            Problem::new(ErrorCode::ReturnPeriodOver).with("until", json!(until))
        }
        AfterSaleError::ReturnDecided(status) => Problem::new(ErrorCode::InvalidTransition)
            .detail(text)
            .with("return_status", status.as_str()),
        AfterSaleError::TooManyPictures(_) => {
            Problem::new(ErrorCode::ValidationFailed).detail(text)
        }
        AfterSaleError::WrongTime => {
            Problem::new(ErrorCode::ValidationFailed).field("/happened_at", text)
        }
        AfterSaleError::Frozen => ErrorCode::StockFrozen.into(),
    }
}

fn lines(error: ReturnLineError) -> Problem {
    let problem = Problem::new(ErrorCode::ValidationFailed).field("/lines", error.to_string());
    match error {
        ReturnLineError::Unknown { line_no }
        | ReturnLineError::TooMany { line_no, .. }
        | ReturnLineError::Unsound { line_no, .. } => problem.with("line_no", line_no),
        ReturnLineError::Nothing => problem,
    }
}
