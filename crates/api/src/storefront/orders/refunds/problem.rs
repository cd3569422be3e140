//! From the flows' refusals of refunds to problems.

use checkout::CheckoutError;
use kernel::ErrorCode;
use payments::refunds::RefundError;
use serde_json::json;

use crate::kit::Problem;

/// The problem that something about a refund was refused with.
pub fn problem(error: CheckoutError) -> Problem {
    match error {
        CheckoutError::Refund(error) => refused(error),
        CheckoutError::NothingPaid => too_large(kernel::Money::ZERO)
            .detail("none of the money that came for the order is kept"),
        CheckoutError::OnlyWhole => Problem::new(ErrorCode::ValidationFailed)
            .detail("before anything of it is shipped, an order is refunded as a whole; leave `amount` and `lines` out"),
        CheckoutError::TooManyUnits(it) => {
            let field = format!("/lines/{}/quantity", it.index);
            Problem::new(ErrorCode::ValidationFailed)
                .field(field, format!("{} units can be given back", it.left))
        }
        CheckoutError::AccountTaken => Problem::new(ErrorCode::InvalidTransition)
            .detail("the account is known already; the shop can change it"),
        other => other.into(),
    }
}

fn refused(error: RefundError) -> Problem {
    match error {
        RefundError::NotFound => ErrorCode::RefundNotFound.into(),
        RefundError::InvalidMove(invalid) => Problem::new(ErrorCode::InvalidTransition)
            .detail(invalid.to_string())
            .with("current_status", invalid.from.as_str()),
        RefundError::VersionConflict(version) => {
            Problem::new(ErrorCode::VersionConflict).with("version", version)
        }
        RefundError::TooMuch { asked, left } => {
            too_large(left).detail(format!("{asked} cannot be given back: {left} is left"))
        }
        RefundError::Busy => ErrorCode::RefundInProgress.into(),
        RefundError::Payment(error) => Problem::internal(&error),
        RefundError::Db(error) => error.into(),
    }
}

fn too_large(left: kernel::Money) -> Problem {
    Problem::new(ErrorCode::RefundTooLarge).with("left", json!(left))
}
