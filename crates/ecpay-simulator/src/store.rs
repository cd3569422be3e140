//! Everything the simulator remembers.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::io;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::card::CutOff;
use crate::fault::{Fault, FaultKind, FileName, Stage};
use crate::journal::{House, Journal, Line};
use crate::taipei;
use crate::trade::{Notice, Trade};

/// Calls of shops' servers that are remembered.
const MAX_CALLS: usize = 1000;
/// After so many days' ends in one go every card has come to rest.
const MAX_DAYS: i64 = 120;

/// A question or command of a shop's server.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Call {
    pub(crate) at: Timestamp,
    pub(crate) path: &'static str,
    pub(crate) merchant_trade_no: String,
}

/// The orders, by ECPay's number and by the merchant's, and the faults to come.
#[derive(Debug)]
pub(crate) struct Store {
    max_trades: usize,
    trades: HashMap<String, Trade>,
    by_merchant: HashMap<(String, String), String>,
    age: VecDeque<String>,
    house: House,
    next_cut_off: Option<CutOff>,
    pub(crate) calls: VecDeque<Call>,
    journal: Option<Journal>,
    changed: BTreeSet<String>,
    house_changed: bool,
}

impl Store {
    pub(crate) fn new(max_trades: usize) -> Self {
        Self {
            max_trades: max_trades.max(1),
            trades: HashMap::new(),
            by_merchant: HashMap::new(),
            age: VecDeque::new(),
            house: House::default(),
            next_cut_off: None,
            calls: VecDeque::new(),
            journal: None,
            changed: BTreeSet::new(),
            house_changed: false,
        }
    }

    /// Keeps everything in a directory from now on, after reading what lies there. `adopt` gives
    /// an order its merchant back, or refuses it.
    pub(crate) fn keep_in(
        &mut self,
        directory: &Path,
        adopt: impl Fn(&mut Trade) -> bool,
    ) -> io::Result<()> {
        let (journal, lines) = Journal::open(directory)?;
        for line in lines {
            match line {
                Line::Trade(mut trade) => {
                    if adopt(&mut trade) {
                        self.insert(*trade);
                    } else {
                        tracing::warn!(
                            trade_no = trade.trade_no,
                            "an order of an unknown merchant"
                        );
                    }
                }
                Line::House(house) => self.house = house,
                Line::Reset => self.forget(),
            }
        }
        self.next_cut_off = self.house.seen.map(CutOff::after);
        self.journal = Some(journal);
        self.changed.clear();
        self.house_changed = false;
        Ok(())
    }

    /// Writes down what changed, where there is something to write in.
    pub(crate) fn save(&mut self) {
        let changed = std::mem::take(&mut self.changed);
        let house_changed = std::mem::take(&mut self.house_changed);
        let Some(mut journal) = self.journal.take() else { return };
        if (!changed.is_empty() || house_changed)
            && let Err(error) = self.write(&mut journal, &changed)
        {
            tracing::error!(%error, "the state cannot be written");
        }
        self.journal = Some(journal);
    }

    fn write(&self, journal: &mut Journal, changed: &BTreeSet<String>) -> io::Result<()> {
        let line = |trade: &Trade| Line::Trade(Box::new(trade.clone()));
        let house = Line::House(self.house.clone());
        if journal.is_long(self.trades.len()) {
            let current = self.age.iter().filter_map(|trade_no| self.trades.get(trade_no));
            return journal.rewrite(current.map(line).chain([house]));
        }
        let mut lines: Vec<Line> =
            changed.iter().filter_map(|trade_no| self.trades.get(trade_no)).map(line).collect();
        lines.push(house);
        journal.append(&lines)
    }

    /// Forgets every order, fault and call; the numbers go on.
    pub(crate) fn reset(&mut self) {
        self.forget();
        self.calls.clear();
        self.house.faults.clear();
        self.house_changed = true;
        if let Some(journal) = &mut self.journal
            && let Err(error) = journal.append(&[Line::Reset])
        {
            tracing::error!(%error, "the state cannot be written");
        }
    }

    fn forget(&mut self) {
        self.trades.clear();
        self.by_merchant.clear();
        self.age.clear();
        self.changed.clear();
    }

    /// How far the simulator's clock was turned forward, in seconds.
    pub(crate) fn ahead(&self) -> i64 {
        self.house.ahead
    }

    pub(crate) fn set_ahead(&mut self, seconds: i64) {
        self.house.ahead = seconds;
        self.house_changed = true;
    }

    /// Lets the days' ends up to now happen.
    pub(crate) fn pass_time(&mut self, now: Timestamp, auto_capture: bool) {
        let mut next = *self.next_cut_off.get_or_insert_with(|| {
            self.house_changed = true;
            CutOff::after(now)
        });
        if next.at > now {
            self.house.seen = Some(self.house.seen.map_or(now, |seen| seen.max(now)));
            return;
        }
        let last = next.at.saturating_add(SignedDuration::from_hours(24 * MAX_DAYS));
        let last = last.unwrap_or(Timestamp::MAX).min(now);
        while next.at <= last {
            for (trade_no, trade) in &mut self.trades {
                let card = trade.card.as_mut();
                if card.is_some_and(|card| card.cut_off(next, auto_capture)) {
                    self.changed.insert(trade_no.clone());
                }
            }
            next = CutOff::after(next.at);
        }
        self.house.seen = Some(now);
        self.house_changed = true;
        self.next_cut_off = Some(CutOff::after(now));
    }

    /// A number that grows: for notices, codes and the end of order numbers.
    pub(crate) fn next_number(&mut self) -> u64 {
        self.house.sequence += 1;
        self.house_changed = true;
        self.house.sequence
    }

    /// A new number of ECPay's: the time and four digits.
    pub(crate) fn new_trade_no(&mut self, now: Timestamp) -> String {
        loop {
            let digits = self.next_number() % 10_000;
            let trade_no = format!("{}{digits:04}", taipei::compact(now));
            if !self.trades.contains_key(&trade_no) {
                return trade_no;
            }
        }
    }

    /// Whether a merchant has used a number before.
    pub(crate) fn is_burnt(&self, merchant_id: &str, merchant_trade_no: &str) -> bool {
        let key = (merchant_id.to_owned(), merchant_trade_no.to_owned());
        self.by_merchant.contains_key(&key)
    }

    /// Keeps an order, or what it has become.
    pub(crate) fn insert(&mut self, trade: Trade) {
        self.changed.insert(trade.trade_no.clone());
        if let Some(known) = self.trades.get_mut(&trade.trade_no) {
            *known = trade;
            return;
        }
        while self.age.len() >= self.max_trades {
            let Some(oldest) = self.age.pop_front() else { break };
            if let Some(gone) = self.trades.remove(&oldest) {
                self.by_merchant.remove(&(gone.merchant.id, gone.merchant_trade_no));
            }
        }
        let key = (trade.merchant.id.clone(), trade.merchant_trade_no.clone());
        self.by_merchant.insert(key, trade.trade_no.clone());
        self.age.push_back(trade.trade_no.clone());
        self.trades.insert(trade.trade_no.clone(), trade);
    }

    /// An order by ECPay's number.
    pub(crate) fn get(&self, trade_no: &str) -> Option<&Trade> {
        self.trades.get(trade_no)
    }

    /// An order by ECPay's number, to change.
    pub(crate) fn get_mut(&mut self, trade_no: &str) -> Option<&mut Trade> {
        let trade = self.trades.get_mut(trade_no)?;
        self.changed.insert(trade_no.to_owned());
        Some(trade)
    }

    /// An order by its merchant and the merchant's number.
    pub(crate) fn of_merchant(&self, merchant_id: &str, number: &str) -> Option<&Trade> {
        let key = (merchant_id.to_owned(), number.to_owned());
        self.trades.get(self.by_merchant.get(&key)?)
    }

    /// The newest order of that number, whosever it is.
    pub(crate) fn of_any_merchant(&self, number: &str) -> Option<&Trade> {
        self.newest_first().find(|trade| trade.merchant_trade_no == number)
    }

    pub(crate) fn newest_first(&self) -> impl DoubleEndedIterator<Item = &Trade> {
        self.age.iter().rev().filter_map(|trade_no| self.trades.get(trade_no))
    }

    /// Changes what is known of a notice; false when it is not known any more.
    pub(crate) fn update_notice(
        &mut self,
        trade_no: &str,
        notice_id: u64,
        change: impl FnOnce(&mut Notice),
    ) -> bool {
        let notices = self.get_mut(trade_no).map(|trade| trade.notices.iter_mut());
        let found = notices.and_then(|mut all| all.find(|notice| notice.id == notice_id));
        found.map(change).is_some()
    }

    pub(crate) fn note_call(&mut self, call: Call) {
        if self.calls.len() == MAX_CALLS {
            self.calls.pop_front();
        }
        self.calls.push_back(call);
    }

    pub(crate) fn faults(&self) -> &[Fault] {
        self.house.faults.list()
    }

    pub(crate) fn add_fault(&mut self, fault: Fault) -> bool {
        self.house_changed = true;
        self.house.faults.add(fault)
    }

    pub(crate) fn clear_faults(&mut self) {
        self.house_changed = true;
        self.house.faults.clear();
    }

    /// The faults of this stage of an order; each is one time less to come.
    pub(crate) fn take_faults(&mut self, stage: Stage, merchant_trade_no: &str) -> Vec<FaultKind> {
        let taken = self.house.faults.take(stage, merchant_trade_no);
        self.house_changed |= !taken.is_empty();
        taken
    }

    /// The faults of a file; each is one time less to come.
    pub(crate) fn take_file_faults(&mut self, file: FileName) -> Vec<Fault> {
        let taken = self.house.faults.take_for_file(file);
        self.house_changed |= !taken.is_empty();
        taken
    }
}
