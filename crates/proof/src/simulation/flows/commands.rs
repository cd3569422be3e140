//! Commands as the people of a scenario give them, and answers in its words.

use std::{collections::BTreeMap, sync::Arc};

use checkout::CheckoutError;
use futures::future::BoxFuture;
use intake::{PlaceError, PlaceOrder, Placed, Refusal, RequestedLine};
use inventory::{Cause, InventoryError, SaveContext, StockError, StockKey};
use kernel::{
    Actor, Locale, Money, Quantity,
    id::{OrderId, VariantId, WarehouseId},
};
use orders::{Address, Contact};
use uuid::Uuid;

use super::{audit, process::App};
use crate::simulation::{
    answer::{Answer, Receipt, Take},
    models::{POSTAL_CODES, START},
    rng::Rng,
    scenario::{Act, Attempt, Basket, Coupon, House, Key, PriceSeen, Says, Variant},
};

/// The shards of the variants: two of them share one.
const SHARDS: [u8; 4] = [1, 2, 1, 3];

/// The id of a variant.
pub fn variant_id(variant: Variant) -> VariantId {
    testkit::seed::id(0x40 + variant, SHARDS[usize::from(variant)])
}

/// The id of a warehouse.
pub fn house_id(house: House) -> WarehouseId {
    testkit::seed::id(0x10 + house, 0)
}

/// The code of a coupon.
pub fn coupon_code(coupon: Coupon) -> String {
    format!("C{coupon}")
}

/// The key of an order; the one of its attempts to pay is told from it by the number alone.
pub fn key_id(key: Key) -> Uuid {
    Uuid::from_u128(0xa000 + u128::from(key))
}

/// The key of a payment attempt.
pub fn attempt_id(attempt: Attempt) -> Uuid {
    Uuid::from_u128(0xb000 + u128::from(attempt))
}

/// What the people of a scenario have been told so far.
#[derive(Debug, Default)]
pub struct Names {
    /// What things cost, as the shop's pages say.
    pub prices: Vec<i64>,
    /// Orders under their keys.
    pub orders: BTreeMap<Key, OrderId>,
    /// Trade numbers and amounts.
    pub attempts: BTreeMap<(Key, Attempt), (String, i64)>,
}

impl Names {
    /// Learns from an answer.
    pub fn learn(&mut self, act: &Act, answer: &Answer) {
        match (act, answer) {
            (Act::Place { key, .. }, Answer::Placed(receipt)) => {
                self.orders.insert(*key, Uuid::from_u128(receipt.id).into());
            }
            (Act::Pay { key, attempt }, Answer::Form { trade_no, amount }) => {
                self.attempts.insert((*key, *attempt), (trade_no.clone(), *amount));
            }
            _ => {}
        }
    }
}

impl Names {
    /// The order a step is about.
    pub fn order_of(&self, act: &Act) -> Option<Uuid> {
        match act {
            Act::Place { key, .. } | Act::Cancel { key } => {
                self.orders.get(key).map(|order| order.as_uuid())
            }
            _ => None,
        }
    }
}

/// Begins a command. `None`: its caller knows nothing of what it is about.
pub fn begin(app: &App, names: &Names, act: &Act) -> Option<BoxFuture<'static, Answer>> {
    let app = app.clone();
    let order = |key: &Key| names.orders.get(key).copied();
    match act {
        Act::Place { key, basket } => {
            let request = request(*key, basket, &names.prices);
            Some(Box::pin(async move { placed(app.intake.place(request).await) }))
        }
        Act::Pay { key, attempt } => {
            let (order, key) = (order(key)?, attempt_id(*attempt));
            Some(Box::pin(async move { paying(&app, order, key).await }))
        }
        Act::Notice { key, attempt, says } => {
            let known = names.attempts.get(&(*key, *attempt));
            let body = notice(known, *says)?;
            Some(Box::pin(async move { told(&app, &body).await }))
        }
        Act::Cancel { key } => {
            let order = order(key)?;
            Some(Box::pin(async move {
                match app.checkout.cancel(order, Actor::Guest, Some("simulated")).await {
                    Ok(()) => Answer::Done,
                    Err(error) => refused(&error),
                }
            }))
        }
        Act::Expire => Some(Box::pin(async move {
            match app.checkout.expire_batch().await {
                Ok(ended) => Answer::Expired(ended),
                Err(error) => refused(&error),
            }
        })),
        Act::Receive { variant, house, units } => {
            let (row, units) = (stock_key(*variant, *house), i64::from(*units));
            Some(Box::pin(async move { received(receive(&app, row, units).await) }))
        }
        Act::Freeze { variant, house } => Some(freeze(app, stock_key(*variant, *house), true)),
        Act::Thaw { variant, house } => Some(freeze(app, stock_key(*variant, *house), false)),
        Act::SafetyStock { variant, house, units } => {
            let (row, units) = (stock_key(*variant, *house), *units);
            Some(Box::pin(async move {
                done(set_safety_stock(&app, row, i32::try_from(units).unwrap_or(i32::MAX)).await)
            }))
        }
        Act::Relay => Some(Box::pin(async move {
            let relay = app.relay(app.db.clone());
            done(relay.drain_batch().await.map(drop).map_err(InventoryError::Db))
        })),
        // Time is moved by the conductor's owner; parcels have scenarios of their own (docs/orders.md).
        Act::Wait { .. } | Act::Ship { .. } => None,
    }
}

pub fn stock_key(variant: Variant, house: House) -> StockKey {
    StockKey { variant: variant_id(variant), warehouse: house_id(house) }
}

/// The request for a basket. Its fingerprint is made of the basket: another basket, another one.
fn request(key: Key, basket: &Basket, prices: &[i64]) -> PlaceOrder {
    let text = format!("{basket:?}");
    let sum = text.bytes().fold(7_u64, |sum, b| sum.wrapping_mul(31).wrapping_add(u64::from(b)));
    let mut bytes = Rng::new(sum);
    let fingerprint = std::array::from_fn(|_| u8::try_from(bytes.below(256)).unwrap_or(0));
    let lines = basket.lines.iter().enumerate().filter_map(|(place, (variant, units))| {
        let price = prices[usize::from(*variant)];
        let seen = match basket.price {
            PriceSeen::None => None,
            PriceSeen::Wrong if place == 0 => Money::twd(price - 1).ok(),
            PriceSeen::Right | PriceSeen::Wrong => Money::twd(price).ok(),
        };
        let quantity = Quantity::new(i64::from(*units)).ok()?;
        Some(RequestedLine { variant: variant_id(*variant), quantity, unit_price: seen })
    });
    PlaceOrder {
        key: key_id(key),
        fingerprint,
        customer: None,
        locale: Locale::ZhTw,
        contact: Arc::new(Contact {
            email: format!("buyer{}@example.com", basket.buyer).into(),
            phone: "0912345678".into(),
        }),
        shipping_address: Arc::new(Address {
            name: "王小明".into(),
            phone: "0912345678".into(),
            postal_code: POSTAL_CODES[usize::from(basket.near)].into(),
            city: "臺北市".into(),
            district: "中正區".into(),
            address1: "重慶南路一段 122 號".into(),
            address2: None,
        }),
        shipping_method: "home_delivery".into(),
        payment_method: "ecpay_credit".into(),
        coupon_code: basket.coupon.map(coupon_code),
        note: None,
        lines: lines.collect(),
        expected_total: None,
        spared: false,
    }
}

fn placed(answer: Result<Arc<Placed>, PlaceError>) -> Answer {
    match answer {
        Ok(placed) => Answer::Placed(receipt(&placed)),
        Err(PlaceError::Refused(refusal)) => match refusal {
            Refusal::Shortage(lines) => {
                let mut short: Vec<_> = lines
                    .iter()
                    .map(|line| (variant_of(line.variant), line.requested, line.available))
                    .collect();
                short.sort_unstable();
                short.dedup();
                Answer::Short(short)
            }
            Refusal::Frozen(variants) => {
                let mut frozen: Vec<_> = variants.into_iter().map(variant_of).collect();
                frozen.sort_unstable();
                Answer::Frozen(frozen)
            }
            Refusal::PurchaseLimit(lines) => {
                let mut over: Vec<_> = lines
                    .iter()
                    .map(|line| (variant_of(line.variant), line.requested, line.left))
                    .collect();
                over.sort_unstable();
                over.dedup();
                Answer::OverLimit(over)
            }
            Refusal::CouponInvalid(why) => Answer::NoCoupon(why.as_str().into()),
            Refusal::PriceChanged { .. } => Answer::PriceChanged,
            Refusal::KeyReused => Answer::KeyReused,
            other => Answer::Broken(format!("{other:?}")),
        },
        // "Ask again with the same key."
        Err(PlaceError::StillWorking | PlaceError::Unavailable) => Answer::Lost,
        Err(other) => broken(&other),
    }
}

fn receipt(placed: &Placed) -> Receipt {
    let order = &placed.order;
    let take = |deduction: &intake::Deduction| Take {
        line: u8::try_from(deduction.line_no).unwrap_or(u8::MAX),
        variant: variant_of(deduction.variant),
        house: house_of(deduction.warehouse),
        units: u32::try_from(deduction.quantity).unwrap_or(u32::MAX),
        before: u32::try_from(deduction.available_before).unwrap_or(u32::MAX),
    };
    Receipt {
        id: order.id.as_uuid().as_u128(),
        total: order.total.amount(),
        until: (order.reserved_until.as_second() - START.as_second()) / 60,
        replayed: placed.replayed,
        takes: placed.deductions.iter().map(take).collect(),
    }
}

/// The variant of an id; 255 stands for a stranger.
pub fn variant_of(id: VariantId) -> Variant {
    (0..4).find(|variant| variant_id(*variant) == id).unwrap_or(u8::MAX)
}

/// The warehouse of an id; 255 stands for a stranger.
pub fn house_of(id: WarehouseId) -> House {
    (0..3).find(|house| house_id(*house) == id).unwrap_or(u8::MAX)
}

async fn paying(app: &App, order: OrderId, key: Uuid) -> Answer {
    match app.checkout.begin_payment(order, key, Actor::Guest).await {
        Ok(form) => {
            let field = |name: &str| {
                let field = form.fields.iter().find(|(n, _)| n == name);
                field.map(|(_, value)| value.clone()).unwrap_or_default()
            };
            let amount = field("TotalAmount").parse().unwrap_or(-1);
            Answer::Form { trade_no: field("MerchantTradeNo"), amount }
        }
        Err(error) => refused(&error),
    }
}

fn refused(error: &CheckoutError) -> Answer {
    match error {
        CheckoutError::InvalidTransition(_) => Answer::NotNow,
        CheckoutError::ReservationOver => Answer::TooLate,
        other => broken(other),
    }
}

/// An error that nobody should see, with its causes.
fn broken(error: &dyn std::error::Error) -> Answer {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    Answer::Broken(text)
}

/// A notice as the provider posts it, signed by the simulator's code and not by the product's.
fn notice(known: Option<&(String, i64)>, says: Says) -> Option<String> {
    let stranger = ("01ZZZZZZZZZZZZZZZZZZ".to_owned(), 1);
    let (trade_no, amount) = if says == Says::Stranger { &stranger } else { known? };
    let mut merchant = ecpay_simulator::MerchantConfig::public_test();
    let amount = (amount + i64::from(says == Says::WrongAmount)).to_string();
    let (code, words) = match says {
        Says::Failure => ("10100058", "付款失敗"),
        _ => ("1", "交易成功"),
    };
    let mut fields: Vec<(String, String)> = [
        ("MerchantID", merchant.id.as_str()),
        ("MerchantTradeNo", trade_no.as_str()),
        ("StoreID", ""),
        ("RtnCode", code),
        ("RtnMsg", words),
        ("TradeNo", "2606011000001234"),
        ("TradeAmt", &amount),
        ("PaymentDate", "2026/06/01 10:05:00"),
        ("PaymentType", "Credit_CreditCard"),
        ("PaymentTypeChargeFee", "5"),
        ("TradeDate", "2026/06/01 10:00:00"),
        ("SimulatePaid", if says == Says::Simulated { "1" } else { "0" }),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    if says == Says::Forged {
        merchant.hash_key = "anotherKey123456".into();
    }
    let signature = ecpay_simulator::sign(&merchant, &fields);
    fields.push(("CheckMacValue".into(), signature));
    Some(ecpay::to_form_body(fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))))
}

async fn told(app: &App, body: &str) -> Answer {
    match app.checkout.verify_notice(body.as_bytes()) {
        Err(ecpay::NoticeError::BadSignature) => Answer::BadSignature,
        Err(error) => broken(&error),
        Ok(notice) => match app.checkout.receive_notice(&notice, body).await {
            Ok(reply) => Answer::Told(reply.verdict.as_str()),
            Err(error) => refused(&error),
        },
    }
}

async fn receive(
    app: &App,
    row: StockKey,
    units: i64,
) -> Result<inventory::StockRow, InventoryError> {
    let mut tx = app.db.begin().await?;
    let context = SaveContext { clock: &*app.clock, ids: &app.ids };
    let at = app.clock.now();
    let cause = Cause { actor: Actor::System, reference: None, reason: Some("simulated"), at };
    let quantity = Quantity::new(units).map_err(|_| StockError::TooLarge)?;
    let (variant, warehouse) = (row.variant, row.warehouse);
    let row = inventory::receive(&mut tx, variant, warehouse, quantity, &cause, &context).await?;
    tx.commit().await.map_err(pg::DbError::from)?;
    Ok(row)
}

fn received(row: Result<inventory::StockRow, InventoryError>) -> Answer {
    match row {
        Ok(row) => {
            let balance = row.balance;
            Answer::Row([balance.total, balance.available, balance.reserved, balance.sold])
        }
        Err(InventoryError::Stock(StockError::Frozen)) => Answer::StockFrozen,
        Err(error) => broken(&error),
    }
}

fn freeze(app: App, row: StockKey, frozen: bool) -> BoxFuture<'static, Answer> {
    Box::pin(async move { done(audit::freeze(&app.db, row, frozen).await.map_err(Into::into)) })
}

async fn set_safety_stock(app: &App, row: StockKey, units: i32) -> Result<(), InventoryError> {
    let mut tx = app.db.begin().await?;
    let context = SaveContext { clock: &*app.clock, ids: &app.ids };
    let at = app.clock.now();
    let cause = Cause { actor: Actor::System, reference: None, reason: Some("simulated"), at };
    inventory::receive::set_safety_stock(&mut tx, row, units, &cause, &context).await?;
    tx.commit().await.map_err(pg::DbError::from)?;
    Ok(())
}

fn done(result: Result<(), InventoryError>) -> Answer {
    match result {
        Ok(()) => Answer::Done,
        Err(error) => broken(&error),
    }
}
