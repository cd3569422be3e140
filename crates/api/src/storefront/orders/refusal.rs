//! From the engine's refusals to problems, each with the place in the body.

use std::sync::Arc;

use intake::{PlaceError, Refusal, ShortLine};
use kernel::{ErrorCode, id::VariantId};
use payments::MethodRefusal;
use pricing::CouponRefusal;
use serde::Serialize;
use serde_json::json;

use crate::{AppState, kit::Problem};

/// The problem an order was refused with.
pub fn problem(error: PlaceError, state: &AppState) -> Problem {
    match error {
        PlaceError::Refused(refusal) => refused(refusal),
        PlaceError::QueueFull => {
            // The queue empties by a batch in well under a second.
            let seconds = 1 + state.intake.batches_waiting() / 20;
            Problem::new(ErrorCode::QueueFull).retry_after(u32::try_from(seconds).unwrap_or(60))
        }
        PlaceError::StillWorking => Problem::new(ErrorCode::RequestInProgress).retry_after(1),
        PlaceError::Unavailable => Problem::new(ErrorCode::ServiceUnavailable).retry_after(2),
        PlaceError::Internal => ErrorCode::Internal.into(),
    }
}

/// What is short of a line, for programs.
#[derive(Serialize)]
struct Shortage {
    variant_id: VariantId,
    sku: Arc<str>,
    requested: i64,
    available: i64,
}

impl From<ShortLine> for Shortage {
    fn from(line: ShortLine) -> Self {
        let ShortLine { variant: variant_id, sku, requested, available, .. } = line;
        Self { variant_id, sku, requested, available }
    }
}

fn refused(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::VariantNotFound { index } => Problem::new(ErrorCode::ProductNotFound)
            .field(format!("/items/{index}/variant_id"), "is not for sale"),
        Refusal::PriceChanged { lines, total } => {
            let changes: Vec<_> = lines
                .iter()
                .map(|l| json!({"variant_id": l.variant, "unit_price": l.unit_price}))
                .collect();
            let fields = lines.iter().map(|line| crate::kit::FieldError {
                pointer: format!("/items/{}/unit_price", line.index),
                detail: format!("the price is {} now", line.unit_price),
            });
            Problem::new(ErrorCode::PriceChanged)
                .fields(fields)
                .with("prices", changes)
                .with("total", json!(total))
        }
        Refusal::Shortage(lines) => {
            let fields = lines.iter().map(|line| crate::kit::FieldError {
                pointer: format!("/items/{}/quantity", line.index),
                detail: format!("{} left", line.available),
            });
            let problem = Problem::new(ErrorCode::InventoryShortage).fields(fields);
            let shortages: Vec<Shortage> = lines.into_iter().map(Shortage::from).collect();
            problem.with("shortages", shortages)
        }
        Refusal::Frozen(variants) => {
            Problem::new(ErrorCode::StockFrozen).with("variant_ids", json!(variants))
        }
        Refusal::UnknownShippingMethod => Problem::new(ErrorCode::ValidationFailed)
            .field("/shipping_method", "there is no such shipping method"),
        Refusal::PaymentMethod(refusal) => method("/payment_method", refusal),
        Refusal::PurchaseLimit(lines) => {
            let limits: Vec<_> = lines
                .iter()
                .map(|line| {
                    json!({
                        "variant_id": line.variant, "sku": line.sku, "requested": line.requested,
                        "limit": line.limit, "left": line.left,
                    })
                })
                .collect();
            let fields = lines.iter().map(|line| crate::kit::FieldError {
                pointer: format!("/items/{}/quantity", line.index),
                detail: format!("{} of {} left for you", line.left, line.limit),
            });
            Problem::new(ErrorCode::PurchaseLimitExceeded).fields(fields).with("limits", limits)
        }
        Refusal::HoldLimit { open, limit } => too_many_open(open, limit),
        Refusal::CouponInvalid(refusal) => {
            coupon(refusal).field("/coupon_code", refusal.to_string())
        }
        Refusal::TotalOutOfRange => Problem::new(ErrorCode::ValidationFailed)
            .field("/items", "the total of such an order cannot be charged"),
        Refusal::KeyReused => ErrorCode::IdempotencyKeyReused.into(),
    }
}

/// The problem of somebody who has too many orders open that nobody has paid for.
fn too_many_open(open: i64, limit: u32) -> Problem {
    Problem::new(ErrorCode::PurchaseLimitExceeded)
        .detail(format!(
            "{open} unpaid orders of this customer or telephone number are open, and at most \
             {limit} may be: pay for one, or cancel one"
        ))
        .with("unpaid_orders", open)
        .with("unpaid_orders_limit", limit)
}

/// The problem of a way of paying that is not for such an order, with its limits for programs.
pub fn method(pointer: &'static str, refusal: MethodRefusal) -> Problem {
    let problem = Problem::new(ErrorCode::ValidationFailed).field(pointer, refusal.to_string());
    match refusal {
        MethodRefusal::BelowMinimum { minimum } => problem.with("min_amount", json!(minimum)),
        MethodRefusal::AboveMaximum { maximum } => problem.with("max_amount", json!(maximum)),
        MethodRefusal::Unknown | MethodRefusal::TooSlow => problem,
    }
}

/// The problem of a coupon that cannot be used, with the reason as a word for programs.
pub fn coupon(refusal: CouponRefusal) -> Problem {
    let problem = Problem::new(ErrorCode::CouponInvalid).with("reason", refusal.as_str());
    match refusal {
        CouponRefusal::BelowMinimum { minimum } => problem.with("minimum_spend", json!(minimum)),
        CouponRefusal::NotYetValid { from } => problem.with("valid_from", json!(from)),
        _ => problem,
    }
}
