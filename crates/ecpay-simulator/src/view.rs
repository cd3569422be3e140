//! An order as the control API tells it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::card::{Card, CardState};
use crate::trade::{Notice, Trade};

/// An order. Amounts are whole TWD, times RFC 3339.
#[derive(Debug, Serialize)]
pub(crate) struct TradeView<'a> {
    merchant_id: &'a str,
    merchant_trade_no: &'a str,
    trade_no: &'a str,
    amount: u32,
    status: &'static str,
    items: Vec<String>,
    methods: Vec<&'static str>,
    created_at: Timestamp,
    paid_at: Option<Timestamp>,
    payment_type: Option<String>,
    code: Option<BTreeMap<&'a str, &'a str>>,
    code_expires_at: Option<Timestamp>,
    card: Option<CardView<'a>>,
    pay_page: String,
    control_page: String,
    notices: &'a [Notice],
}

/// A card payment.
#[derive(Debug, Serialize)]
struct CardView<'a> {
    gwsr: u64,
    state: CardState,
    authorised: u32,
    captured: u32,
    refunded: u32,
    instalments: Option<&'a str>,
    union_pay: bool,
    closes: Vec<CloseView>,
}

/// A capture, or a refund below 0.
#[derive(Debug, Serialize)]
struct CloseView {
    amount: i64,
    asked_at: Timestamp,
    closed_at: Option<Timestamp>,
}

impl<'a> CardView<'a> {
    fn new(card: &'a Card) -> Self {
        let closes = card.closes.iter().map(|close| CloseView {
            amount: close.amount,
            asked_at: close.asked_at,
            closed_at: close.closed_at,
        });
        Self {
            gwsr: card.gwsr,
            state: card.state,
            authorised: card.amount,
            captured: card.captured,
            refunded: card.refunded,
            instalments: card.entry.instalments.as_deref(),
            union_pay: card.entry.union_pay,
            closes: closes.collect(),
        }
    }
}

impl<'a> TradeView<'a> {
    pub(crate) fn new(trade: &'a Trade) -> Self {
        let code = trade.code.as_ref();
        Self {
            merchant_id: &trade.merchant.id,
            merchant_trade_no: &trade.merchant_trade_no,
            trade_no: &trade.trade_no,
            amount: trade.amount,
            status: trade.state_in_words(),
            items: trade.items(),
            methods: trade.methods.iter().map(|method| method.as_str()).collect(),
            created_at: trade.created_at,
            paid_at: trade.paid_at,
            payment_type: trade.paid_by.map(|method| trade.payment_type(method)),
            code: code.map(|code| {
                code.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
            }),
            code_expires_at: code.map(|code| code.expires_at),
            card: trade.card.as_ref().map(CardView::new),
            pay_page: format!("/Cashier/Pay/{}", trade.trade_no),
            control_page: trade.control_page(),
            notices: &trade.notices,
        }
    }
}
