//! Asking the provider about attempts of which no news came: when, and what the answer is good for.
//!
//! Times are fixed by the attempt itself, so that nothing has to be counted, and any node can go on
//! where another one stopped. ECPay's own advice: cards after ten minutes and again ten minutes later;
//! codes around the time they expire, for their notices may take a day, of barcodes three.

use jiff::{SignedDuration, Timestamp};
use kernel::id::OrderId;
use pg::{Connection, DbResult};

use crate::{code::IssuedCode, locks, model::Payment, sql};

const fn mins(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

/// After an attempt was begun, whatever its method: a card is asked about, a code is fetched.
const AFTER_BEGIN: [SignedDuration; 5] =
    [mins(10), mins(20), mins(40), mins(2 * 60), mins(24 * 60)];
/// After a code has expired.
const AFTER_EXPIRY: [SignedDuration; 5] =
    [mins(10), mins(60), mins(6 * 60), mins(24 * 60), mins(72 * 60)];
/// How soon to ask again when there was no answer.
const RETRY: SignedDuration = mins(5);
/// For how long after the last time to ask, an unanswered question is repeated.
const PATIENCE: SignedDuration = mins(24 * 60);

/// When an attempt is asked about next after `now`; `None`: not again. An answer that the money is
/// there ends it earlier.
pub fn next(begun: Timestamp, code: Option<&IssuedCode>, now: Timestamp) -> Option<Timestamp> {
    times(begun, code).into_iter().find(|at| *at > now)
}

/// When to ask again after no answer came.
pub fn again(begun: Timestamp, code: Option<&IssuedCode>, now: Timestamp) -> Option<Timestamp> {
    let last = times(begun, code)[4];
    (now < last + PATIENCE).then(|| now + RETRY)
}

fn times(begun: Timestamp, code: Option<&IssuedCode>) -> [Timestamp; 5] {
    match code {
        None => AFTER_BEGIN.map(|after| begun + after),
        Some(code) => AFTER_EXPIRY.map(|after| code.expires_at() + after),
    }
}

/// Claims up to `limit` attempts whose time has come, for this node alone until `lease`.
pub async fn claim(
    conn: &mut Connection,
    now: Timestamp,
    lease: Timestamp,
    limit: i64,
) -> DbResult<Vec<Payment>> {
    locks::claim_due(conn, now, lease, limit).await
}

/// Writes down when an attempt is asked about next.
pub async fn schedule(
    conn: &mut Connection,
    payment: &Payment,
    next: Option<Timestamp>,
) -> DbResult<()> {
    sql::polling::schedule(conn, payment, next).await
}

/// Writes down that the provider said at `at` that it has no money for a locked attempt.
pub async fn answered(conn: &mut Connection, payment: &mut Payment, at: Timestamp) -> DbResult<()> {
    sql::polling::answered(conn, payment, at).await?;
    payment.answered_at = payment.answered_at.max(Some(at));
    Ok(())
}

/// Keeps the code that was issued for a locked attempt. `false`: it was known.
pub async fn keep_code(
    conn: &mut Connection,
    payment: &mut Payment,
    code: &IssuedCode,
    provider_trade_no: Option<&str>,
    at: Timestamp,
) -> DbResult<bool> {
    if payment.code.as_ref() == Some(code) {
        return Ok(false);
    }
    let next = next(payment.created_at, Some(code), at);
    sql::polling::keep_code(conn, payment, code, provider_trade_no, next, at).await?;
    payment.code = Some(code.clone());
    Ok(true)
}

/// Locks the open attempts of orders that end.
pub async fn lock_open(conn: &mut Connection, orders: &[OrderId]) -> DbResult<Vec<Payment>> {
    locks::lock_open(conn, orders).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + mins(minutes)
    }

    /// Every time at which an attempt begun at 0 is asked about, if each question is answered.
    fn asked(code: Option<&IssuedCode>) -> Vec<i64> {
        let mut times = Vec::new();
        let mut now = at(0);
        while let Some(time) = next(at(0), code, now) {
            times.push(time.as_second() / 60);
            now = time;
        }
        times
    }

    #[test]
    fn a_card_is_asked_about_soon_and_a_code_when_it_has_expired() {
        assert_eq!(asked(None), [10, 20, 40, 120, 1440]);
        let code = IssuedCode::Cvs { payment_no: "1".into(), expires_at: at(5000) };
        assert_eq!(asked(Some(&code)), [5010, 5060, 5360, 6440, 9320]);
        // Who asks late goes on with what is to come, and does not catch up.
        assert_eq!(next(at(0), None, at(30)), Some(at(40)));
        assert_eq!(next(at(0), None, at(1440)), None);
    }

    #[test]
    fn no_answer_is_asked_for_again_but_not_for_ever() {
        assert_eq!(again(at(0), None, at(10)), Some(at(15)));
        let end = 1440 + 24 * 60;
        assert_eq!(again(at(0), None, at(end - 1)), Some(at(end + 4)));
        assert_eq!(again(at(0), None, at(end)), None);
    }
}
