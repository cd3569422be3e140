//! Payment codes of the delayed methods.

use jiff::Timestamp;

use crate::method::{Method, bank_number};
use crate::taipei;
use crate::trade::{PayCode, Trade};

/// A fresh code for an order. `number` is one that no other code has.
pub(crate) fn make(trade: &Trade, method: Method, number: u64, now: Timestamp) -> PayCode {
    // With ChoosePayment=ALL the unit of the expiry would be ambiguous: the default holds.
    let asked = |field: &str, default: i64| {
        let chosen = trade.request.get("ChoosePayment") == method.as_str();
        let value = trade.request.filled(field).filter(|_| chosen);
        value.and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let (expires_at, fields) = match method {
        Method::Atm => {
            let expires_at = taipei::end_of_day(now, asked("ExpireDate", 3));
            let bank = bank_number(trade.sub_payment(method).unwrap_or("TAISHIN"));
            let account = format!("9103522{:09}", number % 1_000_000_000);
            let fields = vec![
                ("BankCode", bank.to_owned()),
                ("ExpireDate", taipei::date(expires_at)),
                ("vAccount", account),
            ];
            (expires_at, fields)
        }
        Method::Cvs => {
            let expires_at = taipei::plus_seconds(now, asked("StoreExpireDate", 10_080) * 60);
            let fields = vec![
                ("ExpireDate", taipei::date_time(expires_at)),
                ("PaymentNo", format!("LLL{:011}", number % 100_000_000_000)),
            ];
            (expires_at, fields)
        }
        Method::Bnpl => {
            let expires_at = taipei::plus_seconds(now, 7 * 86_400);
            let fields = vec![
                ("BNPLInstallment", "3".to_owned()),
                ("BNPLTradeNo", format!("BNPL{number:012}")),
            ];
            (expires_at, fields)
        }
        // What is paid at once has no code; nobody asks for one.
        _ => {
            let expires_at = taipei::plus_seconds(now, asked("StoreExpireDate", 7) * 86_400);
            (expires_at, barcodes(trade.amount, number, expires_at))
        }
    };
    let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    PayCode { method, fields, issued_at: now, expires_at }
}

/// Three pieces of Code 39: until when, which order, how much.
fn barcodes(amount: u32, number: u64, expires_at: Timestamp) -> Vec<(&'static str, String)> {
    let until = taipei::minguo(expires_at);
    vec![
        ("Barcode1", format!("{until}6EA")),
        ("Barcode2", format!("3453{:012}", number % 1_000_000_000_000)),
        ("Barcode3", format!("{}{:02}{amount:09}", &until[2..], number % 100)),
        ("ExpireDate", taipei::date_time(expires_at)),
    ]
}
