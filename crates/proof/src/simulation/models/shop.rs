//! A shop in memory, put together from the product's pure models the way the flows do it: the
//! ledger and the allocation, the two state machines, and the quote.

use std::collections::BTreeMap;

use inventory::{
    Allocation, Cause, Demand, Ledger, MovementKind, Preference, Sourcing, StockError, StockKey,
    StockRow, Strategy, Unfillable, Warehouse, allocate,
};
use jiff::{SignedDuration, Timestamp};
use kernel::{
    Actor, LocalizedText, Money, Quantity,
    id::{VariantId, WarehouseId},
};
use orders::{Move, OrderStatus};
use payments::{PaymentMove, PaymentStatus};
use pricing::{
    Benefit, Coupon, CouponCode, CouponRefusal, CouponUse, Promotions, Quote, QuoteLine, Scope,
    ShippingRate, Usage,
};
use uuid::Uuid;

use super::fault::Fault;
use crate::simulation::scenario::{Attempt, Basket, House, Key, Off, Terms, Variant, World};

/// Postal codes near each warehouse.
pub const POSTAL_CODES: [&str; 3] = ["100", "407", "806"];
/// Where the warehouses are: Taipei, Taichung, Kaohsiung.
pub const PLACES: [(&str, f64, f64); 3] =
    [("TPE", 25.04, 121.51), ("TXG", 24.18, 120.64), ("KHH", 22.63, 120.30)];
/// Shipping costs this, and nothing from [`FREE_FROM`] on.
pub const FEE: i64 = 80;
/// See [`FEE`].
pub const FREE_FROM: i64 = 1000;

/// An order in memory.
#[derive(Clone, Debug)]
pub struct StoredOrder {
    pub key: Key,
    pub id: u128,
    pub basket: Basket,
    pub status: OrderStatus,
    pub total: i64,
    pub saved: i64,
    pub until: Timestamp,
    pub first: Vec<Allocation>,
    pub held: Vec<Allocation>,
    pub ran_out: bool,
    pub paid: bool,
}

/// An attempt in memory.
#[derive(Clone, Debug)]
pub struct StoredPayment {
    pub trade_no: String,
    pub status: PaymentStatus,
    pub amount: i64,
    pub kept: bool,
    pub refunds: Vec<&'static str>,
}

/// Everything the shop keeps. A command works on a copy, which is its transaction.
#[derive(Clone, Debug)]
pub struct Shop {
    pub now: Timestamp,
    pub rows: BTreeMap<StockKey, StockRow>,
    pub orders: Vec<StoredOrder>,
    pub payments: BTreeMap<(Key, Attempt), StoredPayment>,
    pub(super) prices: Vec<Money>,
    pub(super) limits: Vec<Option<u32>>,
    coupons: Vec<Terms>,
    pub(super) warehouses: Vec<Warehouse>,
    pub(super) ids: u128,
    pub(super) fault: Option<Fault>,
}

impl Shop {
    /// The shop of a world.
    pub fn open(world: &World, fault: Option<Fault>) -> Self {
        let rows = world.stock.iter().map(|(variant, house, units)| {
            let mut ledger = Ledger::new([empty_row(*variant, *house)]);
            let key = stock_key(*variant, *house);
            if *units > 0 {
                let units = i32::try_from(*units).unwrap_or(i32::MAX);
                let moved = ledger.apply(key, MovementKind::Receive, units, &cause(START, None));
                assert!(moved.is_ok(), "an empty row takes goods");
            }
            (key, ledger.row(key).copied().unwrap_or_else(|| empty_row(*variant, *house)))
        });
        Self {
            now: START,
            rows: rows.collect(),
            orders: Vec::new(),
            payments: BTreeMap::new(),
            prices: world.prices.iter().map(|price| dollars(*price)).collect(),
            limits: world.limits.clone(),
            coupons: world.coupons.clone(),
            warehouses: (0..world.houses).map(warehouse).collect(),
            ids: 0,
            fault,
        }
    }

    pub(super) fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    /// The rows of these variants, as if locked.
    pub(super) fn lock(&self, variants: impl IntoIterator<Item = VariantId>) -> Ledger {
        let variants: Vec<VariantId> = variants.into_iter().collect();
        let wanted = |row: &&StockRow| variants.contains(&row.key.variant);
        Ledger::new(self.rows.values().filter(wanted).copied())
    }

    /// Writes a ledger back.
    pub(super) fn save(&mut self, ledger: &Ledger) {
        for entry in ledger.changed() {
            self.rows.insert(entry.row.key, entry.row);
        }
    }

    /// Prices a basket as the engine does.
    pub(super) fn quote(&self, basket: &Basket, coupon: Option<CouponUse<'_>>) -> Option<Quote> {
        let lines = self.lines(basket)?;
        let rate = ShippingRate { fee: dollars(FEE), free_from: Some(dollars(FREE_FROM)) };
        pricing::quote(&lines, Some(rate), Promotions::default(), coupon).ok()
    }

    /// Each variant is a product of its own here.
    fn lines(&self, basket: &Basket) -> Option<Vec<QuoteLine<'static>>> {
        let line = |(variant, units): &(Variant, u32)| {
            let id = variant_id(*variant);
            Some(QuoteLine {
                variant: id,
                product: id.as_uuid().into(),
                categories: &[],
                unit_price: *self.prices.get(usize::from(*variant))?,
                quantity: Quantity::new(i64::from(*units)).ok()?,
            })
        };
        basket.lines.iter().map(line).collect()
    }

    /// A basket's coupon, if it has one and may use it.
    pub(super) fn usable(&self, basket: &Basket) -> Result<Option<Coupon>, CouponRefusal> {
        let Some(number) = basket.coupon else { return Ok(None) };
        let Some((coupon, usage)) = self.coupon(number, basket) else {
            return Err(CouponRefusal::Unknown);
        };
        let lines = self.lines(basket).unwrap_or_default();
        coupon.check(&lines, usage, self.now)?;
        Ok(Some(coupon))
    }

    /// Whether limits leave room for an order that ran out.
    pub(super) fn has_room(&self, order: &StoredOrder) -> bool {
        let coupon = order.basket.coupon.filter(|_| order.saved > 0);
        let coupon = coupon.and_then(|number| self.coupon(number, &order.basket));
        coupon.is_none_or(|(coupon, usage)| coupon.check_limits(usage).is_ok())
            && self.over_limit(&order.basket).is_empty()
    }

    fn coupon(&self, number: u8, basket: &Basket) -> Option<(Coupon, Usage)> {
        let terms = self.coupons.get(usize::from(number))?;
        let uses: Vec<&StoredOrder> = self
            .live()
            .filter(|order| order.saved > 0 && order.basket.coupon == Some(number))
            .filter(|_| !self.has(Fault::CouponForAll))
            .collect();
        let own = uses.iter().filter(|order| order.basket.buyer == basket.buyer).count();
        let coupon = Coupon {
            code: CouponCode::parse(&format!("C{number}"))?,
            benefit: benefit(terms.off),
            scope: Scope::EVERYTHING,
            minimum_spend: dollars(terms.minimum),
            valid_from: None,
            valid_until: None,
            total_limit: terms.total,
            per_customer_limit: terms.each,
            active: true,
            redeemed: u32::try_from(uses.len()).ok()?,
        };
        Some((coupon, Usage(i64::try_from(own).ok()?)))
    }

    /// Variants of a basket of which its buyer would have too many.
    pub(super) fn over_limit(&self, basket: &Basket) -> Vec<(Variant, i64, i64)> {
        let mut over = Vec::new();
        for (variant, limit) in (0_u8..).zip(&self.limits) {
            let Some(limit) = limit.filter(|_| !self.has(Fault::IgnoresLimit)) else { continue };
            let units = |basket: &Basket| -> i64 {
                let lines = basket.lines.iter().filter(|line| line.0 == variant);
                lines.map(|line| i64::from(line.1)).sum()
            };
            let theirs = self.live().filter(|order| order.basket.buyer == basket.buyer);
            let bought: i64 = theirs.map(|order| units(&order.basket)).sum();
            if units(basket) > 0 && bought + units(basket) > i64::from(limit) {
                over.push((variant, units(basket), (i64::from(limit) - bought).max(0)));
            }
        }
        over
    }

    /// Orders that have not ended.
    pub(super) fn live(&self) -> impl Iterator<Item = &StoredOrder> {
        self.orders.iter().filter(|order| order.status != OrderStatus::Cancelled)
    }

    /// Takes hold of what a basket wants.
    pub(super) fn reserve(
        &mut self,
        basket: &Basket,
        order: u128,
    ) -> Result<Vec<Allocation>, Unfillable> {
        let demands = demands(basket);
        let preference = self.preference(basket);
        let mut ledger = self.lock(demands.iter().map(|demand| demand.variant));
        if self.has(Fault::OneTooMany) || self.has(Fault::IgnoresFreeze) {
            ledger = self.tampered(&demands);
        }
        let cause = cause(self.now, Some(order));
        let allocations = allocate(&mut ledger, &demands, &preference, &cause)?;
        self.save(&ledger);
        Ok(allocations)
    }

    pub(super) fn preference(&self, basket: &Basket) -> Preference {
        let code = POSTAL_CODES[usize::from(basket.near)];
        Sourcing::new(&self.warehouses, Strategy::default()).preference(code)
    }

    /// Rows as somebody sees them who made a mistake.
    fn tampered(&self, demands: &[Demand]) -> Ledger {
        let extra = i32::from(self.has(Fault::OneTooMany));
        let rows = self.lock(demands.iter().map(|demand| demand.variant));
        let rows = demands.iter().flat_map(|demand| rows.rows_of(demand.variant).copied());
        Ledger::new(rows.map(|mut row| {
            row.balance.total += extra;
            row.balance.available += extra;
            row.frozen_by = row.frozen_by.filter(|_| !self.has(Fault::IgnoresFreeze));
            row
        }))
    }

    /// Moves what an order holds.
    pub(super) fn settle(
        &mut self,
        held: &[Allocation],
        kind: MovementKind,
        order: u128,
    ) -> Result<(), StockError> {
        let mut ledger = self.lock(held.iter().map(|allocation| allocation.key.variant));
        for allocation in held {
            let cause = cause(self.now, Some(order));
            ledger.apply(allocation.key, kind, allocation.quantity, &cause)?;
        }
        self.save(&ledger);
        Ok(())
    }

    /// What an order bought and never had is free again.
    pub(super) fn withdraw(&mut self, held: &[Allocation], order: u128) -> Result<(), StockError> {
        let mut ledger = self.lock(held.iter().map(|allocation| allocation.key.variant));
        for allocation in held {
            ledger.withdraw(allocation.key, allocation.quantity, &cause(self.now, Some(order)))?;
        }
        self.save(&ledger);
        Ok(())
    }

    /// Moves an order along its machine.
    pub(super) fn transition(&mut self, place: usize, asked: Move) -> bool {
        let order = &mut self.orders[place];
        match order.status.after(asked) {
            Ok(to) => {
                order.status = to;
                order.paid |= to == OrderStatus::Paid;
                true
            }
            Err(_) => false,
        }
    }

    /// Moves an attempt along its machine.
    pub(super) fn payment_moves(&mut self, attempt: (Key, Attempt), asked: PaymentMove) -> bool {
        let Some(payment) = self.payments.get_mut(&attempt) else { return false };
        match payment.status.after(asked) {
            Ok(to) => {
                payment.status = to;
                true
            }
            Err(_) => false,
        }
    }

    pub(super) fn next_id(&mut self) -> u128 {
        self.ids += 1;
        self.ids
    }
}

/// The instant at which scenarios begin: 2026-06-01 10:00 in Taipei.
pub const START: Timestamp = Timestamp::constant(1_780_279_200, 0);

/// How long stock is held.
pub const HOLD: SignedDuration = SignedDuration::from_mins(30);

pub(super) fn cause(at: Timestamp, order: Option<u128>) -> Cause<'static> {
    let reference = order.map(Uuid::from_u128);
    Cause { actor: Actor::System, reference, reason: None, at }
}

pub(super) fn demands(basket: &Basket) -> Vec<Demand> {
    (1_i16..)
        .zip(&basket.lines)
        .filter_map(|(line_no, (variant, units))| {
            let quantity = Quantity::new(i64::from(*units)).ok()?;
            Some(Demand { line_no, variant: variant_id(*variant), quantity })
        })
        .collect()
}

pub(super) fn empty_row(variant: Variant, house: House) -> StockRow {
    StockRow {
        key: stock_key(variant, house),
        balance: inventory::Balance::default(),
        safety_stock: 0,
        frozen_by: None,
        version: 0,
    }
}

pub(super) fn stock_key(variant: Variant, house: House) -> StockKey {
    StockKey { variant: variant_id(variant), warehouse: house_id(house) }
}

fn variant_id(variant: Variant) -> VariantId {
    Uuid::from_u128(0x1000 + u128::from(variant)).into()
}

fn house_id(house: House) -> WarehouseId {
    Uuid::from_u128(0x2000 + u128::from(house)).into()
}

/// The variant and warehouse a stock key stands for.
pub(super) fn names(key: StockKey) -> (Variant, House) {
    let last = |id: Uuid| id.as_bytes()[15];
    (last(key.variant.as_uuid()), last(key.warehouse.as_uuid()))
}

fn warehouse(house: House) -> Warehouse {
    let (code, latitude, longitude) = PLACES[usize::from(house)];
    Warehouse {
        id: house_id(house),
        code: code.into(),
        name: LocalizedText::new(code, code),
        postal_code: POSTAL_CODES[usize::from(house)].into(),
        city: String::new(),
        district: String::new(),
        address1: String::new(),
        latitude,
        longitude,
        priority: i32::from(house),
        active: true,
        version: 1,
    }
}

fn dollars(amount: i64) -> Money {
    Money::twd(amount).unwrap_or(Money::ZERO)
}

/// The coupon's benefit in the product's words.
pub fn benefit(off: Off) -> Benefit {
    match off {
        Off::Percent(percent) => Benefit::Percentage(percent),
        Off::Dollars(amount) => Benefit::Amount(dollars(amount)),
        Off::Shipping => Benefit::FreeShipping,
    }
}
