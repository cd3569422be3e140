//! Nobody is sent away while there is enough. Formulated so that only what was surely there counts:
//!
//! a refusal for want of a variant is a violation when even the smallest number of units that may
//! have been free was enough, all the time from the request's beginning until its answer. The
//! smallest number: what had surely come in before, less all units of all orders that may have held
//! any at any moment of that time, be it that their first attempt began just before the answer.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use super::{
    history::{Answer, Ask, History, Micros, State},
    snapshot::{Order, Snapshot},
    verdict::{Kind, Verdict},
};

/// How long an expiry may have been under way when its time was written down.
const EXPIRY: Micros = 5_000_000;

pub(super) fn check(history: &History, snapshot: &Snapshot, verdict: &mut Verdict) {
    let books = books(history, snapshot);
    for event in &history.events {
        let (Ask::Place { key, .. }, Answer::Short { short }) = (&event.ask, &event.answer) else {
            continue;
        };
        for short in short {
            let Some(book) = books.get(&short.variant) else { continue };
            let free = book.surely_free(event.start, event.end);
            if free >= short.requested {
                let what = format!(
                    "key {key} was refused {} of variant {} at {:.3} s, and {free} were surely free",
                    short.requested,
                    short.variant,
                    std::time::Duration::from_micros(event.end).as_secs_f64()
                );
                verdict.add(Kind::Undersold, what);
            }
        }
    }
    for variant in &snapshot.sold_to_the_last {
        let left: i64 =
            snapshot.stock.iter().filter(|row| row.variant == *variant).map(|r| r.available).sum();
        if left != 0 {
            let what =
                format!("variant {variant}: {left} units were left, and could not be bought");
            verdict.add(Kind::Undersold, what);
        }
    }
}

/// What is known about the units of a variant.
#[derive(Default)]
struct Book {
    came_in: Sums,
    taken: Sums,
    given_back: Sums,
}

impl Book {
    fn surely_free(&self, from: Micros, until: Micros) -> i64 {
        self.came_in.up_to(from) + self.given_back.up_to(from) - self.taken.up_to(until)
    }
}

/// Numbers at moments, to be asked for their sum up to a moment.
#[derive(Default)]
struct Sums(Vec<(Micros, i64)>);

impl Sums {
    fn add(&mut self, at: Micros, units: i64) {
        self.0.push((at, units));
    }

    fn finish(&mut self) {
        self.0.sort_unstable();
        let mut sum = 0;
        for (_, units) in &mut self.0 {
            sum += *units;
            *units = sum;
        }
    }

    fn up_to(&self, at: Micros) -> i64 {
        let later = self.0.partition_point(|(moment, _)| *moment <= at);
        later.checked_sub(1).map_or(0, |place| self.0[place].1)
    }
}

fn books(history: &History, snapshot: &Snapshot) -> BTreeMap<Uuid, Book> {
    let mut books: BTreeMap<Uuid, Book> = BTreeMap::new();
    for row in &snapshot.stock_before {
        books.entry(row.variant).or_default().came_in.add(0, row.available);
    }
    let mut cancelled: HashMap<Uuid, Micros> = HashMap::new();
    for event in &history.events {
        match &event.ask {
            Ask::Receive { variant, quantity, .. } if event.answer.is_success() => {
                books.entry(*variant).or_default().came_in.add(event.end, *quantity);
            }
            Ask::Cancel { order } if event.answer.is_success() => {
                let end = cancelled.entry(*order).or_insert(event.end);
                *end = event.end.min(*end);
            }
            _ => {}
        }
    }
    let placings = history.placings();
    for order in &snapshot.orders {
        let attempts = order.key.as_deref().and_then(|key| placings.get(key));
        let taken_at = attempts.map_or(0, super::history::Attempts::first_start);
        let given_back = given_back(order, history, &cancelled);
        for line in &order.lines {
            let book = books.entry(line.variant).or_default();
            book.taken.add(taken_at, line.quantity);
            if let Some(at) = given_back {
                book.given_back.add(at, line.quantity);
            }
        }
    }
    for book in books.values_mut() {
        book.came_in.finish();
        book.taken.finish();
        book.given_back.finish();
    }
    books
}

/// By when the order's units had surely been given back, for good.
fn given_back(
    order: &Order,
    history: &History,
    cancelled: &HashMap<Uuid, Micros>,
) -> Option<Micros> {
    let is_end = |state: State| state == State::Cancelled || state.is_given_up();
    if !is_end(order.state) {
        return None;
    }
    // Given up, it was free before its money went back.
    let ended = order.transitions.iter().rfind(|transition| {
        transition.to == State::RefundRequested
            || (transition.to == State::Cancelled && order.state == State::Cancelled)
    });
    let by_the_books = ended.map(|transition| history.moment_of(transition.at) + EXPIRY);
    cancelled.get(&order.id).copied().or(by_the_books)
}
