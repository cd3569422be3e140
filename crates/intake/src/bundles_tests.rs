use std::collections::BTreeMap;

use compact_str::CompactString;
use inventory::{Balance, Cause, Ledger, Preference, StockKey, StockRow, allocate};
use jiff::Timestamp;
use kernel::{Actor, Locale, LocalizedText, Money};
use orders::{Address, Contact};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

/// Variants 1 to 9 have stock of their own; from 101 on they are bundles.
fn variant(number: u8) -> VariantId {
    Uuid::from_u128(number.into()).into()
}

fn house(number: u8) -> kernel::id::WarehouseId {
    Uuid::from_u128(1000 + u128::from(number)).into()
}

fn offer(number: u8, parts: &[(u8, u32)]) -> Offer {
    let mut parts = parts.to_vec();
    parts.sort_unstable();
    let component = |(number, quantity): &(u8, u32)| catalog::Component {
        variant: variant(*number),
        sku: format!("S-{number}").into(),
        name: LocalizedText::default(),
        variant_name: LocalizedText::default(),
        quantity: *quantity,
    };
    let components: Arc<[_]> = parts.iter().map(component).collect();
    Offer {
        variant_id: variant(number),
        product_id: Uuid::from_u128(number.into()).into(),
        categories: Arc::default(),
        product_slug: "".into(),
        sku: format!("S-{number}").into(),
        name: LocalizedText::default(),
        variant_name: LocalizedText::default(),
        price: Money::twd(10).unwrap(),
        purchase_limit: None,
        reservation: None,
        sellable: true,
        image: None,
        backorder_limit: 0,
        available_from: None,
        bundle: Some(components).filter(|parts| !parts.is_empty()),
    }
}

fn request(lines: &[(u8, i64)]) -> PlaceOrder {
    let line = |(number, quantity): &(u8, i64)| RequestedLine {
        variant: variant(*number),
        quantity: Quantity::new(*quantity).unwrap(),
        unit_price: None,
    };
    let text = CompactString::default;
    PlaceOrder {
        key: Uuid::nil(),
        fingerprint: [0; 32],
        customer: None,
        locale: Locale::En,
        contact: Arc::new(Contact { email: text(), phone: text() }),
        shipping_address: Arc::new(Address {
            name: text(),
            phone: text(),
            postal_code: text(),
            city: text(),
            district: text(),
            address1: text(),
            address2: None,
        }),
        shipping_method: "".into(),
        payment_method: "".into(),
        coupon_code: None,
        note: None,
        lines: lines.iter().map(line).collect(),
        expected_total: None,
        spared: false,
    }
}

/// The stock of each variant, over two warehouses.
fn ledger(stock: &[(u8, i32, i32)]) -> Ledger {
    let row = |number: u8, place: u8, units: i32, frozen: bool| StockRow {
        key: StockKey { variant: variant(number), warehouse: house(place) },
        balance: Balance { total: units, available: units, reserved: 0, sold: 0 },
        safety_stock: 0,
        frozen_by: frozen.then(Uuid::nil),
        version: 0,
    };
    Ledger::new(stock.iter().flat_map(|(number, here, there)| {
        // A negative number: so many, but being counted.
        [(1, *here), (2, *there)].map(|(place, n)| row(*number, place, n.abs(), n < 0))
    }))
}

type Book = HashMap<VariantId, Offer>;

fn book(offers: Vec<Offer>) -> Book {
    offers.into_iter().map(|offer| (offer.variant_id, offer)).collect()
}

/// What becomes of an order: the units taken of each variant, or the refusal.
fn order(book: &Book, stock: &[(u8, i32, i32)], lines: &[(u8, i64)]) -> Result<Taken, Refusal> {
    let request = request(lines);
    let offers: Vec<&Offer> = request.lines.iter().map(|line| &book[&line.variant]).collect();
    let demands = demands(&request, &offers)?;
    let mut ledger = ledger(stock);
    let preference = Preference::in_order(vec![house(1), house(2)]);
    let at = Timestamp::UNIX_EPOCH;
    let cause = Cause { actor: Actor::System, reference: None, reason: None, at };
    let free = |ledger: &Ledger, variant| inventory::free(ledger, variant, &preference);
    match allocate(&mut ledger, &demands, &preference, &cause) {
        Ok(allocations) => {
            let mut taken = Taken::new();
            for it in allocations {
                *taken.entry((it.line_no, it.key.variant)).or_default() += it.quantity;
            }
            Ok(taken)
        }
        Err(why) => {
            assert_eq!(ledger.changed().count(), 0, "a refused order changes nothing");
            Err(refusal(&why, &request, &demands, book, |variant| free(&ledger, variant), |_| 0))
        }
    }
}

type Taken = BTreeMap<(i16, VariantId), i32>;

fn short(refused: Result<Taken, Refusal>) -> Vec<(usize, VariantId, i64, i64)> {
    let Err(Refusal::Shortage(lines)) = refused else { panic!("not short: {refused:?}") };
    for line in &lines {
        assert_eq!(*line.sku, format!("S-{}", line.variant.as_uuid().as_u128()));
    }
    lines.iter().map(|it| (it.index, it.variant, it.requested, it.available)).collect()
}

#[test]
fn a_bundle_and_a_line_of_its_component_add_up() {
    let book = book(vec![offer(1, &[]), offer(101, &[(1, 2)])]);
    let lines = [(101, 1), (1, 1)];
    // Each by itself would fit into two.
    let refused = short(order(&book, &[(1, 2, 0)], &lines));
    assert_eq!(refused, [(0, variant(101), 1, 0), (1, variant(1), 1, 0)]);
    assert!(order(&book, &[(1, 2, 0)], &lines[..1]).is_ok());
    assert!(order(&book, &[(1, 2, 0)], &lines[1..]).is_ok());
    let taken = order(&book, &[(1, 3, 0)], &lines).unwrap();
    assert_eq!(taken, Taken::from([((1, variant(1)), 2), ((2, variant(1)), 1)]));
    // From two warehouses just as well.
    assert_eq!(order(&book, &[(1, 1, 2)], &lines).unwrap(), taken);
}

#[test]
fn two_bundles_share_a_component_and_the_scarcest_one_decides() {
    let book = book(vec![offer(101, &[(1, 1), (2, 3)]), offer(102, &[(2, 1), (3, 1)])]);
    let lines = [(101, 2), (102, 1)];
    let exact = [(1, 2, 0), (2, 7, 0), (3, 1, 0)];
    let taken = order(&book, &exact, &lines).unwrap();
    let units: Vec<i32> = taken.into_values().collect();
    assert_eq!(units, [2, 6, 1, 1]);
    // One less of what both hold: of the first, one is possible beside the second.
    let refused = short(order(&book, &[(1, 2, 0), (2, 6, 0), (3, 1, 0)], &lines));
    assert_eq!(refused, [(0, variant(101), 2, 1), (1, variant(102), 1, 0)]);
    // None of what only the second one holds: the first one is not named.
    let refused = short(order(&book, &[(1, 2, 0), (2, 7, 0)], &lines));
    assert_eq!(refused, [(1, variant(102), 1, 0)]);
}

#[test]
fn a_component_that_is_being_counted_is_told_in_the_bundles_name() {
    let book = book(vec![offer(1, &[]), offer(101, &[(1, 1), (2, 1)])]);
    let refused = order(&book, &[(1, 9, 0), (2, -5, 0)], &[(1, 1), (101, 5)]);
    assert_eq!(refused, Err(Refusal::Frozen(vec![variant(101)])));
    let refused = order(&book, &[(1, 9, 0), (2, -5, 0)], &[(1, 1), (101, 6)]);
    assert_eq!(short(refused), [(1, variant(101), 6, 0)]);
}

#[test]
fn more_units_than_can_be_counted_are_refused() {
    let book = book(vec![offer(101, &[(1, 1000)])]);
    let most = [(1, 1_000_000, 0)];
    assert_eq!(order(&book, &most, &[(101, 1000)]).unwrap()[&(1, variant(1))], 1_000_000);
    assert_eq!(order(&book, &most, &[(101, 1001)]), Err(Refusal::TotalOutOfRange));
}

#[test]
fn without_bundles_the_variants_asked_for_are_those_that_are_locked() {
    let wanted = [variant(1), variant(2), variant(7)];
    let ordinary = book(vec![offer(1, &[]), offer(2, &[])]);
    assert!(matches!(stocked(&wanted, &ordinary), Cow::Borrowed(same) if same == wanted));
    let with = book(vec![offer(1, &[]), offer(2, &[(9, 1), (1, 4), (3, 1)])]);
    let expected = [variant(1), variant(3), variant(7), variant(9)];
    assert_eq!(*stocked(&wanted, &with), expected);
}

fn any_bundle() -> impl Strategy<Value = BTreeMap<u8, u32>> {
    prop::collection::btree_map(1..5_u8, 1..4_u32, 1..4)
}

/// Counts single units, knowing nothing of how it is done.
struct Reference {
    /// From 101 on.
    bundles: Vec<BTreeMap<u8, u32>>,
    /// Of the variants 1 to 4, in two places.
    stock: Vec<(i32, i32)>,
}

impl Reference {
    /// What one of it is made of; one that has stock of its own, of itself.
    fn parts(&self, number: u8) -> BTreeMap<u8, i64> {
        if number < 100 {
            return BTreeMap::from([(number, 1)]);
        }
        let parts = &self.bundles[usize::from(number) - 101];
        parts.iter().map(|(variant, units)| (*variant, i64::from(*units))).collect()
    }

    fn there(&self, number: u8) -> i64 {
        let (here, far) = self.stock[usize::from(number) - 1];
        i64::from(here + far)
    }

    fn need(&self, lines: &[(u8, i64)]) -> BTreeMap<u8, i64> {
        let mut need = BTreeMap::new();
        for (number, units) in lines {
            for (part, each) in self.parts(*number) {
                *need.entry(part).or_default() += each * units;
            }
        }
        need
    }

    fn missing(&self, lines: &[(u8, i64)]) -> Vec<u8> {
        let need = self.need(lines).into_iter();
        need.filter(|(part, units)| *units > self.there(*part)).map(|(part, _)| part).collect()
    }

    /// What each line takes.
    fn taken(&self, lines: &[(u8, i64)]) -> Taken {
        let mut taken = Taken::new();
        for (line_no, (number, units)) in (1_i16..).zip(lines) {
            for (part, each) in self.parts(*number) {
                let units = i32::try_from(each * units).unwrap();
                *taken.entry((line_no, variant(part))).or_default() += units;
            }
        }
        taken
    }

    /// Every line that touches what is missing, with how many would have been possible beside the
    /// rest of the order: tried out, from the most down.
    fn short(&self, lines: &[(u8, i64)]) -> Vec<(usize, VariantId, i64, i64)> {
        let missing = self.missing(lines);
        let mut told = Vec::new();
        for (index, (number, _)) in lines.iter().enumerate() {
            let parts = self.parts(*number);
            if !parts.keys().any(|part| missing.contains(part)) {
                continue;
            }
            let (same, others): (Vec<_>, Vec<_>) =
                lines.iter().copied().partition(|(other, _)| other == number);
            let requested: i64 = same.iter().map(|(_, units)| units).sum();
            let possible = (1..=requested).rev().find(|units| {
                let lines: Vec<_> = others.iter().copied().chain([(*number, *units)]).collect();
                let need = self.need(&lines);
                parts.keys().all(|part| need[part] <= self.there(*part))
            });
            told.push((index, variant(*number), requested, possible.unwrap_or(0)));
        }
        told
    }
}

proptest! {
    /// Random shops and orders against counting single units: an order is filled exactly when every
    /// variant suffices for all that the lines and bundles want of it together, and then takes just
    /// that; else every line that touches a short variant is told how many would have been possible.
    #[test]
    fn demand_adds_up_across_lines_and_bundles(
        bundles in prop::collection::vec(any_bundle(), 1..4),
        stock in prop::collection::vec((0..12_i32, 0..12_i32), 4),
        lines in prop::collection::vec((0..8_u8, 1..6_i64), 1..6),
    ) {
        let reference = Reference { bundles, stock };
        let mut offers: Vec<Offer> = (1..5).map(|number| offer(number, &[])).collect();
        for (number, parts) in (101..).zip(&reference.bundles) {
            offers.push(offer(number, &parts.iter().map(|(v, q)| (*v, *q)).collect::<Vec<_>>()));
        }
        let choices = 4 + u8::try_from(reference.bundles.len()).unwrap();
        let number = |choice: u8| if choice < 4 { choice + 1 } else { choice + 97 };
        let lines: Vec<(u8, i64)> =
            lines.into_iter().map(|(choice, units)| (number(choice % choices), units)).collect();
        let cells: Vec<_> = (1..5_u8).zip(&reference.stock).map(|(v, (a, b))| (v, *a, *b)).collect();
        match order(&book(offers), &cells, &lines) {
            Ok(taken) => {
                prop_assert!(reference.missing(&lines).is_empty());
                prop_assert_eq!(taken, reference.taken(&lines));
            }
            refused => {
                prop_assert!(!reference.missing(&lines).is_empty());
                prop_assert_eq!(short(refused), reference.short(&lines));
            }
        }
    }
}
