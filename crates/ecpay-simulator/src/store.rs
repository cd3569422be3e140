//! Everything the simulator remembers.

use std::collections::{HashMap, VecDeque};

use jiff::Timestamp;

use crate::fault::Faults;
use crate::taipei;
use crate::trade::{Notice, Trade};

/// The orders, by ECPay's number and by the merchant's, and the faults to come.
#[derive(Debug)]
pub(crate) struct Store {
    max_trades: usize,
    trades: HashMap<String, Trade>,
    by_merchant: HashMap<(String, String), String>,
    age: VecDeque<String>,
    sequence: u64,
    pub(crate) faults: Faults,
}

impl Store {
    pub(crate) fn new(max_trades: usize) -> Self {
        Self {
            max_trades: max_trades.max(1),
            trades: HashMap::new(),
            by_merchant: HashMap::new(),
            age: VecDeque::new(),
            sequence: 0,
            faults: Faults::default(),
        }
    }

    /// A number that grows: for notices, codes and the end of order numbers.
    pub(crate) fn next_number(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
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

    pub(crate) fn insert(&mut self, trade: Trade) {
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
        self.trades.get_mut(trade_no)
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

    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &Trade> {
        self.age.iter().rev().filter_map(|trade_no| self.trades.get(trade_no))
    }

    /// Changes what is known of a notice.
    pub(crate) fn update_notice(
        &mut self,
        trade_no: &str,
        notice_id: u64,
        change: impl FnOnce(&mut Notice),
    ) {
        let notices = self.trades.get_mut(trade_no).map(|trade| trade.notices.iter_mut());
        if let Some(notice) = notices.and_then(|mut all| all.find(|n| n.id == notice_id)) {
            change(notice);
        }
    }
}
