//! Giving money back to a card: which action is right for which state, time and amount.

use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp};

use crate::action::Action;
use crate::card::{CardStatus, CardTrade};
use crate::form::Fields;
use crate::taipei;

/// ECPay captures in this quarter of an hour (Taipei), and wants no actions meanwhile.
const CAPTURE_BEGINS: Time = Time::constant(20, 15, 0, 0);
const CAPTURE_ENDS: Time = Time::constant(20, 30, 0, 0);
/// Later than this after the authorisation nothing can be captured.
const CAPTURE_WITHIN: SignedDuration = SignedDuration::from_hours(21 * 24);
/// Later than this after the authorisation ECPay takes no actions at all.
const ACT_WITHIN: SignedDuration = SignedDuration::from_hours(90 * 24);

/// What kind of card payment it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardKind {
    /// Paid at once with one card.
    Plain,
    /// Paid in instalments: refunds of the whole only.
    Instalments,
    /// Paid with bonus points (紅利折抵): refunds of the whole only.
    BonusPoints,
    /// `UnionPay` (銀聯): captured at once.
    UnionPay,
}

impl CardKind {
    /// What the extra fields of a notice or a query tell: instalments (`stage`,
    /// `Flexible_Installment`) and bonus points (`red_dan`, `red_de_amt`). They do not tell
    /// `UnionPay`, which comes out as [`CardKind::Plain`].
    pub fn of(fields: &Fields) -> Self {
        let counts = |name| {
            fields
                .get_filled(name)
                .is_some_and(|text| text.bytes().any(|b| (b'1'..=b'9').contains(&b)))
        };
        let flexible = fields.get("PaymentType").is_some_and(|it| it == "Flexible_Installment");
        if flexible || counts("stage") {
            Self::Instalments
        } else if counts("red_dan") || counts("red_de_amt") {
            Self::BonusPoints
        } else {
            Self::Plain
        }
    }

    fn whole_only(self) -> bool {
        matches!(self, Self::Instalments | Self::BonusPoints)
    }
}

/// What is known of a card payment whose money is to be given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardState {
    /// Its state at ECPay, just now.
    pub status: CardStatus,
    /// What kind it is.
    pub kind: CardKind,
    /// When it was authorised.
    pub authorised_at: Timestamp,
    /// What the card is charged with, or will be, in whole New Taiwan dollars: what is captured,
    /// or, as long as nothing is, what is authorised.
    pub charged: u32,
    /// What of it has been given back before, in whole New Taiwan dollars.
    pub given_back: u32,
}

impl CardState {
    /// The state out of a card detail. `authorised_at` is used when ECPay did not tell the time:
    /// the payment's own. The manual does not say whether refunds are deducted from what is
    /// captured; if they were, less could be given back by this than there is, and never more.
    pub fn of(
        trade: &CardTrade,
        kind: CardKind,
        given_back: u32,
        authorised_at: Timestamp,
    ) -> Self {
        Self {
            status: trade.status.clone(),
            kind,
            authorised_at: trade.authorised_at.unwrap_or(authorised_at),
            charged: if trade.captured > 0 { trade.captured } else { trade.amount },
            given_back,
        }
    }

    /// What can still be given back, in whole New Taiwan dollars.
    pub fn left(&self) -> u32 {
        self.charged.saturating_sub(self.given_back)
    }
}

/// Why an amount cannot be given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CardRefundError {
    /// The amount was 0.
    #[error("there is nothing to give back")]
    Nothing,
    /// More than there is.
    #[error("{amount} cannot be given back: {left} are left")]
    TooMuch {
        /// What was asked for.
        amount: u32,
        /// What is left.
        left: u32,
    },
}

/// Why ECPay's interface cannot give the money back, and a person has to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ByHand {
    /// Instalments and bonus points can only be refunded as a whole.
    #[error("instalments and bonus points can only be refunded as a whole")]
    WholeOnly,
    /// The authorisation is older than 21 days, and a part can only be refunded of what was
    /// captured.
    #[error("the authorisation is too old to be captured")]
    TooLateToCapture,
    /// The payment is older than 90 days.
    #[error("the payment is too old for ECPay's interface")]
    TooOld,
    /// The authorisation was given up, which gave back everything: more than was asked for.
    #[error("the whole authorisation was given up already")]
    AllReleased,
    /// ECPay's state does not go with what is known here, or is not known at all.
    #[error("the card's state does not fit")]
    State,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextAction {
    /// This action, with this amount.
    Do {
        /// The action.
        action: Action,
        /// Its amount in whole New Taiwan dollars.
        amount: u32,
        /// Whether the money has been given back when it is done. Otherwise ask for the state
        /// again, and then here.
        last: bool,
    },
    /// Nothing: the authorisation is given up, the card is not charged.
    Done,
    /// Nothing yet: ECPay is capturing.
    Wait {
        /// When to ask again.
        until: Timestamp,
    },
    /// Nothing that a program could do.
    ByHand(ByHand),
}

/// What to do next to give `amount` whole New Taiwan dollars back to a card.
///
/// A card is not charged at once. ECPay authorises it, queues the capture, and captures daily at
/// about 20:15 Taipei time; what gives money back differs from step to step:
///
/// | state | the whole | a part |
/// |---|---|---|
/// | 已授權 authorised | abandon (N) | capture the whole (C), then refund (R) |
/// | 要關帳 to be captured | cancel the capture (E), then abandon (N) | refund (R) |
/// | 已關帳 captured | refund (R) | refund (R) |
/// | 操作取消 capture cancelled | abandon (N) | by hand |
///
/// ECPay's other rules are in it, too: nothing between 20:15 and 20:30; captures within 21 days,
/// nothing after 90; instalments and bonus points only as a whole; `UnionPay` is captured at once,
/// and its capture cannot be called back.
///
/// It tells one action at a time: do it, ask for the state again, and ask here again. A question
/// that is repeated with the state of now never repeats an action that was done as a whole; for
/// refunds (R), which can be repeated, `given_back` has to know the ones before. When it is unclear
/// whether a refund was done, find out before asking here: by the closings of the card detail, by
/// the file of payouts, by hand.
///
/// ```
/// use ecpay::{Action, CardKind, CardState, CardStatus, NextAction, next_action};
///
/// let paid = CardState {
///     status: CardStatus::ToCapture,
///     kind: CardKind::Plain,
///     authorised_at: "2026-01-01T04:00:00Z".parse()?,
///     charged: 1_990,
///     given_back: 0,
/// };
/// let now = "2026-01-01T05:00:00Z".parse()?;
/// // The whole: the capture is called back first, and the authorisation given up after that.
/// assert_eq!(
///     next_action(&paid, 1_990, now)?,
///     NextAction::Do { action: Action::CancelCapture, amount: 1_990, last: false }
/// );
/// // A part:
/// assert_eq!(
///     next_action(&paid, 500, now)?,
///     NextAction::Do { action: Action::Refund, amount: 500, last: true }
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn next_action(
    card: &CardState,
    amount: u32,
    now: Timestamp,
) -> Result<NextAction, CardRefundError> {
    if amount == 0 {
        return Err(CardRefundError::Nothing);
    }
    if amount > card.left() {
        return Err(CardRefundError::TooMuch { amount, left: card.left() });
    }
    let next = by_state(card, amount, now);
    let acts = matches!(next, NextAction::Do { .. });
    Ok(match capture_until(now) {
        Some(until) if acts => NextAction::Wait { until },
        _ => next,
    })
}

fn by_state(card: &CardState, amount: u32, now: Timestamp) -> NextAction {
    let whole = card.given_back == 0 && amount == card.charged;
    let last = |action, amount| NextAction::Do { action, amount, last: true };
    let first = |action| NextAction::Do { action, amount: card.charged, last: false };
    let age = now.duration_since(card.authorised_at);
    if card.status == CardStatus::Cancelled {
        return match (whole, card.given_back) {
            (true, _) => NextAction::Done,
            (false, 0) => NextAction::ByHand(ByHand::AllReleased),
            (false, _) => NextAction::ByHand(ByHand::State),
        };
    }
    if age > ACT_WITHIN {
        return NextAction::ByHand(ByHand::TooOld);
    }
    if !whole && card.kind.whole_only() {
        return NextAction::ByHand(ByHand::WholeOnly);
    }
    match (&card.status, whole) {
        (CardStatus::Authorised | CardStatus::CaptureCancelled, true) => {
            last(Action::Abandon, card.charged)
        }
        // What is not captured cannot have been given back in part.
        (CardStatus::Authorised, false) if card.given_back > 0 => NextAction::ByHand(ByHand::State),
        (CardStatus::Authorised, false) if age > CAPTURE_WITHIN => {
            NextAction::ByHand(ByHand::TooLateToCapture)
        }
        (CardStatus::Authorised, false) => first(Action::Capture),
        (CardStatus::ToCapture, true) if card.kind != CardKind::UnionPay => {
            first(Action::CancelCapture)
        }
        (CardStatus::ToCapture | CardStatus::Captured, _) => last(Action::Refund, amount),
        (
            CardStatus::CaptureCancelled
            | CardStatus::Unauthorised
            | CardStatus::Cancelled
            | CardStatus::Other(_),
            _,
        ) => NextAction::ByHand(ByHand::State),
    }
}

/// When the daily capture ends, if it is running.
fn capture_until(now: Timestamp) -> Option<Timestamp> {
    let local = taipei::local(now);
    let running = (CAPTURE_BEGINS..CAPTURE_ENDS).contains(&local.time());
    if running { taipei::timestamp(local.date().to_datetime(CAPTURE_ENDS)).ok() } else { None }
}
