//! What is taken off, as buyers are told.

use kernel::{LocalizedText, Money};
use orders::{AdjustmentSource, AdjustmentTarget};
use pricing::{Source, Target};
use serde::Serialize;
use utoipa::ToSchema;

/// What takes something off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AdjustmentKind {
    /// A promotion of the shop.
    Promotion,
    /// The coupon that was typed in.
    Coupon,
}

/// What something is taken off from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AdjustmentTarget)]
pub enum AdjustmentTargetWord {
    /// The lines.
    Lines,
    /// The fee for shipping.
    Shipping,
}

/// What is taken off one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AdjustmentShare)]
pub struct AdjustmentShareView {
    /// The line's number; in a cart its place, from 1.
    pub line_no: i16,
    /// How much.
    pub amount: Money,
}

/// Something that is taken off. All of them explain each dollar between the sum of the lines and what
/// is to be paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PriceAdjustment)]
pub struct AdjustmentView {
    /// By what.
    pub kind: AdjustmentKind,
    /// From what.
    pub target: AdjustmentTargetWord,
    /// The coupon's code.
    #[schema(required, example = "WELCOME10")]
    pub code: Option<String>,
    /// The promotion's name.
    #[schema(required)]
    pub name: Option<LocalizedText>,
    /// How much.
    pub amount: Money,
    /// Of each line so much, together the amount; of lines that are not here nothing.
    pub shares: Vec<AdjustmentShareView>,
}

/// What is taken off an order.
pub fn of_order(adjustment: &orders::Adjustment) -> AdjustmentView {
    let (kind, code, name) = match &adjustment.source {
        AdjustmentSource::Coupon(code) => (AdjustmentKind::Coupon, Some(code.clone()), None),
        AdjustmentSource::Promotion { name, .. } => {
            (AdjustmentKind::Promotion, None, Some(name.clone()))
        }
    };
    let (target, shares) = match &adjustment.target {
        AdjustmentTarget::Lines(shares) => {
            let share = |(line_no, amount): &(i16, Money)| AdjustmentShareView {
                line_no: *line_no,
                amount: *amount,
            };
            (AdjustmentTargetWord::Lines, shares.iter().map(share).collect())
        }
        AdjustmentTarget::Shipping => (AdjustmentTargetWord::Shipping, Vec::new()),
    };
    AdjustmentView { kind, target, code, name, amount: adjustment.amount, shares }
}

/// What is taken off lines that are only priced.
pub(crate) fn of_quote(adjustment: pricing::Adjustment) -> AdjustmentView {
    let (kind, code, name) = match adjustment.source {
        Source::Coupon(code) => (AdjustmentKind::Coupon, Some(code.as_str().to_owned()), None),
        Source::Promotion { name, .. } => (AdjustmentKind::Promotion, None, Some(name)),
    };
    let (target, shares) = match adjustment.target {
        Target::Lines(shares) => {
            let shares = (1..).zip(shares).filter(|(_, amount)| *amount > Money::ZERO);
            let view = |(line_no, amount)| AdjustmentShareView { line_no, amount };
            (AdjustmentTargetWord::Lines, shares.map(view).collect())
        }
        Target::Shipping => (AdjustmentTargetWord::Shipping, Vec::new()),
    };
    AdjustmentView { kind, target, code, name, amount: adjustment.amount, shares }
}
