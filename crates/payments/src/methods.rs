//! Ways of paying 付款方式, as data: what is on offer, for which amounts, and how long stock is held
//! for whoever chose it.

use jiff::{SignedDuration, Timestamp};
use kernel::{LocalizedText, Money};
use pg::{Connection, DbError, DbResult};
use thiserror::Error;

use crate::{locks, sql};

/// A way of paying.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Method {
    /// E.g. `ecpay_credit`; known by it for ever.
    pub code: String,
    /// Who takes the money, e.g. `ecpay`.
    pub provider: String,
    /// Its name.
    pub name: LocalizedText,
    /// What to know about it.
    pub description: LocalizedText,
    /// How long stock is held; none: for the shop's own time (BR-003).
    pub reservation: Option<SignedDuration>,
    /// Of this, the last part, in which nobody can pay any more but news of a payment may still come.
    pub grace: SignedDuration,
    /// The shortest time in which anybody can pay by it; a fact of the provider's.
    pub shortest: SignedDuration,
    /// For orders of at least this much.
    pub min_amount: Money,
    /// For orders of at most this much; none: of any.
    pub max_amount: Option<Money>,
    /// Numbers of instalments offered; none: one payment.
    pub instalments: Vec<u8>,
    /// Its place in the list.
    pub position: i32,
    /// Only active methods are on offer.
    pub active: bool,
    /// Counts its changes.
    pub version: i64,
}

/// Why an order cannot be paid by a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MethodRefusal {
    /// It does not exist, or is not on offer.
    #[error("there is no such payment method")]
    Unknown,
    /// The order is too small for it.
    #[error("is for NT$ {} and more", .minimum.amount())]
    BelowMinimum {
        /// The least.
        minimum: Money,
    },
    /// The order is too large for it.
    #[error("is for up to NT$ {}", .maximum.amount())]
    AboveMaximum {
        /// The most.
        maximum: Money,
    },
    /// Nobody can pay by it as quickly as the goods are held.
    #[error("takes longer than the goods are held")]
    TooSlow,
}

/// Why a method cannot be as somebody wants it.
#[derive(Debug, Error)]
pub enum MethodError {
    /// No such method.
    #[error("there is no such payment method")]
    NotFound,
    /// Somebody else has changed it meanwhile.
    #[error("the payment method was changed meanwhile")]
    Changed,
    /// A rule that one of its fields breaks.
    #[error("{detail}")]
    Invalid {
        /// Which field, as it is called on the wire.
        field: &'static str,
        /// What is wrong with it.
        detail: &'static str,
    },
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Numbers of instalments that a card can be charged in; 30 is the flexible plan (`30N`).
pub const INSTALMENTS: [u8; 6] = [3, 6, 12, 18, 24, 30];
/// The longest time for which stock is held by any method.
pub const RESERVATION_MAX: SignedDuration = SignedDuration::from_hours(24 * 90);

impl Method {
    /// For how long an order that is to be paid by it is held. `shop` is the shop's own time, `sale`
    /// that of what is in a sale, which only makes it shorter.
    pub fn time(&self, shop: SignedDuration, sale: Option<SignedDuration>) -> SignedDuration {
        let own = self.reservation.unwrap_or(shop);
        sale.map_or(own, |sale| sale.min(own))
    }

    /// Whether an order of `amount` that is held for `time` from now on can be paid by it.
    pub fn check(&self, amount: Money, time: SignedDuration) -> Result<(), MethodRefusal> {
        if !self.active {
            return Err(MethodRefusal::Unknown);
        }
        if amount < self.min_amount {
            return Err(MethodRefusal::BelowMinimum { minimum: self.min_amount });
        }
        if let Some(maximum) = self.max_amount.filter(|maximum| amount > *maximum) {
            return Err(MethodRefusal::AboveMaximum { maximum });
        }
        if time - self.grace < self.shortest {
            return Err(MethodRefusal::TooSlow);
        }
        Ok(())
    }

    /// Until when the buyer can pay, if stock is held until then.
    pub fn pay_until(&self, reserved_until: Timestamp) -> Timestamp {
        reserved_until - self.grace
    }

    /// Checks what one method can break by itself.
    pub fn validate(&self) -> Result<(), MethodError> {
        let wrong = |field, detail| Err(MethodError::Invalid { field, detail });
        let blank =
            |text: &LocalizedText| text.zh_tw.trim().is_empty() || text.en.trim().is_empty();
        if blank(&self.name) {
            return wrong("/name", "must be there in both languages");
        }
        if self.grace.is_negative() {
            return wrong("/grace_minutes", "must not be negative");
        }
        let least = self.shortest.max(SignedDuration::from_mins(1));
        match self.reservation {
            None if !self.grace.is_zero() || !self.shortest.is_zero() => {
                return wrong("/reservation_minutes", "this method needs a time of its own");
            }
            Some(time) if time > RESERVATION_MAX => {
                return wrong("/reservation_minutes", "must be at most 129600 (90 days)");
            }
            Some(time) if time - self.grace < least => {
                let detail = "less the time of grace, must leave the buyer the shortest time in which \
                              anybody can pay by this method";
                return wrong("/reservation_minutes", detail);
            }
            _ => {}
        }
        if self.min_amount == Money::ZERO {
            return wrong("/min_amount", "must be at least NT$ 1");
        }
        if self.max_amount.is_some_and(|maximum| maximum < self.min_amount) {
            return wrong("/max_amount", "must not be below the minimum");
        }
        let in_order = self.instalments.windows(2).all(|pair| pair[0] < pair[1]);
        if !in_order || self.instalments.iter().any(|number| !INSTALMENTS.contains(number)) {
            return wrong("/instalments", "must be some of 3, 6, 12, 18, 24, 30, in this order");
        }
        Ok(())
    }
}

/// The methods on offer, in their order.
pub async fn offered(conn: &mut Connection) -> DbResult<Vec<Method>> {
    let mut all = sql::methods::all(conn).await?;
    all.retain(|method| method.active);
    Ok(all)
}

/// All methods, in their order.
pub async fn all(conn: &mut Connection) -> DbResult<Vec<Method>> {
    sql::methods::all(conn).await
}

/// One method, on offer or not.
pub async fn find(conn: &mut Connection, code: &str) -> DbResult<Option<Method>> {
    sql::methods::find(conn, code).await
}

/// Changes a method; `wish.version` is the one that was seen. What it was, and what it is now.
pub async fn change(conn: &mut Connection, wish: Method) -> Result<(Method, Method), MethodError> {
    let before = locks::lock_method(conn, &wish.code).await?.ok_or(MethodError::NotFound)?;
    if before.version != wish.version {
        return Err(MethodError::Changed);
    }
    let mut after = Method { provider: before.provider.clone(), shortest: before.shortest, ..wish };
    after.validate()?;
    if after != before {
        after.version += 1;
        sql::methods::update(conn, &after).await?;
    }
    Ok((before, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn twd(amount: i64) -> Money {
        Money::twd(amount).unwrap()
    }

    fn atm() -> Method {
        Method {
            code: "ecpay_atm".into(),
            provider: "ecpay".into(),
            name: LocalizedText::new("ATM 轉帳", "ATM"),
            description: LocalizedText::new("", ""),
            reservation: Some(SignedDuration::from_mins(7200)),
            grace: SignedDuration::from_mins(1440),
            shortest: SignedDuration::from_mins(2880),
            min_amount: twd(11),
            max_amount: Some(twd(49_999)),
            instalments: Vec::new(),
            position: 1,
            active: true,
            version: 1,
        }
    }

    fn card() -> Method {
        let none = SignedDuration::ZERO;
        let (reservation, max_amount) = (None, None);
        Method { reservation, grace: none, shortest: none, max_amount, ..atm() }
    }

    #[test]
    fn the_time_is_the_methods_else_the_shops_and_a_sale_makes_it_shorter() {
        let (shop, day) = (SignedDuration::from_mins(30), SignedDuration::from_hours(24));
        assert_eq!(card().time(shop, None), shop);
        assert_eq!(card().time(shop, Some(SignedDuration::from_mins(5))).as_mins(), 5);
        assert_eq!(card().time(shop, Some(day)), shop);
        assert_eq!(atm().time(shop, None).as_mins(), 7200);
        assert_eq!(atm().time(shop, Some(day)), day);
    }

    #[test]
    fn amounts_are_taken_at_their_limits_and_not_beyond() {
        let time = SignedDuration::from_mins(7200);
        for (amount, expected) in [
            (10, Err(MethodRefusal::BelowMinimum { minimum: twd(11) })),
            (11, Ok(())),
            (49_999, Ok(())),
            (50_000, Err(MethodRefusal::AboveMaximum { maximum: twd(49_999) })),
        ] {
            assert_eq!(atm().check(twd(amount), time), expected, "{amount}");
        }
        assert_eq!(card().check(twd(Money::MAX_AMOUNT), SignedDuration::ZERO), Ok(()));
        let closed = Method { active: false, ..atm() };
        assert_eq!(closed.check(twd(11), time), Err(MethodRefusal::Unknown));
    }

    #[test]
    fn a_method_is_too_slow_when_less_is_left_than_it_takes() {
        let enough = SignedDuration::from_mins(2880 + 1440);
        assert_eq!(atm().check(twd(100), enough), Ok(()));
        let short = enough - SignedDuration::from_secs(1);
        assert_eq!(atm().check(twd(100), short), Err(MethodRefusal::TooSlow));
        let at = Timestamp::UNIX_EPOCH + enough;
        assert_eq!(atm().pay_until(at).as_second(), 2880 * 60);
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_field() {
        let field = |method: Method| match method.validate() {
            Err(MethodError::Invalid { field, .. }) => field,
            other => panic!("{other:?}"),
        };
        assert!(atm().validate().is_ok() && card().validate().is_ok());
        let minutes = |n| Some(SignedDuration::from_mins(n));
        for (method, expected) in [
            (Method { name: LocalizedText::new("", "ATM"), ..atm() }, "/name"),
            (Method { reservation: None, ..atm() }, "/reservation_minutes"),
            (Method { reservation: minutes(4319), ..atm() }, "/reservation_minutes"),
            (Method { reservation: minutes(129_601), ..atm() }, "/reservation_minutes"),
            (Method { reservation: minutes(0), ..card() }, "/reservation_minutes"),
            (Method { grace: SignedDuration::from_mins(-1), ..atm() }, "/grace_minutes"),
            (Method { min_amount: twd(0), ..atm() }, "/min_amount"),
            (Method { max_amount: Some(twd(10)), ..atm() }, "/max_amount"),
            (Method { instalments: vec![3, 3], ..card() }, "/instalments"),
            (Method { instalments: vec![6, 3], ..card() }, "/instalments"),
            (Method { instalments: vec![4], ..card() }, "/instalments"),
        ] {
            assert_eq!(field(method), expected);
        }
        assert!(Method { reservation: minutes(4320), ..atm() }.validate().is_ok());
        assert!(Method { instalments: vec![3, 30], ..card() }.validate().is_ok());
    }
}
