//! The messages ECPay sends, field by field.

use jiff::Timestamp;

use crate::card::Card;
use crate::method::{Method, bank_number};
use crate::taipei;
use crate::trade::{Event, PayCode, Trade};

/// Names and values, in the order they are sent.
pub(crate) type Fields = Vec<(String, String)>;

fn push(fields: &mut Fields, name: &str, value: impl Into<String>) {
    fields.push((name.into(), value.into()));
}

fn push_echo(fields: &mut Fields, trade: &Trade) {
    for name in ["CustomField1", "CustomField2", "CustomField3", "CustomField4"] {
        push(fields, name, trade.request.get(name));
    }
}

/// Roughly what ECPay keeps of a payment: 2.75 % of a card's, at least a dollar; fixed sums of the
/// others.
pub(crate) fn fee(method: Method, amount: u32) -> u32 {
    match method {
        Method::Credit | Method::ApplePay | Method::Bnpl => {
            let fee = (u64::from(amount) * 275).div_ceil(10_000).max(1);
            u32::try_from(fee).unwrap_or(u32::MAX)
        }
        Method::WebAtm | Method::Atm => 10,
        Method::Cvs => 27,
        Method::Barcode => 15,
        Method::Twqr | Method::WeiXin | Method::DigitalPayment => 0,
    }
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

/// The payment result (付款結果通知), unsigned.
pub(crate) fn payment_result(trade: &Trade, event: &Event, voice: Voice) -> Fields {
    let paid_at = event.is_success().then_some(event.at);
    let method = trade.paid_by.unwrap_or(trade.methods[0]);
    let mut fields = Fields::new();
    push_echo(&mut fields, trade);
    push(&mut fields, "MerchantID", &trade.merchant.id);
    push(&mut fields, "MerchantTradeNo", &trade.merchant_trade_no);
    push(&mut fields, "PaymentDate", time_or_empty(paid_at));
    push(&mut fields, "PaymentType", trade.payment_type(method));
    push(&mut fields, "PaymentTypeChargeFee", fee(method, trade.amount).to_string());
    push(&mut fields, "RtnCode", event.code.to_string());
    push(&mut fields, "RtnMsg", voice.message(event));
    push(&mut fields, "SimulatePaid", if event.simulated { "1" } else { "0" });
    push(&mut fields, "StoreID", trade.request.get("StoreID"));
    push(&mut fields, "TradeAmt", trade.amount.to_string());
    push(&mut fields, "TradeDate", taipei::date_time(trade.created_at));
    push(&mut fields, "TradeNo", &trade.trade_no);
    push_extra(&mut fields, trade, paid_at);
    fields
}

/// The announcement of a payment code (取號結果), unsigned. `None` before one is issued.
pub(crate) fn code_issued(trade: &Trade) -> Option<Fields> {
    let code = trade.code.as_ref()?;
    let (rtn_code, message) = match code.method {
        Method::Atm => ("2", "Get VirtualAccount Succeeded"),
        Method::Bnpl => ("2", "BNPL Application Received"),
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
    push(&mut fields, "TradeDate", taipei::date_time(code.issued_at));
    push(&mut fields, "TradeNo", &trade.trade_no);
    fields.extend(code.fields.iter().cloned());
    Some(fields)
}

/// The answer to `QueryPaymentInfo`, unsigned: the announcement, and of a store's code the address
/// where it is shown. `None` before a code is issued, and once the order is paid.
pub(crate) fn payment_info(trade: &Trade) -> Option<Fields> {
    if trade.paid_at.is_some() {
        return None;
    }
    let mut fields = code_issued(trade)?;
    if let Some(number) = trade.code.as_ref().and_then(|code| code.field("PaymentNo")) {
        let page = "https://payment-stage.ecpay.com.tw/PaymentRule/CVSBarCode";
        push(&mut fields, "PaymentURL", format!("{page}?PaymentNo={number}"));
    }
    Some(fields)
}

/// The answer to `QueryTradeInfo`, unsigned.
pub(crate) fn trade_info(trade: &Trade) -> Fields {
    // An issued code already says how the order will be paid.
    let issued = trade.code.as_ref().map(|code| code.method);
    let method = trade.paid_at.and(trade.paid_by).or(issued);
    let due = trade.paid_at.is_some() || issued == Some(Method::Atm);
    let charged = method.filter(|_| due).map_or(0, |method| fee(method, trade.amount)).to_string();
    let mut fields = Fields::new();
    push_echo(&mut fields, trade);
    push(&mut fields, "HandlingCharge", &charged);
    // ECPay stores a space for each `=`.
    push(&mut fields, "ItemName", trade.request.get("ItemName").replace('=', " "));
    push(&mut fields, "MerchantID", &trade.merchant.id);
    push(&mut fields, "MerchantTradeNo", &trade.merchant_trade_no);
    push(&mut fields, "PaymentDate", time_or_empty(trade.paid_at));
    let payment_type = method.map(|method| trade.payment_type(method));
    push(&mut fields, "PaymentType", payment_type.unwrap_or_default());
    push(&mut fields, "PaymentTypeChargeFee", &charged);
    push(&mut fields, "StoreID", trade.request.get("StoreID"));
    push(&mut fields, "TradeAmt", trade.amount.to_string());
    push(&mut fields, "TradeDate", taipei::date_time(trade.created_at));
    push(&mut fields, "TradeNo", &trade.trade_no);
    push(&mut fields, "TradeStatus", trade.status().to_string());
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
    let names = [
        "AlipayID",
        "AlipayTradeNo",
        "amount",
        "ATMAccBank",
        "ATMAccNo",
        "auth_code",
        "card4no",
        "card6no",
        "eci",
        "ExecTimes",
        "Frequency",
        "gwsr",
        "PayFrom",
        "PaymentNo",
        "PeriodAmount",
        "PeriodType",
        "process_date",
        "red_dan",
        "red_de_amt",
        "red_ok_amt",
        "red_yet",
        "staed",
        "stage",
        "stast",
        "TenpayTradeNo",
        "TotalSuccessAmount",
        "TotalSuccessTimes",
        "WebATMAccBank",
        "WebATMAccNo",
        "WebATMBankName",
    ];
    let mut known = Vec::new();
    if paid_at.is_some() {
        if let Some(card) = &trade.card {
            known.extend(of_card(trade, card));
        }
        known.extend(of_payer(trade));
    }
    known.extend(trade.code.as_ref().and_then(of_code));
    for name in names {
        let value = known.iter().find(|(at, _)| *at == name).map_or("", |(_, value)| value);
        push(fields, name, value);
    }
    if trade.paid_by == Some(Method::Twqr) {
        let number =
            if paid_at.is_some() { format!("TW{}", trade.trade_no) } else { String::new() };
        push(fields, "TWQRTradeNo", number);
    }
}

type Known = (&'static str, String);

fn of_code(code: &PayCode) -> Option<Known> {
    code.field("PaymentNo").map(|number| ("PaymentNo", number.to_owned()))
}

/// Who paid, as far as banks and stores tell.
fn of_payer(trade: &Trade) -> Vec<Known> {
    let sub = |method: Method, default| trade.sub_payment(method).unwrap_or(default);
    match trade.paid_by {
        Some(Method::Atm) => {
            vec![("ATMAccBank", "812".into()), ("ATMAccNo", "54321".into())]
        }
        Some(Method::WebAtm) => {
            let bank = sub(Method::WebAtm, "TAISHIN");
            vec![
                ("WebATMAccBank", bank_number(bank).into()),
                ("WebATMAccNo", "54321".into()),
                ("WebATMBankName", bank.chars().take(10).collect()),
            ]
        }
        Some(Method::Cvs) => {
            let chain = match sub(Method::Cvs, "CVS") {
                "HILIFE" => "hilife",
                "OK" => "okmart",
                "IBON" => "ibon",
                _ => "family",
            };
            vec![("PayFrom", chain.into())]
        }
        _ => Vec::new(),
    }
}

fn of_card(trade: &Trade, card: &Card) -> Vec<Known> {
    let amount = trade.amount;
    let plan = card.entry.instalments.as_deref().unwrap_or("0").trim_end_matches('N');
    let count: u32 = plan.parse().unwrap_or(0);
    // The first instalment takes what does not divide.
    let (first, other) = match amount.checked_div(count) {
        Some(other) => (amount - other * (count - 1), other),
        None => (0, 0),
    };
    let period = |name: &str| trade.request.get(name).to_owned();
    let recurring = trade.request.filled("PeriodType").is_some();
    let success = |value: u32| if recurring { value.to_string() } else { String::new() };
    vec![
        ("amount", amount.to_string()),
        ("auth_code", Card::AUTH_CODE.into()),
        ("card4no", card.entry.last4.clone()),
        ("card6no", card.entry.first6.clone()),
        ("eci", "5".into()),
        ("ExecTimes", period("ExecTimes")),
        ("Frequency", period("Frequency")),
        ("gwsr", card.gwsr.to_string()),
        ("PeriodAmount", period("PeriodAmount")),
        ("PeriodType", period("PeriodType")),
        ("process_date", taipei::date_time(card.authorised_at)),
        ("red_dan", "0".into()),
        ("red_de_amt", "0".into()),
        ("red_ok_amt", "0".into()),
        ("red_yet", "0".into()),
        ("staed", other.to_string()),
        ("stage", count.to_string()),
        ("stast", first.to_string()),
        ("TotalSuccessAmount", success(amount)),
        ("TotalSuccessTimes", success(1)),
    ]
}
