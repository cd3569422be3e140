//! Shoppers: place orders and ask again until they know, look at orders, pay, cancel. And the stock
//! keeper, who brings goods now and then.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    audit::Goods,
    client::{Client, Held},
    dice::Dice,
    notice,
};
use crate::checker::{Answer, Line};

/// Orders that are remembered, to be looked at, paid and cancelled by anybody.
const REMEMBERED: usize = 4_000;
/// How long a shopper asks again with the same key before giving up.
const PERSISTENCE: Duration = Duration::from_mins(2);

/// What all shoppers share.
#[derive(Debug)]
pub struct Market {
    /// What is sold; the first is the hot one.
    pub goods: Vec<Goods>,
    /// Names the keys of this run.
    pub run: String,
    orders: Mutex<VecDeque<Held>>,
    /// Keys whose fate a shopper gave up to learn.
    unknown: Mutex<Vec<(String, Vec<Line>)>>,
}

impl Market {
    /// A market for these goods.
    pub fn new(goods: Vec<Goods>, run: String) -> Arc<Self> {
        Arc::new(Self { goods, run, orders: Mutex::default(), unknown: Mutex::default() })
    }

    fn remember(&self, held: Held) {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        orders.push_back(held);
        if orders.len() > REMEMBERED {
            orders.pop_front();
        }
    }

    /// One of the orders: mostly a new one.
    fn any(&self, dice: &mut Dice) -> Option<Held> {
        let orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        let reach = if dice.percent(70) { orders.len().min(100) } else { orders.len() };
        (reach > 0).then(|| orders[orders.len() - 1 - dice.place(reach)].clone())
    }

    /// Orders to look at once more in the end.
    pub fn remembered(&self) -> Vec<Held> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Keys whose fate is not known.
    pub fn unknown(&self) -> Vec<(String, Vec<Line>)> {
        std::mem::take(&mut *self.unknown.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One shopper.
#[derive(Debug)]
pub struct Shopper {
    /// How this one asks.
    pub client: Client,
    /// This one's chance.
    pub dice: Dice,
    /// What all share.
    pub market: Arc<Market>,
    /// Counts the keys.
    pub number: u32,
}

impl Shopper {
    /// Shops until `stop`.
    pub async fn shop(mut self, stop: CancellationToken) {
        for count in 0_u64.. {
            if stop.is_cancelled() {
                return;
            }
            match self.dice.range(0, 100) {
                0..55 => {
                    let key = format!("{}-{}-{count}", self.market.run, self.number);
                    let lines = self.wish();
                    self.buy(&key, lines).await;
                }
                55..80 => {
                    if let Some(held) = self.market.any(&mut self.dice) {
                        self.client.read(&held).await;
                    }
                }
                80..92 => self.pay().await,
                _ => {
                    if let Some(held) = self.market.any(&mut self.dice) {
                        self.client.cancel(&held).await;
                    }
                }
            }
            let pause = if self.dice.percent(30) { 0 } else { self.dice.range(1, 60) };
            sleep(Duration::from_millis(pause)).await;
        }
    }

    /// What somebody wants: mostly one of the hot variant, sometimes several things.
    fn wish(&mut self) -> Vec<Line> {
        let goods = &self.market.goods;
        let mut lines = Vec::new();
        let count = if self.dice.percent(70) { 1 } else { self.dice.range(2, 4) };
        for _ in 0..count {
            let place = if self.dice.percent(55) { 0 } else { self.dice.place(goods.len()) };
            let quantity = if self.dice.percent(70) { 1 } else { self.dice.range(2, 4) };
            let quantity = i64::try_from(quantity).unwrap_or(1);
            lines.push(Line { variant: goods[place].variant, quantity });
        }
        lines
    }

    /// Asks until the answer is definite; then sometimes once more, which must change nothing.
    async fn buy(&mut self, key: &str, lines: Vec<Line>) {
        let began = Instant::now();
        while began.elapsed() < PERSISTENCE {
            let hasty = self.dice.percent(6).then(|| self.dice.millis(1, 120));
            let (answer, held) = self.client.place(key, &lines, hasty).await;
            if let Some(held) = held {
                self.market.remember(held);
                if self.dice.percent(5) {
                    self.client.place(key, &lines, None).await;
                }
            }
            if is_definite(&answer) {
                return;
            }
            sleep(self.dice.millis(10, 200)).await;
        }
        let mut unknown = self.market.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        unknown.push((key.to_owned(), lines));
    }

    /// Pays an order, through the provider: its notice comes late, twice, or says that it failed.
    async fn pay(&mut self) {
        let Some(held) = self.market.any(&mut self.dice) else { return };
        let key = format!("pay-{:016x}", self.dice.next());
        let (answer, attempt) = self.client.begin_payment(&held, &key).await;
        let attempt = match (answer, attempt) {
            (Answer::Done, Some(attempt)) => attempt,
            // The same key again, once: it is the same attempt.
            (Answer::Lost { .. }, _) => match self.client.begin_payment(&held, &key).await.1 {
                Some(attempt) => attempt,
                None => return,
            },
            _ => return,
        };
        if self.dice.percent(10) {
            let form = notice::body(&attempt, false);
            self.client.notify(held.order, &attempt.trade_no, false, form).await;
            return;
        }
        if self.dice.percent(20) {
            sleep(self.dice.millis(0, 3_000)).await;
        }
        let form = notice::body(&attempt, true);
        let say = || self.client.notify(held.order, &attempt.trade_no, true, form.clone());
        if self.dice.percent(15) {
            tokio::join!(say(), say());
        }
        // The provider does not give up so soon.
        for _ in 0..30 {
            if say().await.is_success() {
                return;
            }
            sleep(self.dice.millis(50, 400)).await;
        }
    }
}

/// Whether asking again with the key makes no sense.
pub fn is_definite(answer: &Answer) -> bool {
    match answer {
        Answer::Placed { .. } => true,
        Answer::Refused { status, .. } => *status < 500 && answer.is_surely_without_effect(),
        _ => answer.is_surely_without_effect(),
    }
}

/// The stock keeper.
#[derive(Debug)]
pub struct Keeper {
    /// How this one asks.
    pub client: Client,
    /// This one's chance.
    pub dice: Dice,
    /// What all share.
    pub market: Arc<Market>,
    /// E-mail and password.
    pub credentials: (String, String),
}

impl Keeper {
    /// Brings goods until `stop`.
    pub async fn work(mut self, stop: CancellationToken) {
        let mut token = None;
        for count in 0_u64.. {
            let pause = self.dice.millis(20, 350);
            if stop.run_until_cancelled(sleep(pause)).await.is_none() {
                return;
            }
            let place =
                if self.dice.percent(50) { 0 } else { self.dice.place(self.market.goods.len()) };
            let (variant, warehouse) = self.where_to(place);
            let quantity = i64::try_from(self.dice.range(1, 40)).unwrap_or(1);
            let (email, password) = &self.credentials;
            if token.is_none() {
                token = self.client.sign_in(email, password).await;
            }
            let Some(signed_in) = &token else { continue };
            let reason = format!("{} delivery {count}", self.market.run);
            let answer = self.client.receive(signed_in, variant, warehouse, quantity, reason).await;
            if matches!(answer, Answer::Refused { status: 401, .. }) {
                token = None;
            }
        }
    }

    fn where_to(&mut self, place: usize) -> (Uuid, Uuid) {
        let goods = &self.market.goods[place];
        (goods.variant, goods.warehouses[self.dice.place(goods.warehouses.len())])
    }
}
