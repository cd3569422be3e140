//! From the flows' refusals of tasks to problems.

use checkout::CheckoutError;
use kernel::ErrorCode;
use payments::{provider::ProviderError, tasks::TaskError};

use crate::{kit::Problem, storefront::orders::refunds};

/// The problem that something about a task was refused with.
pub(super) fn problem(error: CheckoutError) -> Problem {
    match error {
        CheckoutError::TaskNotFound => ErrorCode::PaymentTaskNotFound.into(),
        CheckoutError::TaskChanged(version) => {
            Problem::new(ErrorCode::VersionConflict).with("version", version)
        }
        CheckoutError::Task(TaskError::Overtaken) => ErrorCode::VersionConflict.into(),
        CheckoutError::Task(TaskError::InvalidMove(invalid)) => {
            Problem::new(ErrorCode::InvalidTransition)
                .detail(invalid.to_string())
                .with("current_status", invalid.from.as_str())
        }
        CheckoutError::TaskDoesNotFit => Problem::new(ErrorCode::InvalidTransition)
            .detail("this cannot be done about this task")
            .with("current_status", "open"),
        CheckoutError::NotPaidThere => ErrorCode::PaymentNotConfirmed.into(),
        CheckoutError::Provider(error) => {
            let seconds = match &error {
                ProviderError::Throttled { retry_after } => retry_after.as_secs(),
                _ => 10,
            };
            Problem::new(ErrorCode::ServiceUnavailable)
                .detail(error.to_string())
                .retry_after(u32::try_from(seconds).unwrap_or(u32::MAX))
        }
        other => refunds::problem::problem(other),
    }
}
