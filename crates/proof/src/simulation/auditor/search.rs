//! What was going on at once must have happened in some order: the auditor looks for one that
//! explains every answer and everything that can be seen afterwards.

use super::{Auditor, books::Books, compare};
use crate::simulation::{
    answer::{Answer, Happening, Observed, Receipt},
    scenario::{Act, Key, Step},
};

/// One command of the epoch being judged.
pub struct Done<'a> {
    /// The command.
    pub step: &'a Step,
    /// What became of it.
    pub happening: &'a Happening,
}

/// The best explanation found so far, for people: how many commands it explains, and what then
/// stood in the way.
#[derive(Default)]
pub struct Best {
    explained: usize,
    /// What is wrong.
    pub wrong: Vec<String>,
}

/// Finds books that explain the epoch, or what is wrong with the nearest miss.
pub fn explain(books: &Books, epoch: &[Done<'_>], seen: &Observed) -> Result<Books, Vec<String>> {
    let mut best = Best::default();
    let mut left: Vec<usize> = (0..epoch.len()).collect();
    match dig(books, epoch, &mut left, seen, &mut best) {
        Some(books) => Ok(books),
        None => Err(best.wrong),
    }
}

fn dig(
    books: &Books,
    epoch: &[Done<'_>],
    left: &mut Vec<usize>,
    seen: &Observed,
    best: &mut Best,
) -> Option<Books> {
    let explained = epoch.len() - left.len();
    if left.is_empty() {
        let mut books = books.clone();
        let wrong = compare::compare(&mut books, seen);
        if wrong.is_empty() {
            return Some(books);
        }
        best.note(explained, wrong);
        return None;
    }
    for place in 0..left.len() {
        let chosen = left[place];
        // Who was answered before another one began came first.
        let began = epoch[chosen].happening.began;
        if left.iter().any(|other| epoch[*other].happening.ended < began) {
            continue;
        }
        left.remove(place);
        for outcome in outcomes(books, epoch, chosen) {
            match outcome {
                Ok(books) => {
                    if let Some(found) = dig(&books, epoch, left, seen, best) {
                        return Some(found);
                    }
                }
                Err(wrong) => best.note(explained, vec![wrong]),
            }
        }
        left.insert(place, chosen);
    }
    None
}

/// The ways in which a command may have happened at this point.
fn outcomes(books: &Books, epoch: &[Done<'_>], chosen: usize) -> Vec<Result<Books, String>> {
    let Done { step, happening } = &epoch[chosen];
    let company = || {
        let mine = happening;
        epoch.iter().enumerate().filter(move |(place, other)| {
            let theirs = other.happening;
            *place != chosen && theirs.ended >= mine.began && mine.ended >= theirs.began
        })
    };
    if happening.answer == Answer::Skipped {
        let known = names_something(books, &step.act);
        let wrong = || format!("step {} was skipped, but there is something to do", step.no);
        return vec![if known { Err(wrong()) } else { Ok(books.clone()) }];
    }
    let mut ways: Vec<Result<Books, String>> = Vec::new();
    if happening.answer == Answer::Lost {
        // It never happened.
        ways.push(Ok(books.clone()));
    }
    if step.act == Act::Expire {
        let others: Vec<&Act> = company().map(|(_, other)| &other.step.act).collect();
        ways.extend(expiries(books, step, &happening.answer, &others));
        return ways;
    }
    if happening.answer == Answer::KeyReused
        && let Act::Place { key, basket } = &step.act
        && company().any(|(_, other)| is_rival(&other.step.act, *key, basket))
    {
        // Somebody is asking for something else under the key at this very moment.
        ways.push(Ok(books.clone()));
    }
    if let Act::Place { key, basket } = &step.act
        && !books.orders.contains_key(key)
        && books.sold_out(basket).as_ref() == Some(&happening.answer)
    {
        ways.push(Ok(books.clone()));
    }
    let mut after = books.clone();
    let expected = after.perform(&step.act);
    ways.push(agree(step, &expected, &happening.answer, &mut after).map(|()| after));
    ways
}

fn is_rival(other: &Act, key: Key, basket: &crate::simulation::scenario::Basket) -> bool {
    matches!(other, Act::Place { key: k, basket: b } if *k == key && b != basket)
}

/// Expiry leaves out orders that somebody holds at this moment; it takes all others that are due.
fn expiries(
    books: &Books,
    step: &Step,
    answer: &Answer,
    others: &[&Act],
) -> Vec<Result<Books, String>> {
    let busy = |key: &Key| others.iter().any(|act| holds(act, *key));
    let (optional, certain): (Vec<Key>, Vec<Key>) = books.due().into_iter().partition(busy);
    // More than a few at once never happens; then the first ones stand for all.
    let optional = &optional[..optional.len().min(8)];
    let mut ways = Vec::new();
    for bits in 0_u32..1 << optional.len() {
        let chosen = (0..optional.len()).filter(|n| bits >> n & 1 == 1).map(|n| optional[n]);
        let ended: Vec<Key> = certain.iter().copied().chain(chosen).collect();
        let mut after = books.clone();
        let expected = after.run_out(&ended);
        ways.push(agree(step, &expected, answer, &mut after).map(|()| after));
    }
    ways
}

/// Whether a command may hold the lock of an order.
const fn holds(act: &Act, order: Key) -> bool {
    match act {
        Act::Pay { key, .. }
        | Act::Notice { key, .. }
        | Act::Cancel { key }
        | Act::Ship { key } => *key == order,
        Act::Expire => true,
        _ => false,
    }
}

fn names_something(books: &Books, act: &Act) -> bool {
    match act {
        Act::Pay { key, .. } | Act::Cancel { key } | Act::Ship { key } => {
            books.orders.contains_key(key)
        }
        Act::Notice { key, attempt, .. } => books.payments.contains_key(&(*key, *attempt)),
        _ => true,
    }
}

/// Whether the answer is the expected one; learns the ids in it.
fn agree(step: &Step, expected: &Answer, actual: &Answer, books: &mut Books) -> Result<(), String> {
    let wrong = || {
        Err(format!("step {} ({}) was answered {actual:?}, not {expected:?}", step.no, step.act))
    };
    match (expected, actual, &step.act) {
        (_, Answer::Lost, _) => Ok(()),
        (Answer::Placed(expected), Answer::Placed(actual), Act::Place { key, .. }) => {
            let mut known = expected.clone();
            let id = books.orders.get(key).and_then(|order| order.id).unwrap_or(actual.id);
            known.id = id;
            // Twins in one batch are both answered as if they were the first.
            known.replayed = actual.replayed;
            let certain = actual.replayed <= expected.replayed;
            if !certain || sorted(&known) != sorted(actual) || books.is_id_of_another(*key, id) {
                return wrong();
            }
            if let Some(order) = books.orders.get_mut(key) {
                order.id = Some(id);
            }
            Ok(())
        }
        (
            Answer::Form { amount: expected, .. },
            Answer::Form { trade_no, amount },
            Act::Pay { key, attempt },
        ) => {
            let payment = books.payments.get_mut(&(*key, *attempt));
            let Some(payment) = payment.filter(|_| expected == amount) else { return wrong() };
            if *payment.trade_no.get_or_insert_with(|| trade_no.clone()) == *trade_no {
                Ok(())
            } else {
                wrong()
            }
        }
        _ if expected == actual => Ok(()),
        _ => wrong(),
    }
}

fn sorted(receipt: &Receipt) -> Receipt {
    let mut receipt = receipt.clone();
    receipt.takes.sort_by_key(|take| (take.line, take.house));
    receipt
}

impl Best {
    fn note(&mut self, explained: usize, wrong: Vec<String>) {
        if self.wrong.is_empty() || explained > self.explained {
            *self = Self { explained, wrong };
        }
    }
}

impl Books {
    fn is_id_of_another(&self, key: Key, id: u128) -> bool {
        self.orders.iter().any(|(other, order)| *other != key && order.id == Some(id))
    }
}

impl Auditor {
    /// Judges an epoch: commands that overlapped, and what can be seen after the last of them.
    pub fn judge(&mut self, epoch: &[Done<'_>], seen: &Observed) -> Result<(), Vec<String>> {
        self.books = explain(&self.books, epoch, seen)?;
        Ok(())
    }
}
