//! Comparing our books with the provider's: pure.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ecpay::Charge;
use kernel::{
    Money,
    id::{OrderId, PaymentId},
};
use serde::{Deserialize, Serialize};

use crate::model::PaymentStatus;

/// A payment in the provider's statement of trades.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementRow {
    /// Our number of the attempt.
    pub number: String,
    /// The provider's own number.
    pub trade_no: String,
    /// What the buyer was to pay.
    pub amount: Money,
    /// Whether it says that the buyer has paid; nothing when its word means neither.
    pub paid: Option<bool>,
    /// The provider's word for how far it is.
    pub status: String,
    /// What it says went back, if it says anything about that.
    pub refunded: Option<Money>,
    /// What the provider takes for it, if it tells.
    pub fee: Option<Charge>,
}

/// A row of the provider's statement of payouts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayoutRow {
    /// Our number of the attempt.
    pub number: String,
    /// The payment's amount, or that of what went back.
    pub amount: Money,
    /// Whether it is about money that went back.
    pub is_refund: bool,
    /// What the provider took, if it tells.
    pub fee: Option<Charge>,
}

/// A payment in our books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OurPayment {
    /// Its id.
    pub id: PaymentId,
    /// Its order.
    pub order: OrderId,
    /// What the provider knows it by.
    pub number: String,
    /// Its amount.
    pub amount: Money,
    /// How far it has come.
    pub status: PaymentStatus,
    /// What the provider has paid back of it; what people transferred is not counted.
    pub refunded: Money,
    /// Of refunds that the provider may have paid without our knowing yet.
    pub refunding: Money,
    /// What the provider takes for it, as an earlier statement had it.
    pub fee: Option<Charge>,
    /// Whether it was paid on the day that is compared.
    pub of_the_day: bool,
}

/// Both sides of a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Books {
    /// Ours: paid that day, and whatever the statements name.
    pub ours: Vec<OurPayment>,
    /// The provider's statement of trades.
    pub trades: Vec<StatementRow>,
    /// The provider's statement of payouts.
    pub payouts: Vec<PayoutRow>,
}

/// In what the books differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    /// The provider has money for something we do not know.
    MissingAtOurs,
    /// The provider's statement lacks what we took for paid.
    MissingAtTheirs,
    /// The amounts differ.
    Amount,
    /// One says paid, the other not.
    Status,
    /// What went back differs.
    Refunded,
    /// What the provider takes differs from what it said before.
    Fee,
}

impl DifferenceKind {
    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MissingAtOurs => "missing_at_ours",
            Self::MissingAtTheirs => "missing_at_theirs",
            Self::Amount => "amount",
            Self::Status => "status",
            Self::Refunded => "refunded",
            Self::Fee => "fee",
        }
    }
}

/// Something in which the books differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// In what.
    pub kind: DifferenceKind,
    /// What the provider knows the payment by.
    pub merchant_trade_no: String,
    /// The payment, if we know it.
    pub payment_id: Option<PaymentId>,
    /// Its order.
    pub order_id: Option<OrderId>,
    /// What our books say.
    pub ours: Option<String>,
    /// What the provider's say.
    pub theirs: Option<String>,
}

/// In what the books of a day differ, by kind and number, each once.
pub fn compare(books: &Books) -> Vec<Difference> {
    let ours: HashMap<&str, &OurPayment> =
        books.ours.iter().map(|payment| (payment.number.as_str(), payment)).collect();
    let mut found = Found::default();
    let mut named: BTreeSet<&str> = BTreeSet::new();
    let mut fees: HashMap<&str, Charge> = HashMap::new();
    for row in &books.trades {
        named.insert(&row.number);
        fees.extend(row.fee.map(|fee| (row.number.as_str(), fee)));
        match ours.get(row.number.as_str()) {
            Some(payment) => found.trade(payment, row),
            // Begun by somebody else and never paid: nobody's money.
            None if row.paid == Some(false) => {}
            None => found.unknown(&row.number, row.amount),
        }
    }
    for row in &books.payouts {
        match ours.get(row.number.as_str()) {
            Some(payment) => {
                let fee = fees.get(row.number.as_str()).copied().or(payment.fee);
                found.payout(payment, row, fee);
            }
            None => found.unknown(&row.number, row.amount),
        }
    }
    for payment in books.ours.iter().filter(|it| it.of_the_day && it.status.is_settled()) {
        if !named.contains(payment.number.as_str()) {
            let ours = Some(payment.amount.amount().to_string());
            found.add(DifferenceKind::MissingAtTheirs, Some(payment), &payment.number, ours, None);
        }
    }
    found.0.into_values().collect()
}

#[derive(Default)]
struct Found(BTreeMap<(DifferenceKind, String), Difference>);

impl Found {
    fn add(
        &mut self,
        kind: DifferenceKind,
        payment: Option<&OurPayment>,
        number: &str,
        ours: Option<String>,
        theirs: Option<String>,
    ) {
        let difference = Difference {
            kind,
            merchant_trade_no: number.to_owned(),
            payment_id: payment.map(|it| it.id),
            order_id: payment.map(|it| it.order),
            ours,
            theirs,
        };
        // Two statements may say the same: the first one counts.
        self.0.entry((kind, number.to_owned())).or_insert(difference);
    }

    fn differ(
        &mut self,
        kind: DifferenceKind,
        payment: &OurPayment,
        ours: &(impl ToString + ?Sized),
        theirs: &(impl ToString + ?Sized),
    ) {
        let (ours, theirs) = (Some(ours.to_string()), Some(theirs.to_string()));
        self.add(kind, Some(payment), &payment.number, ours, theirs);
    }

    fn unknown(&mut self, number: &str, amount: Money) {
        let theirs = Some(amount.amount().to_string());
        self.add(DifferenceKind::MissingAtOurs, None, number, None, theirs);
    }

    fn trade(&mut self, payment: &OurPayment, row: &StatementRow) {
        if row.amount != payment.amount {
            let (ours, theirs) = (payment.amount.amount(), row.amount.amount());
            self.differ(DifferenceKind::Amount, payment, &ours, &theirs);
        }
        // What was given back before it was captured is not in the provider's books as paid.
        let settled = payment.status.is_settled();
        let given_back = payment.status == PaymentStatus::Refunded;
        if row.paid == Some(!settled) && !given_back {
            self.differ(DifferenceKind::Status, payment, payment.status.as_str(), &row.status);
        }
        // An authorisation that was given up whole was never captured: nothing of it is a refund there.
        let given_up = given_back && row.refunded == Some(Money::ZERO);
        if let Some(refunded) = row.refunded.filter(|_| !given_up) {
            self.refunded(payment, refunded, payment.refunded <= refunded);
        }
        if let (Some(known), Some(fee)) = (payment.fee, row.fee)
            && known != fee
        {
            self.differ(DifferenceKind::Fee, payment, &known, &fee);
        }
    }

    fn payout(&mut self, payment: &OurPayment, row: &PayoutRow, fee: Option<Charge>) {
        if row.is_refund {
            // A part of what went back: the statement of payouts has a row for each.
            if row.amount > payment.refunded {
                self.refunded(payment, row.amount, true);
            }
            return;
        }
        if row.amount != payment.amount {
            let (ours, theirs) = (payment.amount.amount(), row.amount.amount());
            self.differ(DifferenceKind::Amount, payment, &ours, &theirs);
        }
        if !payment.status.is_settled() {
            self.differ(DifferenceKind::Status, payment, payment.status.as_str(), "paid out");
        }
        if let (Some(known), Some(fee)) = (fee, row.fee)
            && known != fee
        {
            self.differ(DifferenceKind::Fee, payment, &known, &fee);
        }
    }

    /// What went back differs, unless a refund that is just being paid back explains it.
    fn refunded(&mut self, payment: &OurPayment, theirs: Money, may_be_under_way: bool) {
        let under_way = payment.refunded.plus(payment.refunding);
        let explained = may_be_under_way && under_way.is_ok_and(|most| theirs <= most);
        if theirs != payment.refunded && !(explained && payment.refunding > Money::ZERO) {
            let ours = payment.refunded.amount();
            self.differ(DifferenceKind::Refunded, payment, &ours, &theirs.amount());
        }
    }
}

#[cfg(test)]
#[path = "compare_tests.rs"]
mod tests;
