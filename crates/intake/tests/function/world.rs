//! Random shops, and random orders for them.

use std::collections::BTreeMap;

use kernel::id::{UserId, VariantId, WarehouseId};
use proptest::{
    collection::{btree_map, vec},
    option,
    prelude::*,
    sample::select,
};
use testkit::seed;

/// A shop with everything that makes orders differ.
#[derive(Clone, Debug)]
pub struct World {
    pub warehouses: Vec<House>,
    pub variants: Vec<Item>,
}

#[derive(Clone, Debug)]
pub struct House {
    pub place: (f64, f64),
    pub priority: i32,
    pub active: bool,
}

#[derive(Clone, Debug)]
pub struct Item {
    pub shard: u8,
    pub price: i64,
    pub active: bool,
    /// `draft`, `published`, or `later`: published in a year.
    pub product: &'static str,
    pub limit: Option<i32>,
    /// Minutes for which it is held while it is in a sale.
    pub minutes: Option<i32>,
    /// In each warehouse; none: it has no stock row there.
    pub stock: Vec<Option<Cell>>,
    /// What it is a bundle of: which of the shop's variants, and how many of each.
    pub parts: BTreeMap<usize, i32>,
}

#[derive(Clone, Debug)]
pub struct Cell {
    pub units: i32,
    pub safety: i32,
    pub frozen: bool,
}

/// What somebody asks for.
#[derive(Clone, Debug)]
pub struct Ask {
    pub lines: Vec<Wish>,
    pub postal_code: &'static str,
    pub method: &'static str,
    pub paying: &'static str,
    pub account: Option<u8>,
    pub email: &'static str,
    pub locale: &'static str,
    pub note: Option<&'static str>,
    pub address2: Option<&'static str>,
}

#[derive(Clone, Debug)]
pub struct Wish {
    /// Which of the shop's variants, counted round and round; none: one it does not have.
    pub variant: Option<usize>,
    pub quantity: u32,
    /// The price the buyer saw: how far off it is.
    pub seen: Option<i64>,
}

#[derive(Clone, Debug)]
pub enum Step {
    New(Ask),
    /// The request of an earlier step, with its key.
    Again(usize),
    /// The key of an earlier step with another body.
    Reuse(usize, Ask),
}

pub fn warehouse(number: usize) -> WarehouseId {
    seed::id(0x10 + u8::try_from(number).unwrap(), 0)
}

pub fn account(number: u8) -> UserId {
    seed::id(0xe0 + number, 0)
}

impl World {
    /// The variant a wish means, if the shop has it.
    pub fn item(&self, wish: &Wish) -> Option<(usize, &Item)> {
        let number = wish.variant.filter(|_| !self.variants.is_empty())? % self.variants.len();
        Some((number, &self.variants[number]))
    }

    pub fn variant(&self, number: usize) -> VariantId {
        seed::id(0x40 + u8::try_from(number).unwrap(), self.variants[number].shard)
    }

    /// What a wish asks for; it may be unknown to the shop.
    pub fn wanted(&self, wish: &Wish) -> VariantId {
        self.item(wish).map_or_else(|| seed::id(0x4f, 63), |(number, _)| self.variant(number))
    }
}

pub fn world() -> impl Strategy<Value = World> {
    (1..6_usize, 1..5_usize).prop_flat_map(|(houses, items)| {
        (vec(house(), houses), vec(item(houses), items))
            .prop_map(|(warehouses, variants)| World { warehouses, variants: bundled(variants) })
    })
}

/// A bundle is made of variants before it that are none; it has no stock of its own.
fn bundled(mut variants: Vec<Item>) -> Vec<Item> {
    for number in 0..variants.len() {
        let mut parts = std::mem::take(&mut variants[number].parts);
        parts.retain(|part, _| *part < number && variants[*part].parts.is_empty());
        if !parts.is_empty() {
            variants[number].stock.clear();
        }
        variants[number].parts = parts;
    }
    variants
}

fn house() -> impl Strategy<Value = House> {
    // The same places come again: ties are told apart by priority, then by id.
    let places =
        vec![(25.04, 121.51), (25.04, 121.51), (24.18, 120.64), (22.63, 120.3), (23.97, 121.6)];
    (select(places), 1..3_i32, prop::bool::weighted(0.9))
        .prop_map(|(place, priority, active)| House { place, priority, active })
}

fn item(houses: usize) -> impl Strategy<Value = Item> {
    let price = prop_oneof![
        12 => 1..1500_i64,
        1 => Just(0),
        1 => 400_000_000_000..=1_000_000_000_000_i64,
    ];
    let product = prop_oneof![18 => Just("published"), 1 => Just("draft"), 1 => Just("later")];
    let cell = (0..14_i32, 0..8_i32, prop::bool::weighted(0.12))
        .prop_map(|(units, safety, frozen)| Cell { units, safety, frozen });
    let stock = vec(option::weighted(0.8, cell), houses);
    let limit = option::weighted(0.3, 1..12_i32);
    let minutes = option::weighted(0.1, prop_oneof![Just(5), Just(1440), Just(20_000)]);
    let parts = prop_oneof![
        2 => Just(BTreeMap::new()),
        1 => btree_map(0..4_usize, 1..4_i32, 1..4),
    ];
    (0..64_u8, price, prop::bool::weighted(0.95), product, limit, minutes, stock, parts).prop_map(
        |(shard, price, active, product, limit, minutes, stock, parts)| Item {
            shard,
            price,
            active,
            product,
            limit,
            minutes,
            stock,
            parts,
        },
    )
}

fn ask() -> impl Strategy<Value = Ask> {
    let wish = (
        option::weighted(0.97, 0..4_usize),
        1..9_u32,
        option::weighted(0.3, prop_oneof![6 => Just(0), 1 => -2..3_i64]),
    )
        .prop_map(|(variant, quantity, seen)| Wish { variant, quantity, seen });
    let lines = vec(wish, 1..5);
    let places = vec!["100", "260", "30059", "407", "500", "600", "700", "806", "970", "000"];
    let methods = prop_oneof![
        10 => Just("home_delivery"),
        6 => Just("pickup"),
        1 => Just("closed"),
        1 => Just("drone"),
    ];
    // Held for the shop's time, for days, for days with small limits; not on offer; unknown.
    let paying = prop_oneof![
        24 => Just("ecpay_credit"),
        2 => Just("ecpay_atm"),
        2 => Just("ecpay_cvs"),
        1 => Just("ecpay_webatm"),
        1 => Just("gold"),
    ];
    let emails = vec!["a@example.com", "A+sale@Example.com", "b.c@example.org"];
    let words = option::of(select(vec!["", "請打電話\nthank you", "  spaced  "]));
    let floors = option::of(select(vec!["", "3 樓之 2"]));
    (
        lines,
        select(places),
        methods,
        paying,
        option::weighted(0.4, 0..2_u8),
        select(emails),
        select(vec!["zh-TW", "en"]),
        words,
        floors,
    )
        .prop_map(
            |(lines, postal_code, method, paying, account, email, locale, note, address2)| Ask {
                lines,
                postal_code,
                method,
                paying,
                account,
                email,
                locale,
                note,
                address2,
            },
        )
}

pub fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        10 => ask().prop_map(Step::New),
        3 => (0..8_usize).prop_map(Step::Again),
        3 => (0..8_usize, ask()).prop_map(|(earlier, ask)| Step::Reuse(earlier, ask)),
    ];
    vec(step, 1..12)
}
