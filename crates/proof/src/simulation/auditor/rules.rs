//! What each command has to be answered, and what it changes in the books.

use super::books::{
    Books, HOLD_MINUTES, Money, Order, Payment, Shelf, State, Unit, units_of, variants,
};
use crate::simulation::{
    answer::{Answer, Receipt},
    scenario::{Act, Attempt, Basket, House, Key, PriceSeen, Says, Variant},
};

impl Books {
    /// Does in the books what `act` has to do, and says what it has to be answered. Ids and trade
    /// numbers in it are those known so far. (Expiry has choices: see [`Self::run_out`].)
    pub fn perform(&mut self, act: &Act) -> Answer {
        match act {
            Act::Place { key, basket } => self.place(*key, basket),
            Act::Pay { key, attempt } => self.pay(*key, *attempt),
            Act::Notice { key, attempt, says } => self.notice(*key, *attempt, *says),
            Act::Cancel { key } => self.cancel(*key),
            Act::Expire => {
                let due = self.due();
                self.run_out(&due)
            }
            Act::Wait { minutes } => {
                self.now += i64::from(*minutes);
                Answer::Done
            }
            Act::Receive { variant, house, units } => self.receive(*variant, *house, *units),
            Act::Freeze { variant, house } => self.freeze(*variant, *house, true),
            Act::Thaw { variant, house } => self.freeze(*variant, *house, false),
            Act::SafetyStock { variant, house, units } => {
                self.set_safety_stock(*variant, *house, *units)
            }
            Act::Ship { key } => self.ship(*key),
            Act::Relay => Answer::Done,
        }
    }

    fn place(&mut self, key: Key, basket: &Basket) -> Answer {
        if let Some(order) = self.orders.get(&key) {
            if order.basket != *basket {
                return Answer::KeyReused;
            }
            return Answer::Placed(Receipt {
                id: order.id.unwrap_or_default(),
                total: order.total,
                until: order.until,
                replayed: true,
                takes: order.first.clone(),
            });
        }
        let over = self.over_limit(basket);
        if !over.is_empty() {
            return Answer::OverLimit(over);
        }
        if let Some(coupon) = basket.coupon {
            let minimum = self.world.coupons[usize::from(coupon)].minimum;
            let poor = (self.goods(basket) < minimum).then_some("minimum_not_reached");
            if let Some(why) = self.no_room(coupon, basket.buyer).or(poor) {
                return Answer::NoCoupon(why.into());
            }
        }
        if basket.price == PriceSeen::Wrong {
            return Answer::PriceChanged;
        }
        let Some(takes) = self.plan(basket) else { return self.unfillable(basket) };
        let free = self.free_now(&takes);
        assert!(self.put(&takes, Unit::Free, Some(Unit::Held(key))), "planned from what is free");
        self.alert(&free);
        let (total, saved) = self.total(basket);
        let until = self.now + HOLD_MINUTES;
        self.orders.insert(
            key,
            Order {
                basket: basket.clone(),
                id: None,
                total,
                saved,
                until,
                state: State::Waiting,
                first: takes.clone(),
                takes: takes.clone(),
                endings: 0,
            },
        );
        Answer::Placed(Receipt { id: 0, total, until, replayed: false, takes })
    }

    /// Whether nothing at all is left of whatever a basket wants: then its refusal may come from
    /// the sold-out gate, which asks for nothing else.
    pub fn sold_out(&self, basket: &Basket) -> Option<Answer> {
        let houses = self.nearest(basket.near);
        let gone = |variant: &Variant| {
            houses
                .iter()
                .all(|house| self.free(*variant, *house) + self.counted(*variant, *house) == 0)
        };
        let wanted = variants(basket);
        let short = |variant: &Variant| (*variant, units_of(basket, *variant), 0);
        wanted.iter().all(gone).then(|| Answer::Short(wanted.iter().map(short).collect()))
    }

    /// Why a basket cannot be filled.
    fn unfillable(&self, basket: &Basket) -> Answer {
        let houses = self.nearest(basket.near);
        let (mut short, mut frozen) = (Vec::new(), Vec::new());
        for variant in variants(basket) {
            let asked = units_of(basket, variant);
            let sum = |of: &dyn Fn(House) -> usize| {
                houses.iter().map(|house| i64::try_from(of(*house)).unwrap_or(0)).sum::<i64>()
            };
            let free = sum(&|house| self.free(variant, house));
            let counted = sum(&|house| self.counted(variant, house));
            if free < asked && free + counted < asked {
                short.push((variant, asked, free));
            } else if free < asked {
                frozen.push(variant);
            }
        }
        if short.is_empty() { Answer::Frozen(frozen) } else { Answer::Short(short) }
    }

    fn pay(&mut self, key: Key, attempt: Attempt) -> Answer {
        let Some(order) = self.orders.get(&key) else { return Answer::Skipped };
        if let Some(payment) = self.payments.get(&(key, attempt)) {
            let trade_no = payment.trade_no.clone().unwrap_or_default();
            return Answer::Form { trade_no, amount: payment.amount };
        }
        if order.state != State::Waiting {
            return Answer::NotNow;
        }
        if order.until <= self.now {
            return Answer::TooLate;
        }
        let amount = order.total;
        let payment = Payment { trade_no: None, amount, money: Money::Asked, failure_told: false };
        self.payments.insert((key, attempt), payment);
        Answer::Form { trade_no: String::new(), amount }
    }

    fn notice(&mut self, key: Key, attempt: Attempt, says: Says) -> Answer {
        if says == Says::Stranger {
            return Answer::Told("unknown");
        }
        let Some(payment) = self.payments.get(&(key, attempt)) else { return Answer::Skipped };
        let money = payment.money;
        match (says, money) {
            (Says::Forged, _) => Answer::BadSignature,
            (Says::WrongAmount, _) => Answer::Told("wrong_amount"),
            (Says::Simulated, _) => Answer::Told("simulated"),
            (_, Money::Kept | Money::AskedBack | Money::GoesBack(_))
            | (Says::Failure, Money::Refused | Money::CalledOff) => Answer::Told("repeated"),
            (Says::Failure, Money::Asked) => {
                self.settle(key, attempt, Money::Refused);
                Answer::Told("accepted")
            }
            (_, Money::Asked | Money::Refused | Money::CalledOff) => {
                let money = self.money_came(key);
                self.settle(key, attempt, money);
                Answer::Told("accepted")
            }
        }
    }

    fn settle(&mut self, key: Key, attempt: Attempt, money: Money) {
        let waits = self.orders.get(&key).is_some_and(|order| order.state == State::Waiting);
        if let Some(payment) = self.payments.get_mut(&(key, attempt)) {
            payment.money = money;
            payment.failure_told |= waits && money == Money::Refused;
        }
    }

    /// Money for an order came: it is kept if the order can have its units.
    fn money_came(&mut self, key: Key) -> Money {
        let Some(order) = self.orders.get(&key).cloned() else { return Money::Asked };
        match order.state {
            State::Cancelled => return Money::GoesBack("order_cancelled"),
            State::Paid | State::Shipped | State::GivenUp => return Money::GoesBack("paid_twice"),
            State::Waiting => {
                let (held, bought) = (Unit::Held(key), Unit::Bought(key));
                assert!(self.put(&order.takes, held, Some(bought)), "a waiting order holds units");
            }
            State::RanOut => {
                let coupon = order.basket.coupon.filter(|_| order.saved > 0);
                let full = coupon.and_then(|coupon| self.no_room(coupon, order.basket.buyer));
                if full.is_some() || !self.over_limit(&order.basket).is_empty() {
                    return Money::GoesBack("limit_reached");
                }
                let Some(takes) = self.plan(&order.basket) else {
                    let counted = matches!(self.unfillable(&order.basket), Answer::Frozen(_));
                    return Money::GoesBack(if counted { "stock_frozen" } else { "stock_gone" });
                };
                let free = self.free_now(&takes);
                let (held, bought) = (Unit::Held(key), Unit::Bought(key));
                let taken = self.put(&takes, Unit::Free, Some(held))
                    && self.put(&takes, held, Some(bought));
                assert!(taken, "planned from what is free");
                self.alert(&free);
                self.change(key, |order| order.takes = takes);
            }
        }
        self.change(key, |order| order.state = State::Paid);
        Money::Kept
    }

    fn cancel(&mut self, key: Key) -> Answer {
        match self.orders.get(&key).map(|order| order.state) {
            None => Answer::Skipped,
            Some(State::Waiting) => {
                self.give_back(key, State::Cancelled);
                self.call_off(key);
                Answer::Done
            }
            Some(State::Paid) => {
                self.give_up(key);
                Answer::Done
            }
            Some(_) => Answer::NotNow,
        }
    }

    /// What was paid and never left is free again, whoever counts it; the ledger needs two entries to
    /// say so. The order remembers where it bought it, and counts against limits as before.
    fn give_up(&mut self, key: Key) {
        let takes = self.orders.get(&key).map(|order| order.takes.clone()).unwrap_or_default();
        let put = self.put(&takes, Unit::Bought(key), Some(Unit::Free));
        assert!(put, "a paid order has its units");
        for take in &takes {
            if let Some(shelf) = self.shelves.get_mut(&(take.variant, take.house)) {
                shelf.entries += 1;
            }
        }
        self.change(key, |order| order.state = State::GivenUp);
        let all = self.payments.range_mut((key, 0)..=(key, Attempt::MAX));
        for (_, payment) in all.filter(|(_, payment)| payment.money == Money::Kept) {
            payment.money = Money::AskedBack;
        }
    }

    /// These orders' time is over.
    pub fn run_out(&mut self, orders: &[Key]) -> Answer {
        for key in orders {
            self.give_back(*key, State::RanOut);
            self.call_off(*key);
        }
        Answer::Expired(orders.len())
    }

    /// Nobody waits for the money of an order any more.
    fn call_off(&mut self, key: Key) {
        let open = self.payments.range_mut((key, 0)..=(key, Attempt::MAX));
        for (_, payment) in open.filter(|(_, payment)| payment.money == Money::Asked) {
            payment.money = Money::CalledOff;
        }
    }

    fn give_back(&mut self, key: Key, state: State) {
        let takes = self.orders.get(&key).map(|order| order.takes.clone()).unwrap_or_default();
        let put = self.put(&takes, Unit::Held(key), Some(Unit::Free));
        assert!(put, "a waiting order holds units");
        self.change(key, |order| {
            order.state = state;
            order.takes = Vec::new();
            order.endings += 1;
        });
    }

    fn receive(&mut self, variant: Variant, house: House, units: u32) -> Answer {
        if self.shelves.get(&(variant, house)).is_some_and(|shelf| shelf.frozen) {
            return Answer::StockFrozen;
        }
        let shelf = self.shelves.entry((variant, house)).or_default();
        shelf.units.extend((0..units).map(|_| Unit::Free));
        shelf.entries += 1;
        Answer::Row(shelf.balance())
    }

    fn set_safety_stock(&mut self, variant: Variant, house: House, units: u32) -> Answer {
        let shelf = self.shelves.entry((variant, house)).or_default();
        let low = |shelf: &Shelf| shelf.free() < usize::try_from(shelf.safety).unwrap_or(0);
        let was_low = low(shelf);
        shelf.entries += i64::from(shelf.safety != units);
        shelf.safety = units;
        shelf.alerts += usize::from(!was_low && low(shelf));
        Answer::Done
    }

    fn freeze(&mut self, variant: Variant, house: House, frozen: bool) -> Answer {
        if let Some(shelf) = self.shelves.get_mut(&(variant, house)) {
            shelf.frozen = frozen;
        }
        Answer::Done
    }

    fn ship(&mut self, key: Key) -> Answer {
        let Some(order) = self.orders.get(&key).cloned() else { return Answer::Skipped };
        if order.state != State::Paid {
            return Answer::NotNow;
        }
        let counted = |row| self.shelves.get(&row).is_some_and(|shelf| shelf.frozen);
        if order.takes.iter().any(|take| counted((take.variant, take.house))) {
            return Answer::StockFrozen;
        }
        assert!(self.put(&order.takes, Unit::Bought(key), None), "a paid order has its units");
        self.change(key, |order| order.state = State::Shipped);
        Answer::Done
    }

    fn change(&mut self, key: Key, how: impl FnOnce(&mut Order)) {
        if let Some(order) = self.orders.get_mut(&key) {
            how(order);
        }
    }
}
