//! Mails about paying: by which code, and that it did not work.

use jiff::Timestamp;
use kernel::{Locale, Money};
use serde::{Deserialize, Serialize};

use crate::{
    letter::{Letter, in_taipei},
    message::{Message, about_an_order},
    payload::{Order, sample},
    phrases::Phrases,
    render::RenderError,
};

/// How to pay an order by transfer or in a store. Also the data of `payment.code_issued`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentInstructions {
    /// The order.
    #[serde(flatten)]
    pub order: Order,
    /// What is to be paid, to the dollar.
    pub amount: Money,
    /// By what.
    pub code: PaymentCode,
}

/// What a buyer takes to an ATM or to a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PaymentCode {
    /// A virtual account (虛擬帳號), paid by transfer.
    Atm {
        /// The bank's three digits.
        bank_code: String,
        /// The account.
        account: String,
        /// Until when.
        expires_at: Timestamp,
    },
    /// A code for the terminal of a convenience store (超商代碼).
    Cvs {
        /// The code.
        payment_no: String,
        /// Until when.
        expires_at: Timestamp,
    },
    /// Three barcodes (超商條碼), scanned at the counter in this order.
    Barcode {
        /// Their contents.
        segments: [String; 3],
        /// Until when.
        expires_at: Timestamp,
    },
    /// The shop's own account.
    Transfer {
        /// The bank's three digits.
        bank_code: String,
        /// The bank's name.
        bank_name: String,
        /// The account.
        account: String,
        /// In whose name it is.
        holder: String,
        /// What has to stand in the transfer's note.
        reference: String,
        /// Until when.
        expires_at: Timestamp,
    },
}

impl PaymentCode {
    const fn expires_at(&self) -> Timestamp {
        match self {
            Self::Atm { expires_at, .. }
            | Self::Cvs { expires_at, .. }
            | Self::Barcode { expires_at, .. }
            | Self::Transfer { expires_at, .. } => *expires_at,
        }
    }
}

impl Message for PaymentInstructions {
    about_an_order!();

    fn letter(&self, say: &Phrases<'_>) -> Result<Letter, RenderError> {
        let until = in_taipei(self.code.expires_at(), self.order.locale);
        let letter = Letter::about(&self.order, say)?
            .preview(&format!("{} · {} {until}", self.amount, say.text("pay_until")?))
            .fact(say.text("amount_due")?, &self.amount.to_string())
            .fact(say.text("pay_until")?, &until);
        let letter = match &self.code {
            PaymentCode::Atm { bank_code, account, .. } => letter
                .lead(say.text("lead_atm")?)
                .code(say.text("bank_code")?, bank_code)
                .code(say.text("account")?, &in_fours(account))
                .more(say.text("more_atm")?),
            PaymentCode::Cvs { payment_no, .. } => letter
                .lead(say.text("lead_cvs")?)
                .code(say.text("payment_no")?, payment_no)
                .more(say.text("more_cvs")?),
            PaymentCode::Barcode { segments, .. } => letter
                .lead(say.text("lead_barcode")?)
                .barcodes(segments)?
                .more(say.text("more_barcode")?),
            PaymentCode::Transfer { bank_code, bank_name, account, holder, reference, .. } => {
                letter
                    .fact(say.text("bank")?, &format!("{bank_code} {bank_name}"))
                    .fact(say.text("holder")?, holder)
                    .lead(say.text("lead_transfer")?)
                    .code(say.text("account")?, &in_fours(account))
                    .code(say.text("reference")?, reference)
                    .more(say.text("more_transfer")?)
            }
        };
        Ok(letter.more(say.text("more")?))
    }

    fn good_until(&self) -> Option<Timestamp> {
        Some(self.code.expires_at())
    }

    fn sample(locale: Locale) -> Self {
        let segments = ["0409306EA", "YT80000000000123", "042900000002000"].map(str::to_owned);
        let code = PaymentCode::Barcode { segments, expires_at: sample::time(7) };
        Self { order: sample::order(locale), amount: sample::money(2000), code }
    }
}

/// An account's digits in groups, so that they can be read aloud and typed.
fn in_fours(account: &str) -> String {
    if !account.chars().all(|it| it.is_ascii_digit()) {
        return account.to_owned();
    }
    let digits: Vec<char> = account.chars().collect();
    digits.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

/// An attempt to pay did not work. Also the data of `payment.failed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentFailed {
    /// The order.
    #[serde(flatten)]
    pub order: Order,
    /// What was to be paid.
    pub amount: Money,
}

impl Message for PaymentFailed {
    about_an_order!();

    fn letter(&self, say: &Phrases<'_>) -> Result<Letter, RenderError> {
        let letter = Letter::about(&self.order, say)?
            .lead(say.text("lead")?)
            .fact(say.text("amount_due")?, &self.amount.to_string())
            .more(say.text("more")?);
        Ok(letter)
    }

    fn sample(locale: Locale) -> Self {
        Self { order: sample::order(locale), amount: sample::money(2000) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_grouped_and_everything_else_stays() {
        for (account, shown) in [
            ("9103522175887271", "9103 5221 7588 7271"),
            ("12345", "1234 5"),
            ("", ""),
            ("12-34", "12-34"),
            ("帳號", "帳號"),
        ] {
            assert_eq!(in_fours(account), shown);
        }
    }
}
