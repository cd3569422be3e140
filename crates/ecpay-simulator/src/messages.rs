//! The messages ECPay sends, field by field.

use jiff::Timestamp;

use crate::taipei;
use crate::trade::{Event, Trade};

type Fields = Vec<(String, String)>;

fn push(fields: &mut Fields, name: &str, value: impl Into<String>) {
    fields.push((name.into(), value.into()));
}

fn push_echo(fields: &mut Fields, trade: &Trade) {
    for name in ["CustomField1", "CustomField2", "CustomField3", "CustomField4"] {
        push(fields, name, trade.request.get(name));
    }
}

/// Roughly what ECPay keeps of a card payment: 2.75 %, at least a dollar.
fn fee(amount: u32) -> String {
    let fee = (u64::from(amount) * 275).div_ceil(10_000).max(1);
    fee.to_string()
}

fn time_or_empty(at: Option<Timestamp>) -> String {
    at.map(taipei::date_time).unwrap_or_default()
}

/// `RtnMsg` of the first delivery to the server, of a later one, and of the browser's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Voice {
    Server,
    ServerAgain,
    Browser,
}

impl Voice {
    fn message(self, event: &Event) -> &'static str {
        match (self, event.is_success()) {
            (Self::Server, true) => "交易成功",
            (Self::ServerAgain, true) => "paid",
            (Self::Browser, true) => "Succeeded",
            (_, false) => "付款失敗",
        }
    }
}

/// What a payment result says, before anything goes wrong with it.
#[derive(Debug, Clone)]
pub(crate) struct Result {
    pub(crate) event: Event,
    pub(crate) merchant_id: String,
    pub(crate) amount: u32,
}

impl Result {
    pub(crate) fn honest(trade: &Trade, event: Event) -> Self {
        Self { event, merchant_id: trade.merchant.id.clone(), amount: trade.amount }
    }
}

/// The payment result (付款結果通知), unsigned.
pub(crate) fn payment_result(trade: &Trade, result: &Result, voice: Voice) -> Fields {
    let event = &result.event;
    let paid_at = event.is_success().then_some(event.at);
    let method = trade.paid_by.unwrap_or(trade.methods[0]);
    let mut fields = Fields::new();
    push_echo(&mut fields, trade);
    push(&mut fields, "MerchantID", &result.merchant_id);
    push(&mut fields, "MerchantTradeNo", &trade.merchant_trade_no);
    push(&mut fields, "PaymentDate", time_or_empty(paid_at));
    push(&mut fields, "PaymentType", trade.payment_type(method));
    push(&mut fields, "PaymentTypeChargeFee", fee(trade.amount));
    push(&mut fields, "RtnCode", event.code.to_string());
    push(&mut fields, "RtnMsg", voice.message(event));
    push(&mut fields, "SimulatePaid", if event.simulated { "1" } else { "0" });
    push(&mut fields, "StoreID", trade.request.get("StoreID"));
    push(&mut fields, "TradeAmt", result.amount.to_string());
    push(&mut fields, "TradeDate", taipei::date_time(trade.created_at));
    push(&mut fields, "TradeNo", &trade.trade_no);
    push_extra(&mut fields, trade, paid_at);
    fields
}

/// The announcement of a payment code (取號結果), unsigned. `None` before one is issued.
pub(crate) fn code_issued(trade: &Trade) -> Option<Fields> {
    use crate::rules::Method;
    let code = trade.code.as_ref()?;
    let (rtn_code, message) = match code.method {
        Method::Atm => ("2", "Get VirtualAccount Succeeded"),
        _ => ("10100073", "Get CVS Code Succeeded."),
    };
    let mut fields = Fields::new();
    push_echo(&mut fields, trade);
    push(&mut fields, "MerchantID", &trade.merchant.id);
    push(&mut fields, "MerchantTradeNo", &trade.merchant_trade_no);
    push(&mut fields, "PaymentType", trade.payment_type(code.method));
    push(&mut fields, "RtnCode", rtn_code);
    push(&mut fields, "RtnMsg", message);
    push(&mut fields, "StoreID", trade.request.get("StoreID"));
    push(&mut fields, "TradeAmt", trade.amount.to_string());
    push(&mut fields, "TradeDate", taipei::date_time(trade.created_at));
    push(&mut fields, "TradeNo", &trade.trade_no);
    fields.extend(code.fields.iter().cloned());
    Some(fields)
}

/// The answer to `QueryTradeInfo`, unsigned.
pub(crate) fn trade_info(trade: &Trade) -> Fields {
    let paid_by = trade.paid_at.and(trade.paid_by);
    let charged = if trade.paid_at.is_some() { fee(trade.amount) } else { "0".into() };
    let mut fields = Fields::new();
    push_echo(&mut fields, trade);
    push(&mut fields, "HandlingCharge", &charged);
    // ECPay stores a space for each `=`.
    push(&mut fields, "ItemName", trade.request.get("ItemName").replace('=', " "));
    push(&mut fields, "MerchantID", &trade.merchant.id);
    push(&mut fields, "MerchantTradeNo", &trade.merchant_trade_no);
    push(&mut fields, "PaymentDate", time_or_empty(trade.paid_at));
    push(
        &mut fields,
        "PaymentType",
        paid_by.map(|method| trade.payment_type(method)).unwrap_or_default(),
    );
    push(&mut fields, "PaymentTypeChargeFee", &charged);
    push(&mut fields, "StoreID", trade.request.get("StoreID"));
    push(&mut fields, "TradeAmt", trade.amount.to_string());
    push(&mut fields, "TradeDate", taipei::date_time(trade.created_at));
    push(&mut fields, "TradeNo", &trade.trade_no);
    push(&mut fields, "TradeStatus", trade.status());
    push_extra(&mut fields, trade, trade.paid_at);
    fields
}

/// The answer to `QueryTradeInfo` about an order that is not there, unsigned.
pub(crate) fn no_trade_info(merchant_id: &str, merchant_trade_no: &str) -> Fields {
    let mut fields = Fields::new();
    for (name, value) in [
        ("HandlingCharge", "0"),
        ("ItemName", ""),
        ("MerchantID", merchant_id),
        ("MerchantTradeNo", merchant_trade_no),
        ("PaymentDate", ""),
        ("PaymentType", ""),
        ("PaymentTypeChargeFee", "0"),
        ("TradeAmt", "0"),
        ("TradeDate", ""),
        ("TradeNo", ""),
        ("TradeStatus", "10200047"),
    ] {
        push(&mut fields, name, value);
    }
    fields
}

/// The fields of `NeedExtraPaidInfo=Y`. ECPay sends them all, most of them empty.
fn push_extra(fields: &mut Fields, trade: &Trade, paid_at: Option<Timestamp>) {
    if trade.request.get("NeedExtraPaidInfo") != "Y" {
        return;
    }
    let card = trade.card.as_ref().filter(|_| paid_at.is_some());
    let of_card = |value: &str| card.map(|_| value.to_owned()).unwrap_or_default();
    let store_code = trade.code.as_ref().and_then(|code| {
        code.fields.iter().find(|(name, _)| name == "PaymentNo").map(|(_, number)| number.clone())
    });
    let amount = trade.amount.to_string();
    // The last eight digits of ECPay's number do for an authorisation's.
    let gwsr = &trade.trade_no[trade.trade_no.len().saturating_sub(8)..];
    let extra = [
        ("AlipayID", String::new()),
        ("AlipayTradeNo", String::new()),
        ("amount", of_card(&amount)),
        ("ATMAccBank", String::new()),
        ("ATMAccNo", String::new()),
        ("auth_code", of_card("777777")),
        ("card4no", card.map(|digits| digits.last4.clone()).unwrap_or_default()),
        ("card6no", card.map(|digits| digits.first6.clone()).unwrap_or_default()),
        ("eci", of_card("5")),
        ("ExecTimes", String::new()),
        ("Frequency", String::new()),
        ("gwsr", of_card(gwsr)),
        ("PayFrom", paid_at.and(store_code.as_ref()).map(|_| "family".into()).unwrap_or_default()),
        ("PaymentNo", store_code.clone().unwrap_or_default()),
        ("PeriodAmount", String::new()),
        ("PeriodType", String::new()),
        ("process_date", of_card(&time_or_empty(paid_at))),
        ("red_dan", of_card("0")),
        ("red_de_amt", of_card("0")),
        ("red_ok_amt", of_card("0")),
        ("red_yet", of_card("0")),
        ("staed", of_card("0")),
        ("stage", of_card("0")),
        ("stast", of_card("0")),
        ("TenpayTradeNo", String::new()),
        ("TotalSuccessAmount", String::new()),
        ("TotalSuccessTimes", String::new()),
        ("WebATMAccBank", String::new()),
        ("WebATMAccNo", String::new()),
        ("WebATMBankName", String::new()),
    ];
    for (name, value) in extra {
        push(fields, name, value);
    }
}
