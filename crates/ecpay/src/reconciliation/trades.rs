//! The file of all trades (特店對帳媒體檔): `PaymentMedia/TradeNoAio`.

use jiff::civil::Date;
use jiff::{Span, Timestamp};

use super::sheet::{Cells, CharSet, Column, Sheet};
use super::{FileError, FileQueryError};
use crate::amount::{Charge, whole_dollars};
use crate::check_mac::Algorithm;
use crate::merchant::{Environment, Merchant};
use crate::request::{Draft, SignedRequest};
use crate::taipei;

/// Which day of a trade a period is about (`DateType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TradeDate {
    /// `2`: when it was paid.
    Paid,
    /// `4`: when ECPay paid the money out.
    PaidOut,
    /// `6`: when it was ordered.
    Ordered,
}

/// Trades of one way to pay only (`PaymentType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileMethod {
    /// `01`
    Card,
    /// `02`
    WebAtm,
    /// `03`
    Atm,
    /// `04`
    Cvs,
    /// `05`
    Barcode,
    /// `08`: card with a one-time password.
    CardOtp,
    /// `10`: barcode by `FamiPort`.
    FamiPort,
    /// `11`: flexible instalments.
    FlexibleInstalments,
    /// `12`
    Twqr,
}

/// Whose trades (`PlatformStatus`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TradeOrigin {
    /// `1`: the merchant's own.
    Own,
    /// `2`: made through a platform.
    Platform,
}

/// Trades in one state only (`PaymentStatus`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TradeState {
    /// `0`
    Unpaid,
    /// `1`
    Paid,
    /// `2`
    Failed,
}

/// Which columns the file has (`MediaFormated`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Layout {
    /// `0`
    Old,
    /// `1`
    #[default]
    New,
    /// `2`: since April 2025, with fees split into transaction fee and processing fee.
    V3,
}

/// Asks for the file of all trades of a period of at most a month.
///
/// ECPay gives it to addresses only that are registered in its back office, and one a minute.
///
/// ```
/// use ecpay::{CharSet, Environment, Merchant, TradeDate, TradesFileQuery};
/// use jiff::civil::date;
///
/// let merchant = Merchant::new("3002607", "pwFHCqoQZGmho4w6", "EkRm7iFT261dpevs")?;
/// let query = TradesFileQuery::new(TradeDate::Paid, date(2026, 1, 1), date(2026, 1, 1))?
///     .charset(CharSet::Utf8);
/// let request = query.request(&merchant, &Environment::Production);
/// assert_eq!(request.url, "https://vendor.ecpay.com.tw/PaymentMedia/TradeNoAio");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TradesFileQuery {
    date: TradeDate,
    from: Date,
    to: Date,
    method: Option<FileMethod>,
    origin: Option<TradeOrigin>,
    state: Option<TradeState>,
    paid_out: Option<bool>,
    layout: Layout,
    charset: CharSet,
    algorithm: Algorithm,
}

impl TradesFileQuery {
    /// Asks for the trades that were paid, paid out or ordered (in Taipei) from one day to another,
    /// both included.
    pub fn new(date: TradeDate, from: Date, to: Date) -> Result<Self, FileQueryError> {
        if to < from {
            return Err(FileQueryError::Backwards { from, to });
        }
        if from.checked_add(Span::new().months(1)).is_ok_and(|latest| to > latest) {
            return Err(FileQueryError::TooLong { from, to });
        }
        Ok(Self {
            date,
            from,
            to,
            method: None,
            origin: None,
            state: None,
            paid_out: None,
            layout: Layout::default(),
            charset: CharSet::default(),
            algorithm: Algorithm::Sha256,
        })
    }

    /// Only trades of one way to pay.
    #[must_use]
    pub fn method(mut self, method: FileMethod) -> Self {
        self.method = Some(method);
        self
    }

    /// Only the merchant's own trades, or only those made through a platform.
    #[must_use]
    pub fn origin(mut self, origin: TradeOrigin) -> Self {
        self.origin = Some(origin);
        self
    }

    /// Only trades that are paid, not paid, or failed.
    #[must_use]
    pub fn state(mut self, state: TradeState) -> Self {
        self.state = Some(state);
        self
    }

    /// Only trades whose money was paid out, or only those whose was not.
    #[must_use]
    pub fn paid_out(mut self, paid_out: bool) -> Self {
        self.paid_out = Some(paid_out);
        self
    }

    /// Which columns the file shall have. All of them can be read.
    #[must_use]
    pub fn layout(mut self, layout: Layout) -> Self {
        self.layout = layout;
        self
    }

    /// Which characters the file shall be written in.
    #[must_use]
    pub fn charset(mut self, charset: CharSet) -> Self {
        self.charset = charset;
        self
    }

    /// Signs with another digest. The manual says SHA-256 for this request, too; merchants have
    /// been seen that get their file by MD5. Try that when ECPay says that the signature is wrong.
    #[must_use]
    pub fn signed_with(mut self, algorithm: Algorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// The request to post.
    pub fn request(&self, merchant: &Merchant, environment: &Environment) -> SignedRequest {
        let date = match self.date {
            TradeDate::Paid => "2",
            TradeDate::PaidOut => "4",
            TradeDate::Ordered => "6",
        };
        let layout = match self.layout {
            Layout::Old => "0",
            Layout::New => "1",
            Layout::V3 => "2",
        };
        let origin = self.origin.map(|origin| match origin {
            TradeOrigin::Own => "1",
            TradeOrigin::Platform => "2",
        });
        let state = self.state.map(|state| match state {
            TradeState::Unpaid => "0",
            TradeState::Paid => "1",
            TradeState::Failed => "2",
        });
        let paid_out = self.paid_out.map(|paid_out| if paid_out { "1" } else { "0" });
        Draft::new(merchant)
            .field("DateType", date)
            .field("BeginDate", self.from.to_string())
            .field("EndDate", self.to.to_string())
            .optional("PaymentType", self.method.map(FileMethod::as_str))
            .optional("PlatformStatus", origin)
            .optional("PaymentStatus", state)
            .optional("AllocateStatus", paid_out)
            .field("MediaFormated", layout)
            .field("CharSet", self.charset.as_str())
            .sign(self.algorithm, environment.trades_file_url())
    }

    /// Reads the file that came.
    pub fn read(&self, file: &[u8]) -> Result<Vec<TradeRow>, FileError> {
        TradeRow::read_file(file, self.charset)
    }
}

impl FileMethod {
    fn as_str(self) -> &'static str {
        match self {
            Self::Card => "01",
            Self::WebAtm => "02",
            Self::Atm => "03",
            Self::Cvs => "04",
            Self::Barcode => "05",
            Self::CardOtp => "08",
            Self::FamiPort => "10",
            Self::FlexibleInstalments => "11",
            Self::Twqr => "12",
        }
    }
}

/// Whether a trade was paid, by the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaidStatus {
    /// 未付款
    Unpaid,
    /// 已付款
    Paid,
    /// 付款失敗
    Failed,
    /// Anything else.
    Other(String),
}

impl PaidStatus {
    /// Reads what the file says: a word, behind a time maybe, or a digit.
    fn from_words(words: &str) -> Self {
        let has = |all: &[&str]| all.iter().any(|word| words.contains(word));
        if words == "0" || has(&["未付款", "未繳費", "待付款"]) {
            Self::Unpaid
        } else if words == "2" || has(&["失敗"]) {
            Self::Failed
        } else if words == "1" || has(&["已付款", "付款成功", "交易成功"]) {
            Self::Paid
        } else {
            Self::Other(words.to_owned())
        }
    }
}

/// Whether ECPay has paid the money out, by the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PayoutStatus {
    /// 未撥款
    NotYet,
    /// 已撥款
    PaidOut,
    /// Anything else.
    Other(String),
}

impl PayoutStatus {
    fn from_words(words: &str) -> Self {
        if words == "0" || words.contains("未撥款") {
            Self::NotYet
        } else if words == "1" || words.contains("已撥款") {
            Self::PaidOut
        } else {
            Self::Other(words.to_owned())
        }
    }
}

/// One trade of the file. What a layout does not have is `None` or empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradeRow {
    /// The line on which it begins, counted from 1.
    pub line: u64,
    /// The merchant's number. Trades that were not made by a checkout form may have numbers of
    /// another form than a [`crate::MerchantTradeNo`].
    pub merchant_trade_no: String,
    /// ECPay's number.
    pub trade_no: String,
    /// When it was ordered. A day alone is its first moment in Taipei.
    pub ordered_at: Option<Timestamp>,
    /// When it was paid. A day alone is its first moment in Taipei.
    pub paid_at: Option<Timestamp>,
    /// How it was paid, in ECPay's words.
    pub method: String,
    /// Whether it was paid; `None` when the file does not say (it may hold paid ones only).
    pub status: Option<PaidStatus>,
    /// Whole New Taiwan dollars. Negative when a row of its own takes money back.
    pub amount: i64,
    /// What the buyer got back, in whole New Taiwan dollars; 0 when nothing.
    pub refunded: i64,
    /// When the buyer got it back.
    pub refunded_on: Option<Date>,
    /// ECPay's transaction fee.
    pub fee: Option<Charge>,
    /// ECPay's processing fee, since April 2025.
    pub processing_fee: Option<Charge>,
    /// The platform's fee.
    pub platform_fee: Option<Charge>,
    /// What remains for the merchant (應收款項(淨額)).
    pub net: Option<Charge>,
    /// Whether the money was paid out.
    pub payout: Option<PayoutStatus>,
    /// When the money was paid out.
    pub paid_out_on: Option<Date>,
    /// The number of the card's authorisation (`gwsr`).
    pub authorisation: Option<String>,
    /// The last four digits of the card.
    pub card_last4: Option<String>,
    cells: Vec<(String, String)>,
}

const MERCHANT_TRADE_NO: &[&str] =
    &["廠商訂單編號", "特店訂單編號", "特店交易編號", "廠商交易編號"];
const TRADE_NO: &[&str] = &[
    "綠界訂單編號",
    "綠界交易編號",
    "交易序號",
    "綠界交易序號",
    "歐付寶訂單編號",
    "歐付寶交易序號",
];
const ORDERED: &[&str] = &["訂單日期", "交易日期"];
const AMOUNT: &[&str] = &["交易金額"];

struct Columns {
    merchant_trade_no: Column,
    trade_no: Column,
    ordered: Column,
    paid: Column,
    method: Column,
    status: Column,
    amount: Column,
    refunded: Column,
    refunded_on: Column,
    fee: Column,
    processing_fee: Column,
    platform_fee: Column,
    net: Column,
    payout: Column,
    paid_out_on: Column,
    authorisation: Column,
    card_last4: Column,
}

impl Columns {
    fn of(sheet: &Sheet) -> Result<Self, FileError> {
        Ok(Self {
            merchant_trade_no: sheet.need(MERCHANT_TRADE_NO)?,
            trade_no: sheet.find(TRADE_NO),
            ordered: sheet.find(ORDERED),
            paid: sheet.find(&["付款日期", "付款時間"]),
            method: sheet.find(&["付款方式"]),
            status: sheet.find(&["付款狀態", "付款結果"]),
            amount: sheet.need(AMOUNT)?,
            refunded: sheet.find(&["退款金額"]),
            refunded_on: sheet.find(&["退款日期"]),
            fee: sheet.find(&["交易手續費", "交易服務費金額", "金流手續費", "手續費"]),
            processing_fee: sheet.find(&["交易處理費", "金流處理費", "處理費"]),
            platform_fee: sheet.find(&["平台手續費"]),
            net: sheet.find(&["應收款項(淨額)", "應收款項（淨額）", "應收款項淨額"]),
            payout: sheet.find(&["撥款狀態"]),
            paid_out_on: sheet.find(&["撥款日期"]),
            authorisation: sheet.find(&["信用卡授權單號", "授權單號"]),
            card_last4: sheet.find(&["信用卡卡號末4碼", "信用卡卡號末四碼", "卡號末4碼"]),
        })
    }
}

impl TradeRow {
    /// Reads a file of trades, in any of the layouts. Sums are left out; nothing at all is no
    /// trades.
    ///
    /// ```
    /// use ecpay::{CharSet, PaidStatus, TradeRow};
    ///
    /// let file = "=\"訂單日期\",=\"廠商訂單編號\",=\"綠界訂單編號\",=\"付款狀態\",=\"交易金額\"\r\n\
    ///     =\"2026-08-20 10:00:00\",=\"OX1\",=\"2608201000001\",=\"2026-08-20 10:05:00已付款\",=1290\r\n";
    /// let trades = TradeRow::read_file(file.as_bytes(), CharSet::Utf8)?;
    /// assert_eq!(trades[0].merchant_trade_no, "OX1");
    /// assert_eq!(trades[0].amount, 1_290);
    /// assert_eq!(trades[0].status, Some(PaidStatus::Paid));
    /// assert_eq!(trades[0].paid_at, Some("2026-08-20T02:05:00Z".parse()?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read_file(file: &[u8], charset: CharSet) -> Result<Vec<Self>, FileError> {
        let known = [MERCHANT_TRADE_NO, TRADE_NO, ORDERED].concat();
        let Some(sheet) = Sheet::read(file, charset, &known)? else { return Ok(Vec::new()) };
        let columns = Columns::of(&sheet)?;
        sheet.rows().map(|row| Self::of(&row, &columns)).collect()
    }

    fn of(row: &Cells<'_>, columns: &Columns) -> Result<Self, FileError> {
        const DAY: &str = "no date";
        const TIME: &str = "no time";
        const DOLLARS: &str = "no amount of whole dollars";
        const CHARGE: &str = "no amount";
        let text = |column| row.filled(column).map(str::to_owned);
        let charge = |column| row.read(column, str::parse::<Charge>, CHARGE);
        let status = row.filled(columns.status);
        let amount = row.read(columns.amount, whole_dollars, DOLLARS)?;
        Ok(Self {
            line: row.line(),
            merchant_trade_no: row.need(columns.merchant_trade_no)?.to_owned(),
            trade_no: row.text(columns.trade_no).to_owned(),
            ordered_at: row.read(columns.ordered, taipei::parse_loose, TIME)?,
            paid_at: match row.read(columns.paid, taipei::parse_loose, TIME)? {
                Some(at) => Some(at),
                None => status.and_then(time_before_words),
            },
            method: row.text(columns.method).to_owned(),
            status: status.map(PaidStatus::from_words),
            amount: amount.ok_or_else(|| row.wrong(columns.amount, DOLLARS))?,
            refunded: row.read(columns.refunded, whole_dollars, DOLLARS)?.unwrap_or(0),
            refunded_on: row.read(columns.refunded_on, taipei::parse_date_loose, DAY)?,
            fee: charge(columns.fee)?,
            processing_fee: charge(columns.processing_fee)?,
            platform_fee: charge(columns.platform_fee)?,
            net: charge(columns.net)?,
            payout: row.filled(columns.payout).map(PayoutStatus::from_words),
            paid_out_on: row.read(columns.paid_out_on, taipei::parse_date_loose, DAY)?,
            authorisation: text(columns.authorisation),
            card_last4: text(columns.card_last4),
            cells: row.all(),
        })
    }

    /// What ECPay and the platform keep of the trade: the amount, less what the buyer got back and
    /// what remains for the merchant. `None` when the file does not tell the net amount.
    pub fn kept(&self) -> Option<Charge> {
        let left = Charge::dollars(self.amount.checked_sub(self.refunded)?)?;
        left.checked_sub(self.net?)
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

/// The time in `2026-08-20 10:05:00已付款`.
fn time_before_words(words: &str) -> Option<Timestamp> {
    let end =
        words.find(|c: char| !c.is_ascii_digit() && !"/-: ".contains(c)).unwrap_or(words.len());
    let (time, _) = words.split_at(end);
    if time.len() < 8 { None } else { taipei::parse_loose(time).ok() }
}
