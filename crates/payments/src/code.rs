//! Codes to pay by: what a buyer of a delayed method takes to an ATM or to a store.

use jiff::{Timestamp, civil::Date, tz::Offset};
use serde::{Deserialize, Serialize};

/// Taipei; there has been no daylight saving since 1979.
const TAIPEI: Offset = Offset::constant(8);

/// A code that the provider issued for an attempt. It is never a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum IssuedCode {
    /// A virtual account (虛擬帳號), paid by transfer.
    Atm {
        /// The bank's three digits.
        bank_code: String,
        /// The account.
        account: String,
        /// Until when: the end of its last day in Taipei.
        expires_at: Timestamp,
    },
    /// A code for the terminal of a convenience store (超商代碼).
    Cvs {
        /// The code.
        payment_no: String,
        /// Until when.
        expires_at: Timestamp,
    },
    /// Three Code 39 barcodes (超商條碼), shown at the counter in this order.
    Barcode {
        /// Their contents.
        segments: [String; 3],
        /// Until when.
        expires_at: Timestamp,
    },
}

impl IssuedCode {
    /// Until when it can be paid.
    pub const fn expires_at(&self) -> Timestamp {
        match self {
            Self::Atm { expires_at, .. }
            | Self::Cvs { expires_at, .. }
            | Self::Barcode { expires_at, .. } => *expires_at,
        }
    }
}

impl From<ecpay::PaymentCode> for IssuedCode {
    fn from(code: ecpay::PaymentCode) -> Self {
        match code {
            ecpay::PaymentCode::Atm { bank_code, account, expires_on } => {
                Self::Atm { bank_code, account, expires_at: end_of(expires_on) }
            }
            ecpay::PaymentCode::Cvs { payment_no, expires_at } => {
                Self::Cvs { payment_no, expires_at }
            }
            ecpay::PaymentCode::Barcode { segments, expires_at } => {
                Self::Barcode { segments, expires_at }
            }
        }
    }
}

/// The last second of a day in Taipei.
fn end_of(day: Date) -> Timestamp {
    let last = day.at(23, 59, 59, 0);
    TAIPEI.to_timestamp(last).unwrap_or(Timestamp::MAX)
}

/// The day in Taipei.
pub(crate) fn day_of(at: Timestamp) -> Date {
    TAIPEI.to_datetime(at).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_can_be_paid_until_its_last_day_ends_in_taipei() {
        let code = IssuedCode::from(ecpay::PaymentCode::Atm {
            bank_code: "812".into(),
            account: "9103522175887271".into(),
            expires_on: jiff::civil::date(2026, 6, 4),
        });
        assert_eq!(code.expires_at(), "2026-06-04T15:59:59Z".parse::<Timestamp>().unwrap());
        assert_eq!(day_of(code.expires_at()), jiff::civil::date(2026, 6, 4));
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        let expires_at = "2026-06-04T15:59:59Z".parse().unwrap();
        let segments = ["0412110".to_owned(), "98A".to_owned(), "0001".to_owned()];
        for code in [
            IssuedCode::Cvs { payment_no: "LLL22117485013".into(), expires_at },
            IssuedCode::Barcode { segments, expires_at },
        ] {
            let written = serde_json::to_value(&code).unwrap();
            assert_eq!(serde_json::from_value::<IssuedCode>(written).unwrap(), code);
        }
        let atm = IssuedCode::Atm { bank_code: "812".into(), account: "91".into(), expires_at };
        assert_eq!(
            serde_json::to_value(&atm).unwrap(),
            serde_json::json!({"kind": "atm", "bank_code": "812", "account": "91",
                               "expires_at": "2026-06-04T15:59:59Z"})
        );
    }
}
