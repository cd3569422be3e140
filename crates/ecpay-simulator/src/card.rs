//! A payment by card after it was authorised: captured, refunded, given up.
//!
//! ```text
//!  已授權 ── C, or daily 20:15 ──► 要關帳 ── daily 20:30 ──► 已關帳
//!   │  ▲                          │  │ ▲                     │ ▲
//!   N  └──────────── E ───────────┘  └R┘                     └R┘
//!   ▼
//!  已取消
//! ```

use jiff::civil::{Date, Time, time};
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

use crate::taipei;

/// Where a card's money is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CardState {
    /// 已授權: the bank holds the amount.
    Authorised,
    /// 要關帳: the capture waits for the day's end.
    ToCapture,
    /// 已關帳: the money is on its way to the merchant.
    Captured,
    /// 已取消: the authorisation was given up.
    Abandoned,
}

/// What `DoAction` can be told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// C, 關帳.
    Capture,
    /// R, 退刷.
    Refund,
    /// E, 取消: a capture that still waits is undone.
    Cancel,
    /// N, 放棄.
    Abandon,
}

impl Action {
    pub(crate) fn parse(letter: &str) -> Option<Self> {
        match letter {
            "C" => Some(Self::Capture),
            "R" => Some(Self::Refund),
            "E" => Some(Self::Cancel),
            "N" => Some(Self::Abandon),
            _ => None,
        }
    }
}

impl CardState {
    /// The state after an action; none where the action is not allowed.
    pub(crate) fn after(self, action: Action) -> Option<Self> {
        match (self, action) {
            (Self::Authorised, Action::Capture) => Some(Self::ToCapture),
            (Self::Authorised, Action::Abandon) => Some(Self::Abandoned),
            (Self::ToCapture, Action::Cancel) => Some(Self::Authorised),
            (Self::ToCapture | Self::Captured, Action::Refund) => Some(self),
            (Self::Authorised, Action::Refund | Action::Cancel)
            | (Self::ToCapture, Action::Capture | Action::Abandon)
            | (Self::Captured, Action::Capture | Action::Cancel | Action::Abandon)
            | (Self::Abandoned, _) => None,
        }
    }

    /// How ECPay calls it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Authorised => "已授權",
            Self::ToCapture => "要關帳",
            Self::Captured => "已關帳",
            Self::Abandoned => "已取消",
        }
    }
}

/// Why `DoAction` did nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ActionError {
    #[error("訂單狀態不允許此動作")]
    WrongState,
    #[error("金額錯誤")]
    WrongAmount,
    #[error("分期或紅利交易僅能全額請款或退款")]
    WholeOnly,
    #[error("error_overDate")]
    OverDate,
}

/// Refunds are taken for so many days after the capture.
const REFUND_DAYS: i64 = 90;
/// What is not captured within so many days is given up.
const CAPTURE_DAYS: i64 = 21;

/// Money captured (above 0) or refunded (below), in whole TWD.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Close {
    pub(crate) number: u64,
    pub(crate) amount: i64,
    pub(crate) asked_at: Timestamp,
    /// When the day's end took it.
    pub(crate) closed_at: Option<Timestamp>,
}

impl Close {
    pub(crate) fn status(&self) -> &'static str {
        if self.closed_at.is_some() { "已關帳" } else { "要關帳" }
    }

    /// When the money is paid out to the merchant, or taken from the payout.
    pub(crate) fn payout_day(&self) -> Option<Date> {
        self.closed_at.map(|at| taipei::bank_day(taipei::day(at), 2))
    }
}

/// What the buyer chose on the card page, and the digits that messages carry. The rest of the
/// card's number is never kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) first6: String,
    pub(crate) last4: String,
    /// `3`, `6`, … or `30N`; none is one payment.
    pub(crate) instalments: Option<String>,
    pub(crate) union_pay: bool,
}

impl Entry {
    /// The public test card, for payments without a browser.
    pub(crate) fn test_card() -> Self {
        Self { first6: "431195".into(), last4: "2222".into(), ..Self::default() }
    }
}

/// An authorised payment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Card {
    pub(crate) entry: Entry,
    /// 授權單號, `gwsr`.
    pub(crate) gwsr: u64,
    pub(crate) amount: u32,
    pub(crate) authorised_at: Timestamp,
    pub(crate) state: CardState,
    pub(crate) captured: u32,
    pub(crate) refunded: u32,
    /// Paid with bonus points.
    pub(crate) points: bool,
    pub(crate) closes: Vec<Close>,
}

impl Card {
    pub(crate) const AUTH_CODE: &str = "777777";

    /// Holds an amount. `UnionPay` is captured at once.
    pub(crate) fn authorise(
        entry: Entry,
        gwsr: u64,
        amount: u32,
        points: bool,
        now: Timestamp,
    ) -> Self {
        let mut card = Self {
            entry,
            gwsr,
            amount,
            authorised_at: now,
            state: CardState::Authorised,
            captured: 0,
            refunded: 0,
            points,
            closes: Vec::new(),
        };
        if card.entry.union_pay {
            card.close(amount.into(), now);
            card.captured = amount;
            card.settle_closes(now);
            card.state = CardState::Captured;
        }
        card
    }

    /// Instalments and bonus points move as a whole.
    fn whole_only(&self) -> bool {
        self.points || self.entry.instalments.is_some()
    }

    pub(crate) fn refundable(&self) -> u32 {
        self.captured - self.refunded
    }

    fn close(&mut self, amount: i64, now: Timestamp) {
        let number = self.gwsr * 100 + self.closes.len() as u64 + 1;
        self.closes.push(Close { number, amount, asked_at: now, closed_at: None });
    }

    fn settle_closes(&mut self, at: Timestamp) {
        for close in &mut self.closes {
            close.closed_at.get_or_insert(at);
        }
    }

    /// Carries an action out, or changes nothing. Amounts are whole TWD.
    pub(crate) fn act(
        &mut self,
        action: Action,
        amount: u32,
        now: Timestamp,
    ) -> Result<(), ActionError> {
        let next = self.state.after(action).ok_or(ActionError::WrongState)?;
        self.check_amount(action, amount)?;
        match action {
            Action::Capture => {
                self.captured = amount;
                self.close(amount.into(), now);
            }
            Action::Refund => {
                let captured_at = self.closes.first().map_or(now, |close| close.asked_at);
                if now.duration_since(captured_at) > SignedDuration::from_hours(24 * REFUND_DAYS) {
                    return Err(ActionError::OverDate);
                }
                self.refunded += amount;
                self.close(-i64::from(amount), now);
            }
            Action::Cancel => {
                self.captured = 0;
                self.closes.retain(|close| close.closed_at.is_some());
            }
            Action::Abandon => {}
        }
        self.state = next;
        Ok(())
    }

    fn check_amount(&self, action: Action, amount: u32) -> Result<(), ActionError> {
        let (most, whole) = match action {
            Action::Capture => (self.amount, self.whole_only()),
            Action::Refund => (self.refundable(), self.whole_only()),
            // An undone capture takes its refunds along, which nobody could tell apart any more.
            Action::Cancel if self.refunded > 0 => return Err(ActionError::WrongState),
            Action::Cancel => (self.captured, true),
            Action::Abandon => (self.amount, true),
        };
        if amount == 0 || amount > most {
            return Err(ActionError::WrongAmount);
        }
        if whole && amount != most {
            let partial = matches!(action, Action::Capture | Action::Refund);
            return Err(if partial { ActionError::WholeOnly } else { ActionError::WrongAmount });
        }
        Ok(())
    }

    /// What a cut-off does to it; whether anything.
    pub(crate) fn cut_off(&mut self, cut_off: CutOff, auto_capture: bool) -> bool {
        let at = cut_off.at;
        match (cut_off.step, self.state) {
            (Step::Queue, CardState::Authorised) if auto_capture => {
                self.captured = self.amount;
                self.close(self.amount.into(), at);
                self.state = CardState::ToCapture;
                true
            }
            (Step::Queue, CardState::Authorised) => {
                let age = at.duration_since(self.authorised_at);
                let late = age > SignedDuration::from_hours(24 * CAPTURE_DAYS);
                if late {
                    self.state = CardState::Abandoned;
                }
                late
            }
            (Step::Close, CardState::ToCapture | CardState::Captured) => {
                let waiting = self.closes.iter().any(|close| close.closed_at.is_none());
                self.settle_closes(at);
                self.state = CardState::Captured;
                waiting
            }
            (Step::Queue | Step::Close, _) => false,
        }
    }
}

/// What happens at a cut-off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// 20:15: what is authorised is to be captured, where the merchant wants that by itself.
    Queue,
    /// 20:30: what is to be captured is.
    Close,
}

/// One of the two moments of a day at which cards move by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CutOff {
    pub(crate) at: Timestamp,
    pub(crate) step: Step,
}

impl CutOff {
    const DAILY: [(Time, Step); 2] =
        [(time(20, 15, 0, 0), Step::Queue), (time(20, 30, 0, 0), Step::Close)];

    /// The first one after a moment.
    pub(crate) fn after(moment: Timestamp) -> Self {
        let today = taipei::day(moment);
        let tomorrow = today.saturating_add(1.day());
        for day in [today, tomorrow] {
            for (time, step) in Self::DAILY {
                let at = taipei::on(day, time);
                if at > moment {
                    return Self { at, step };
                }
            }
        }
        Self { at: Timestamp::MAX, step: Step::Close }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn card() -> Card {
        Card::authorise(Entry::test_card(), 7, 1000, false, at("2026-01-02T04:00:00Z"))
    }

    /// The first cut-offs after noon of the second of January.
    fn queue() -> CutOff {
        CutOff::after(at("2026-01-02T04:00:00Z"))
    }

    fn close() -> CutOff {
        CutOff::after(queue().at)
    }

    #[test]
    fn every_move_and_no_other() {
        use Action::{Abandon, Cancel, Capture, Refund};
        use CardState::{Abandoned, Authorised, Captured, ToCapture};
        let allowed = [
            (Authorised, Capture, ToCapture),
            (Authorised, Abandon, Abandoned),
            (ToCapture, Cancel, Authorised),
            (ToCapture, Refund, ToCapture),
            (Captured, Refund, Captured),
        ];
        for state in [Authorised, ToCapture, Captured, Abandoned] {
            for action in [Capture, Refund, Cancel, Abandon] {
                let expected = allowed
                    .iter()
                    .find(|(from, by, _)| (*from, *by) == (state, action))
                    .map(|(_, _, to)| *to);
                assert_eq!(state.after(action), expected, "{state:?} {action:?}");
            }
        }
    }

    #[test]
    fn the_days_end_comes_in_two_steps() {
        assert_eq!(queue(), CutOff { at: at("2026-01-02T12:15:00Z"), step: Step::Queue });
        assert_eq!(close(), CutOff { at: at("2026-01-02T12:30:00Z"), step: Step::Close });
        let next = CutOff::after(close().at);
        assert_eq!(next, CutOff { at: at("2026-01-03T12:15:00Z"), step: Step::Queue });

        let mut card = card();
        assert!(!card.cut_off(close(), true), "nothing waits yet");
        assert!(card.cut_off(queue(), true));
        assert_eq!((card.state, card.captured), (CardState::ToCapture, 1000));
        assert_eq!(card.closes[0].status(), "要關帳");
        assert!(card.cut_off(close(), true));
        assert_eq!((card.state, card.closes[0].status()), (CardState::Captured, "已關帳"));
        assert_eq!(card.closes[0].payout_day(), Some(jiff::civil::date(2026, 1, 5)));
        assert!(!card.cut_off(next, true));
        assert_eq!(card.closes.len(), 1);
    }

    #[test]
    fn captures_and_refunds_never_go_beyond() {
        let now = at("2026-01-02T05:00:00Z");
        let mut card = card();
        for amount in [0, 1001] {
            let refused = card.act(Action::Capture, amount, now);
            assert_eq!(refused, Err(ActionError::WrongAmount));
        }
        card.act(Action::Capture, 800, now).unwrap();
        assert_eq!(card.act(Action::Refund, 801, now), Err(ActionError::WrongAmount));
        card.act(Action::Refund, 300, now).unwrap();
        assert_eq!(card.act(Action::Cancel, 800, now), Err(ActionError::WrongState));
        card.act(Action::Refund, 500, now).unwrap();
        assert_eq!(card.act(Action::Refund, 1, now), Err(ActionError::WrongAmount));
        assert_eq!((card.captured, card.refunded, card.refundable()), (800, 800, 0));
        let amounts: Vec<i64> = card.closes.iter().map(|close| close.amount).collect();
        assert_eq!(amounts, [800, -300, -500]);
    }

    #[test]
    fn an_undone_capture_can_be_given_up_or_done_again() {
        let now = at("2026-01-02T05:00:00Z");
        let mut card = card();
        card.act(Action::Capture, 1000, now).unwrap();
        assert_eq!(card.act(Action::Cancel, 999, now), Err(ActionError::WrongAmount));
        card.act(Action::Cancel, 1000, now).unwrap();
        assert_eq!((card.state, card.captured), (CardState::Authorised, 0));
        assert!(card.closes.is_empty());
        assert_eq!(card.act(Action::Abandon, 999, now), Err(ActionError::WrongAmount));
        card.act(Action::Abandon, 1000, now).unwrap();
        assert_eq!(card.act(Action::Capture, 1000, now), Err(ActionError::WrongState));
        assert!(!card.cut_off(queue(), true), "given up for good");
    }

    #[test]
    fn instalments_points_and_unionpay_are_special() {
        let now = at("2026-01-02T05:00:00Z");
        let instalments = Entry { instalments: Some("3".into()), ..Entry::test_card() };
        for (entry, points) in [(instalments, false), (Entry::test_card(), true)] {
            let mut card = Card::authorise(entry, 7, 1000, points, now);
            assert_eq!(card.act(Action::Capture, 999, now), Err(ActionError::WholeOnly));
            card.act(Action::Capture, 1000, now).unwrap();
            assert_eq!(card.act(Action::Refund, 1, now), Err(ActionError::WholeOnly));
            card.act(Action::Refund, 1000, now).unwrap();
        }
        let union_pay = Entry { union_pay: true, ..Entry::test_card() };
        let mut card = Card::authorise(union_pay, 7, 1000, false, now);
        assert_eq!(card.state, CardState::Captured);
        assert_eq!(card.act(Action::Cancel, 1000, now), Err(ActionError::WrongState));
        card.act(Action::Refund, 1, now).unwrap();
    }

    #[test]
    fn what_waits_too_long_is_lost() {
        let mut card = card();
        let in_time = CutOff { at: at("2026-01-22T12:15:00Z"), step: Step::Queue };
        assert!(!card.cut_off(in_time, false));
        let late = CutOff { at: at("2026-01-23T12:15:00Z"), step: Step::Queue };
        assert!(card.cut_off(late, false));
        assert_eq!(card.state, CardState::Abandoned);

        let mut card = self::card();
        card.cut_off(queue(), true);
        card.cut_off(close(), true);
        let late = close().at + SignedDuration::from_hours(24 * REFUND_DAYS);
        assert_eq!(card.act(Action::Refund, 1, late), Err(ActionError::OverDate));
        assert_eq!(card.refunded, 0);
    }
}
