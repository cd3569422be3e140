//! The auditor's own books: every unit by itself, every order by its key, every dollar.

use std::{collections::BTreeMap, rc::Rc};

use crate::simulation::{
    answer::Take,
    scenario::{Attempt, Basket, Buyer, Coupon, House, Key, Off, Variant, World},
};

/// How long stock is held for an unpaid order (BR-003), in minutes.
pub const HOLD_MINUTES: i64 = 30;

/// Where one unit is. Units are not numbers that are added up: each one is here, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// On the shelf, for anybody.
    Free,
    /// Promised to an order that is not paid yet.
    Held(Key),
    /// Bought by an order, not shipped yet.
    Bought(Key),
}

/// One variant in one warehouse.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    /// The units.
    pub units: Vec<Unit>,
    /// A stocktake is counting them.
    pub frozen: bool,
    /// Below this many free units operations are told.
    pub safety: u32,
    /// Entries the ledger must have.
    pub entries: i64,
    /// How often the free units fell below the safety stock.
    pub alerts: usize,
}

/// How far an order has come, in the auditor's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Its units are held.
    Waiting,
    /// Its units are bought.
    Paid,
    /// Its units are gone.
    Shipped,
    /// Its buyer ended it before it was paid.
    Cancelled,
    /// Its buyer ended it after it was paid: its units are free again, and its money goes back.
    GivenUp,
    /// Its time was over.
    RanOut,
}

/// An order.
#[derive(Clone, Debug)]
pub struct Order {
    /// What was asked for.
    pub basket: Basket,
    /// Its id, once somebody was told.
    pub id: Option<u128>,
    /// To pay.
    pub total: i64,
    /// What its coupon saves; nothing: the coupon is not used.
    pub saved: i64,
    /// Until when its units are held.
    pub until: i64,
    /// How far it has come.
    pub state: State,
    /// Where its units came from at first: what every replay has to say again.
    pub first: Vec<Take>,
    /// Where the units are from that it holds or has bought.
    pub takes: Vec<Take>,
    /// Times it ended unpaid.
    pub endings: usize,
}

/// Where the money of an attempt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Money {
    /// With the buyer, who was asked for it.
    Asked,
    /// With the buyer: the provider refused.
    Refused,
    /// With the buyer: the order was cancelled first.
    CalledOff,
    /// With the shop.
    Kept,
    /// With the shop, and asked back: its order was given up.
    AskedBack,
    /// On its way back, because of this.
    GoesBack(&'static str),
}

/// An attempt to pay.
#[derive(Clone, Debug)]
pub struct Payment {
    /// Its number at the provider, once somebody was told.
    pub trade_no: Option<String>,
    /// What is to be paid.
    pub amount: i64,
    /// Where that is.
    pub money: Money,
    /// It failed while its order waited for money: its buyer had to be told. Who has paid by another
    /// attempt is not.
    pub failure_told: bool,
}

/// The books.
#[derive(Clone, Debug)]
pub struct Books {
    /// The shop.
    pub world: Rc<World>,
    /// Minutes since the beginning.
    pub now: i64,
    /// The stock.
    pub shelves: BTreeMap<(Variant, House), Shelf>,
    /// The orders.
    pub orders: BTreeMap<Key, Order>,
    /// The attempts to pay.
    pub payments: BTreeMap<(Key, Attempt), Payment>,
}

/// The warehouses by distance from each: an atlas, not the product's arithmetic.
const NEAREST: [[House; 3]; 3] = [[0, 1, 2], [1, 0, 2], [2, 1, 0]];

impl Books {
    /// The books of a shop before anything happens.
    pub fn open(world: &World) -> Self {
        let mut shelves = BTreeMap::new();
        for (variant, house, units) in &world.stock {
            let units = vec![Unit::Free; usize::try_from(*units).unwrap_or(0)];
            let entries = i64::from(!units.is_empty());
            shelves.insert((*variant, *house), Shelf { units, entries, ..Shelf::default() });
        }
        Self {
            world: Rc::new(world.clone()),
            now: 0,
            shelves,
            orders: BTreeMap::new(),
            payments: BTreeMap::new(),
        }
    }

    /// The warehouses that may serve somebody, the nearest first.
    pub fn nearest(&self, near: House) -> Vec<House> {
        let row = NEAREST[usize::from(near)];
        row.into_iter().filter(|house| *house < self.world.houses).collect()
    }

    /// Free units of a variant on a shelf that nobody is counting.
    pub fn free(&self, variant: Variant, house: House) -> usize {
        self.shelves.get(&(variant, house)).filter(|s| !s.frozen).map_or(0, Shelf::free)
    }

    /// Free units of a variant on a shelf that is being counted.
    pub fn counted(&self, variant: Variant, house: House) -> usize {
        self.shelves.get(&(variant, house)).filter(|s| s.frozen).map_or(0, Shelf::free)
    }

    /// What the goods in a basket cost.
    pub fn goods(&self, basket: &Basket) -> i64 {
        let price = |variant: Variant| self.world.prices[usize::from(variant)];
        basket.lines.iter().map(|(variant, units)| price(*variant) * i64::from(*units)).sum()
    }

    /// What a basket costs with shipping (80, or nothing from 1,000 on) and its coupon, and what the
    /// coupon saves.
    pub fn total(&self, basket: &Basket) -> (i64, i64) {
        let goods = self.goods(basket);
        let fee = if goods >= 1000 { 0 } else { 80 };
        let off = basket.coupon.map(|coupon| self.world.coupons[usize::from(coupon)].off);
        let saved = match off {
            None => 0,
            Some(Off::Percent(percent)) => goods * i64::from(percent) / 100,
            Some(Off::Dollars(dollars)) => dollars.min(goods),
            Some(Off::Shipping) => fee,
        };
        (goods + fee - saved, saved)
    }

    /// Orders that count: waiting, or with their money kept.
    fn live(&self) -> impl Iterator<Item = &Order> {
        let dead = [State::Cancelled, State::RanOut];
        self.orders.values().filter(move |order| !dead.contains(&order.state))
    }

    /// Units of a variant that a buyer has.
    pub fn bought(&self, buyer: Buyer, variant: Variant) -> i64 {
        let theirs = self.live().filter(|order| order.basket.buyer == buyer);
        theirs.map(|order| units_of(&order.basket, variant)).sum()
    }

    /// Orders in which a coupon is used, and those of them by one buyer.
    pub fn uses(&self, coupon: Coupon, buyer: Buyer) -> (i64, i64) {
        let using = |order: &&Order| order.saved > 0 && order.basket.coupon == Some(coupon);
        let by = |order: &Order| i64::from(order.basket.buyer == buyer);
        self.live().filter(using).fold((0, 0), |(all, own), it| (all + 1, own + by(it)))
    }

    /// Variants of a basket of which its buyer would have too many: what, how many were asked for,
    /// how many may still be had.
    pub fn over_limit(&self, basket: &Basket) -> Vec<(Variant, i64, i64)> {
        let over = |variant: Variant| {
            let limit = i64::from(self.world.limits[usize::from(variant)]?);
            let left = limit - self.bought(basket.buyer, variant);
            let asked = units_of(basket, variant);
            (asked > left).then_some((variant, asked, left.max(0)))
        };
        variants(basket).into_iter().filter_map(over).collect()
    }

    /// Why a coupon has no room for one more order of this buyer.
    pub fn no_room(&self, coupon: Coupon, buyer: Buyer) -> Option<&'static str> {
        let terms = self.world.coupons[usize::from(coupon)];
        let (all, own) = self.uses(coupon, buyer);
        if terms.each.is_some_and(|each| own >= i64::from(each)) {
            return Some("already_used");
        }
        terms.total.is_some_and(|total| all >= i64::from(total)).then_some("used_up")
    }

    /// Which units an order would get: of the smallest sets of warehouses that have everything, the
    /// nearest one; within it the nearest gives first. `None` when it cannot be filled.
    pub fn plan(&self, basket: &Basket) -> Option<Vec<Take>> {
        let houses = self.nearest(basket.near);
        let mut sets: Vec<Vec<House>> = (1_u32..1 << houses.len())
            .map(|bits| (0..houses.len()).filter(|n| bits >> n & 1 == 1).collect::<Vec<_>>())
            .map(|places| places.into_iter().map(|n| houses[n]).collect())
            .collect();
        let rank = |house: &House| houses.iter().position(|h| h == house);
        sets.sort_by_key(|set| (set.len(), set.iter().map(rank).collect::<Vec<_>>()));
        sets.into_iter().find_map(|set| self.fill(basket, &set))
    }

    /// Fills a basket line by line from these warehouses in turn.
    fn fill(&self, basket: &Basket, houses: &[House]) -> Option<Vec<Take>> {
        let mut left: BTreeMap<(Variant, House), usize> = BTreeMap::new();
        let mut takes = Vec::new();
        for (line, (variant, units)) in (1..).zip(&basket.lines) {
            let mut missing = *units;
            for house in houses {
                let left =
                    left.entry((*variant, *house)).or_insert_with(|| self.free(*variant, *house));
                let before = u32::try_from(*left).unwrap_or(u32::MAX);
                let units = missing.min(before);
                if units > 0 {
                    takes.push(Take { line, variant: *variant, house: *house, units, before });
                    *left -= usize::try_from(units).unwrap_or(0);
                    missing -= units;
                }
            }
            if missing > 0 {
                return None;
            }
        }
        Some(takes)
    }

    /// Puts units of these takes from one state into another; an entry in the ledger a take.
    /// `false` when they are not where they should be.
    pub fn put(&mut self, takes: &[Take], from: Unit, to: Option<Unit>) -> bool {
        for take in takes {
            let Some(shelf) = self.shelves.get_mut(&(take.variant, take.house)) else {
                return false;
            };
            for _ in 0..take.units {
                let Some(place) = shelf.units.iter().position(|unit| *unit == from) else {
                    return false;
                };
                match to {
                    Some(to) => shelf.units[place] = to,
                    None => drop(shelf.units.swap_remove(place)),
                }
            }
            shelf.entries += 1;
        }
        true
    }

    /// Notes who has to be told that stock is low, given what was free before.
    pub fn alert(&mut self, before: &BTreeMap<(Variant, House), usize>) {
        for (row, before) in before {
            if let Some(shelf) = self.shelves.get_mut(row) {
                let safety = usize::try_from(shelf.safety).unwrap_or(0);
                shelf.alerts += usize::from(*before >= safety && shelf.free() < safety);
            }
        }
    }

    /// What is free on the shelves these takes are from.
    pub fn free_now(&self, takes: &[Take]) -> BTreeMap<(Variant, House), usize> {
        takes
            .iter()
            .map(|take| (take.variant, take.house))
            .map(|row| (row, self.shelves.get(&row).map_or(0, Shelf::free)))
            .collect()
    }

    /// Orders whose time is over.
    pub fn due(&self) -> Vec<Key> {
        let due = |order: &Order| order.state == State::Waiting && order.until <= self.now;
        self.orders.iter().filter(|(_, order)| due(order)).map(|(key, _)| *key).collect()
    }
}

/// What a basket wants of a variant, on all its lines.
pub fn units_of(basket: &Basket, variant: Variant) -> i64 {
    basket.lines.iter().filter(|line| line.0 == variant).map(|line| i64::from(line.1)).sum()
}

/// The variants of a basket, each once.
pub fn variants(basket: &Basket) -> Vec<Variant> {
    let mut variants: Vec<Variant> = basket.lines.iter().map(|line| line.0).collect();
    variants.sort_unstable();
    variants.dedup();
    variants
}

impl Shelf {
    /// Free units.
    pub fn free(&self) -> usize {
        self.count(|unit| unit == Unit::Free)
    }

    /// Units of which something is true.
    pub fn count(&self, is: impl Fn(Unit) -> bool) -> usize {
        self.units.iter().filter(|unit| is(**unit)).count()
    }

    /// Total, available, reserved, sold.
    pub fn balance(&self) -> [i32; 4] {
        [
            self.units.len(),
            self.free(),
            self.count(|unit| matches!(unit, Unit::Held(_))),
            self.count(|unit| matches!(unit, Unit::Bought(_))),
        ]
        .map(|units| i32::try_from(units).unwrap_or(i32::MAX))
    }
}

impl Books {
    /// What is still held when nothing may be, described.
    pub fn left_over(&self) -> Vec<String> {
        let held = |shelf: &Shelf| shelf.count(|unit| matches!(unit, Unit::Held(_)));
        self.shelves
            .iter()
            .filter(|(_, shelf)| held(shelf) > 0)
            .map(|((variant, house), shelf)| {
                format!("{} × v{variant} in w{house} are still held at the end", held(shelf))
            })
            .collect()
    }
}
