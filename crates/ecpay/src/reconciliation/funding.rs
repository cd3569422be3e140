//! The file of card payouts (信用卡撥款對帳資料檔): `CreditDetail/FundingReconDetail`.

use jiff::civil::Date;

use super::sheet::{Cells, CharSet, Column, Sheet};
use super::{FileError, FileQueryError};
use crate::amount::{Charge, whole_dollars};
use crate::check_mac::Algorithm;
use crate::merchant::{Environment, Merchant};
use crate::request::{Draft, SignedRequest};
use crate::taipei;

/// Which day of a payout a period is about (`PayDateType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FundingDate {
    /// `fund`, 撥款日: when ECPay paid the money out.
    PaidOut,
    /// `close`, 關帳日: when it was captured.
    Captured,
    /// `enter`, 入帳日: when it was posted.
    Posted,
}

/// Asks for the file of card payouts of a period. ECPay has it in production only, after 14:00 on
/// the bank's working days, for addresses that are registered in its back office, one a minute.
///
/// ```
/// use ecpay::{Environment, FundingDate, FundingFileQuery, Merchant};
/// use jiff::civil::date;
///
/// let merchant = Merchant::new("3002607", "pwFHCqoQZGmho4w6", "EkRm7iFT261dpevs")?;
/// let day = date(2026, 1, 5);
/// let request = FundingFileQuery::new(FundingDate::PaidOut, day, day)?
///     .request(&merchant, &Environment::Production);
/// assert_eq!(request.url, "https://payment.ecpay.com.tw/CreditDetail/FundingReconDetail");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FundingFileQuery {
    date: FundingDate,
    from: Date,
    to: Date,
    charset: CharSet,
}

impl FundingFileQuery {
    /// Asks for what was paid out, captured or posted (in Taipei) from one day to another, both
    /// included.
    pub fn new(date: FundingDate, from: Date, to: Date) -> Result<Self, FileQueryError> {
        if to < from {
            return Err(FileQueryError::Backwards { from, to });
        }
        Ok(Self { date, from, to, charset: CharSet::default() })
    }

    /// Which characters the file shall be written in.
    #[must_use]
    pub fn charset(mut self, charset: CharSet) -> Self {
        self.charset = charset;
        self
    }

    /// The request to post.
    pub fn request(&self, merchant: &Merchant, environment: &Environment) -> SignedRequest {
        let date = match self.date {
            FundingDate::PaidOut => "fund",
            FundingDate::Captured => "close",
            FundingDate::Posted => "enter",
        };
        Draft::new(merchant)
            .field("PayDateType", date)
            .field("StartDate", self.from.to_string())
            .field("EndDate", self.to.to_string())
            .field("CharSet", self.charset.as_str())
            .sign(Algorithm::Sha256, environment.funding_file_url())
    }

    /// Reads the file that came.
    pub fn read(&self, file: &[u8]) -> Result<Vec<FundingRow>, FileError> {
        FundingRow::read_file(file, self.charset)
    }
}

/// One capture or refund of a card, paid out to the merchant or taken from the next payout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FundingRow {
    /// The line on which it begins, counted from 1.
    pub line: u64,
    /// The number of the authorisation (`gwsr`).
    pub authorisation: String,
    /// The bank's code of the authorisation.
    pub auth_code: String,
    /// The order's number.
    pub order_no: String,
    /// When it was authorised.
    pub traded_on: Option<Date>,
    /// When it was captured.
    pub captured_on: Option<Date>,
    /// Whole New Taiwan dollars; negative for a refund.
    pub amount: i64,
    /// ECPay's transaction fee; negative when it comes back.
    pub fee: Option<Charge>,
    /// ECPay's processing fee, since April 2025.
    pub processing_fee: Option<Charge>,
    /// What was paid out.
    pub paid_out: Option<Charge>,
    cells: Vec<(String, String)>,
}

const AUTHORISATION: &[&str] = &["授權單號"];
const ORDER_NO: &[&str] = &["訂單編號", "廠商訂單編號", "特店交易編號"];
const AMOUNT: &[&str] = &["交易金額"];

struct Columns {
    authorisation: Column,
    auth_code: Column,
    order_no: Column,
    traded_on: Column,
    captured_on: Column,
    amount: Column,
    fee: Column,
    processing_fee: Column,
    paid_out: Column,
}

impl Columns {
    fn of(sheet: &Sheet) -> Result<Self, FileError> {
        Ok(Self {
            authorisation: sheet.need(AUTHORISATION)?,
            auth_code: sheet.find(&["授權碼"]),
            order_no: sheet.need(ORDER_NO)?,
            traded_on: sheet.find(&["交易日期"]),
            captured_on: sheet.find(&["請款日期"]),
            amount: sheet.need(AMOUNT)?,
            fee: sheet.find(&["服務費", "手續費", "交易手續費"]),
            processing_fee: sheet.find(&["交易處理費", "處理費"]),
            paid_out: sheet.find(&["撥款金額"]),
        })
    }
}

impl FundingRow {
    /// Reads a file of payouts. Sums are left out; nothing at all is no payouts.
    ///
    /// ```
    /// use ecpay::{CharSet, FundingRow};
    ///
    /// let file = "序號,授權單號,授權碼,訂單編號,交易日期,請款日期,交易金額,服務費,撥款金額\n\
    ///     1,11958723,777777,OX1,20260820,20260821,-200,-4,-196\n";
    /// let rows = FundingRow::read_file(file.as_bytes(), CharSet::Utf8)?;
    /// assert_eq!((rows[0].amount, rows[0].is_refund()), (-200, true));
    /// assert_eq!(rows[0].traded_on, Some(jiff::civil::date(2026, 8, 20)));
    /// # Ok::<(), ecpay::FileError>(())
    /// ```
    pub fn read_file(file: &[u8], charset: CharSet) -> Result<Vec<Self>, FileError> {
        let known = [AUTHORISATION, ORDER_NO, AMOUNT].concat();
        let Some(sheet) = Sheet::read(file, charset, &known)? else { return Ok(Vec::new()) };
        let columns = Columns::of(&sheet)?;
        sheet.rows().map(|row| Self::of(&row, &columns)).collect()
    }

    fn of(row: &Cells<'_>, columns: &Columns) -> Result<Self, FileError> {
        const DAY: &str = "no date";
        const DOLLARS: &str = "no amount of whole dollars";
        let charge = |column| row.read(column, str::parse::<Charge>, "no amount");
        let amount = row.read(columns.amount, whole_dollars, DOLLARS)?;
        Ok(Self {
            line: row.line(),
            authorisation: row.need(columns.authorisation)?.to_owned(),
            auth_code: row.text(columns.auth_code).to_owned(),
            order_no: row.need(columns.order_no)?.to_owned(),
            traded_on: row.read(columns.traded_on, taipei::parse_date_loose, DAY)?,
            captured_on: row.read(columns.captured_on, taipei::parse_date_loose, DAY)?,
            amount: amount.ok_or_else(|| row.wrong(columns.amount, DOLLARS))?,
            fee: charge(columns.fee)?,
            processing_fee: charge(columns.processing_fee)?,
            paid_out: charge(columns.paid_out)?,
            cells: row.all(),
        })
    }

    /// Whether money went back to the buyer.
    pub fn is_refund(&self) -> bool {
        self.amount < 0
    }

    /// The cell under a header, as it came.
    pub fn cell(&self, header: &str) -> Option<&str> {
        self.cells.iter().find(|(known, _)| known == header).map(|(_, cell)| cell.as_str())
    }

    /// All headers with their cells, in order.
    pub fn cells(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.cells.iter().map(|(header, cell)| (header.as_str(), cell.as_str()))
    }
}
