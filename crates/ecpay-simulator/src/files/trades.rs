//! `TradeNoAio` (特店對帳媒體檔): every order of a merchant.

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Refused, Row, cell, falsify, period};
use crate::card::Close;
use crate::fault::FileName;
use crate::messages;
use crate::method::Method;
use crate::question::Question;
use crate::server::Shared;
use crate::taipei;
use crate::trade::Trade;

const OLD: &str = "交易日期,交易序號,特店訂單編號,ATM條碼,交易金額,付款方式,付款結果,付款日期,\
                   款項來源,通路費,交易服務費率,交易服務費金額,應收款項(淨額),撥款狀態,撥款日期,備註";
const NEW: &str = "訂單日期,廠商訂單編號,綠界訂單編號,平台名稱,付款方式,費率(每筆),信用卡授權單號,\
                   信用卡卡號末4碼,超商資訊/ATM繳款帳號,付款狀態,交易金額,退款日期,退款金額,\
                   交易手續費,平台手續費,應收款項(淨額),撥款狀態,買家備註,廠商備註";
/// The header of the third layout is not published: the second one's, with the fee in two.
const V3: &str = "訂單日期,廠商訂單編號,綠界訂單編號,平台名稱,付款方式,費率(每筆),信用卡授權單號,\
                  信用卡卡號末4碼,超商資訊/ATM繳款帳號,付款狀態,交易金額,退款日期,退款金額,\
                  交易手續費,交易處理費,平台手續費,應收款項(淨額),撥款狀態,買家備註,廠商備註";

/// Days until what was not paid by card is paid out.
const PAYOUT_DAYS: i64 = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    Old,
    New,
    V3,
}

/// An order as the file tells it. Amounts are whole TWD.
struct Record {
    created: Date,
    created_at: String,
    number: String,
    trade_no: String,
    method: Option<Method>,
    flexible: bool,
    gwsr: String,
    last4: String,
    /// What the buyer took to the bank or the store.
    code: String,
    status: &'static str,
    amount: i64,
    paid: Option<Date>,
    paid_at: String,
    refunded_at: String,
    refunded: i64,
    fee: i64,
    payout: Option<Date>,
    remark: String,
}

impl Row for Record {
    fn number(&self) -> &str {
        &self.number
    }

    fn set_amount(&mut self, amount: i64) {
        self.amount = amount;
    }
}

const PAID: &str = "已付款";
const UNPAID: &str = "未付款";
const FAILED: &str = "付款失敗";

impl Record {
    fn new(trade: &Trade) -> Self {
        let card = trade.card.as_ref();
        let method = trade.paid_by.or(trade.code.as_ref().map(|code| code.method));
        let paid = trade.paid_at.map(taipei::day);
        let payout = match card {
            Some(card) => card.closes.first().and_then(Close::payout_day),
            None => paid.map(|day| taipei::bank_day(day, PAYOUT_DAYS)),
        };
        let refund = card.and_then(|card| card.closes.iter().rfind(|close| close.amount < 0));
        let code = trade.code.as_ref().and_then(|code| {
            ["vAccount", "PaymentNo", "Barcode2"].iter().find_map(|name| code.field(name))
        });
        let fee = method.filter(|_| paid.is_some()).map(|by| messages::fee(by, trade.amount));
        let when = |at: Option<Timestamp>| at.map(taipei::date_time).unwrap_or_default();
        Self {
            created: taipei::day(trade.created_at),
            created_at: taipei::date_time(trade.created_at),
            number: trade.merchant_trade_no.clone(),
            trade_no: trade.trade_no.clone(),
            method,
            flexible: card.is_some_and(|card| card.entry.instalments.as_deref() == Some("30N")),
            gwsr: card.map(|card| card.gwsr.to_string()).unwrap_or_default(),
            last4: card.map(|card| card.entry.last4.clone()).unwrap_or_default(),
            code: code.unwrap_or_default().to_owned(),
            status: match trade.status() {
                1 => PAID,
                0 => UNPAID,
                _ => FAILED,
            },
            amount: trade.amount.into(),
            paid,
            paid_at: when(trade.paid_at),
            refunded_at: when(refund.map(|close| close.asked_at)),
            refunded: card.map_or(0, |card| card.refunded.into()),
            fee: fee.map_or(0, i64::from),
            payout,
            remark: trade.request.get("Remark").to_owned(),
        }
    }

    /// A payment nobody knows of.
    fn invented(number: String, amount: i64, day: Date) -> Self {
        let at = taipei::date_time(taipei::on(day, jiff::civil::time(12, 0, 0, 0)));
        Self {
            created: day,
            created_at: at.clone(),
            trade_no: format!("{}9999", day.strftime("%y%m%d120000")),
            number,
            method: Some(Method::Credit),
            flexible: false,
            gwsr: "99999999".into(),
            last4: "2222".into(),
            code: String::new(),
            status: PAID,
            amount,
            paid: Some(day),
            paid_at: at,
            refunded_at: String::new(),
            refunded: 0,
            fee: 0,
            payout: None,
            remark: String::new(),
        }
    }

    fn paid_out(&self, today: Date) -> bool {
        self.payout.is_some_and(|day| day <= today)
    }

    fn net(&self) -> i64 {
        if self.paid.is_some() { self.amount - self.fee - self.refunded } else { 0 }
    }

    /// How the file names the way it was paid.
    fn way(&self) -> &'static str {
        self.method.map_or("", |method| method.label().0)
    }

    fn allocated(&self, today: Date) -> &'static str {
        if self.paid_out(today) { "已撥款" } else { "未撥款" }
    }

    fn line(&self, layout: Layout, today: Date) -> String {
        match layout {
            Layout::Old => self.old_line(today),
            Layout::New => self.new_line(None, today),
            Layout::V3 => self.new_line(Some("0"), today),
        }
    }

    fn old_line(&self, today: Date) -> String {
        let payout = self.payout.filter(|_| self.paid_out(today));
        let payout = payout.map(|day| day.strftime("%Y/%m/%d").to_string());
        [
            &*self.created_at,
            &self.trade_no,
            &self.number,
            &self.code,
            &self.amount.to_string(),
            self.way(),
            self.status,
            &self.paid_at,
            self.way(),
            "0",
            "",
            &self.fee.to_string(),
            &self.net().to_string(),
            self.allocated(today),
            &payout.unwrap_or_default(),
            &self.remark,
        ]
        .map(cell)
        .join(",")
    }

    /// Cells look like `="text"`, so that spreadsheets leave numbers alone.
    fn new_line(&self, handling_fee: Option<&str>, today: Date) -> String {
        let (amount, fee, net) =
            (self.amount.to_string(), self.fee.to_string(), self.net().to_string());
        let refunded = if self.refunded > 0 { self.refunded.to_string() } else { String::new() };
        let before = [
            &*self.created_at,
            &self.number,
            &self.trade_no,
            "",
            self.way(),
            "",
            &self.gwsr,
            &self.last4,
            &self.code,
            self.status,
            &amount,
            &self.refunded_at,
            &refunded,
            &fee,
        ];
        let after = ["0", &net, self.allocated(today), "", &*self.remark];
        let texts = before.into_iter().chain(handling_fee).chain(after);
        texts.map(|text| format!("=\"{}\"", cell(text))).collect::<Vec<_>>().join(",")
    }
}

/// Which orders are asked for.
struct Wanted {
    date_type: DateType,
    begin: Date,
    end: Date,
    payment_type: String,
    payment_status: String,
    allocate_status: String,
}

#[derive(Clone, Copy)]
enum DateType {
    Payment,
    Payout,
    Order,
}

impl Wanted {
    fn read(question: &Question) -> Result<Self, Refused> {
        let form = &question.form;
        let date_type = match form.get("DateType") {
            "2" => DateType::Payment,
            "4" => DateType::Payout,
            "6" => DateType::Order,
            _ => return Err("DateType Error"),
        };
        let (begin, end) = period(form, "BeginDate", "EndDate")?;
        let known = |name: &str, values: &[&str], reason| {
            let value = form.get(name);
            let fits = value.is_empty() || values.contains(&value);
            if fits { Ok(value.to_owned()) } else { Err(reason) }
        };
        let types = ["01", "02", "03", "04", "05", "08", "10", "11", "12"];
        known("PlatformStatus", &["1", "2"], "PlatformStatus Error")?;
        Ok(Self {
            date_type,
            begin,
            end,
            payment_type: known("PaymentType", &types, "PaymentType Error")?,
            payment_status: known("PaymentStatus", &["0", "1", "2"], "PaymentStatus Error")?,
            allocate_status: known("AllocateStatus", &["0", "1"], "AllocateStatus Error")?,
        })
    }

    fn takes(&self, record: &Record, today: Date) -> bool {
        let date = match self.date_type {
            DateType::Payment => record.paid,
            DateType::Payout => record.payout.filter(|day| *day <= today),
            DateType::Order => Some(record.created),
        };
        let kind = match self.payment_type.as_str() {
            "" => true,
            "01" | "08" => record.method.is_some_and(Method::is_card) && !record.flexible,
            "02" => record.method == Some(Method::WebAtm),
            "03" => record.method == Some(Method::Atm),
            "04" => record.method == Some(Method::Cvs),
            "05" => record.method == Some(Method::Barcode),
            "11" => record.flexible,
            "12" => record.method == Some(Method::Twqr),
            _ => false,
        };
        let status = match self.payment_status.as_str() {
            "" => true,
            "0" => record.status == UNPAID,
            "1" => record.status == PAID,
            _ => record.status == FAILED,
        };
        let allocated = match self.allocate_status.as_str() {
            "" => true,
            wanted => record.paid_out(today) == (wanted == "1"),
        };
        let in_time = date.is_some_and(|date| (self.begin..=self.end).contains(&date));
        in_time && kind && status && allocated
    }
}

/// The file's lines, its header first.
pub(super) fn write(shared: &Shared, question: &Question) -> Result<Vec<String>, Refused> {
    let (layout, header) = match question.form.get("MediaFormated") {
        "0" => (Layout::Old, OLD),
        "1" => (Layout::New, NEW),
        "2" => (Layout::V3, V3),
        _ => return Err("MediaFormated Error"),
    };
    let wanted = Wanted::read(question)?;
    let today = taipei::day(shared.now());
    let (mut records, faults) = {
        let mut store = shared.store();
        let mine = |trade: &&Trade| trade.merchant.id == question.merchant.id;
        let records = store.newest_first().rev().filter(mine).map(Record::new);
        let records: Vec<Record> = records.filter(|record| wanted.takes(record, today)).collect();
        (records, store.take_file_faults(FileName::Trades))
    };
    falsify(&mut records, faults, |number, amount| Record::invented(number, amount, wanted.begin));
    let lines = records.iter().map(|record| record.line(layout, today));
    Ok(std::iter::once(header.to_owned()).chain(lines).collect())
}
