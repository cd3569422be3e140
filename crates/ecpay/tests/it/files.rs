//! Reconciliation files in every layout that has been seen.

use ecpay::{
    Algorithm, CHECK_MAC_VALUE, CharSet, Charge, Environment, Fields, FileError, FileMethod,
    FileQueryError, FundingDate, FundingFileQuery, FundingRow, Layout, MAX_FILE_BYTES, PaidStatus,
    PayoutStatus, TradeDate, TradeOrigin, TradeRow, TradeState, TradesFileQuery,
};
use jiff::civil::{Date, date};

use crate::merchant;

fn big5(text: &str) -> Vec<u8> {
    let (bytes, _, unmappable) = encoding_rs::BIG5.encode(text);
    assert!(!unmappable, "{text}");
    bytes.into_owned()
}

fn charge(text: &str) -> Charge {
    text.parse().expect("an amount")
}

fn trades(text: &str) -> Result<Vec<TradeRow>, FileError> {
    let utf8 = TradeRow::read_file(text.as_bytes(), CharSet::Utf8);
    assert_eq!(TradeRow::read_file(&big5(text), CharSet::Big5), utf8);
    utf8
}

fn payouts(text: &str) -> Result<Vec<FundingRow>, FileError> {
    let utf8 = FundingRow::read_file(text.as_bytes(), CharSet::Utf8);
    assert_eq!(FundingRow::read_file(&big5(text), CharSet::Big5), utf8);
    utf8
}

const NEW: &str = "=\"訂單日期\",=\"廠商訂單編號\",=\"綠界訂單編號\",=\"平台名稱\",=\"付款方式\",\
    =\"費率(每筆)\",=\"信用卡授權單號\",=\"信用卡卡號末4碼\",=\"超商資訊/ATM繳款帳號\",=\"付款狀態\",\
    =\"交易金額\",=\"退款日期\",=\"退款金額\",=\"交易手續費\",=\"平台手續費\",=\"應收款項(淨額)\",\
    =\"撥款狀態\",=\"買家備註\",=\"廠商備註\"\r\n\
    =\"2026-08-20 10:00:00\",=\"OX1\",=\"2608201000001\",=\"\",=\"信用卡\",=\"2.75%\",=\"0011958723\",\
    =\"2222\",=\"\",=\"2026-08-20 10:05:09已付款\",=\"1290\",=\"\",=\"0\",=\"36\",=\"0\",=\"1254\",\
    =\"未撥款\",=\"請,快點\",=\"\"\r\n\
    =\"2026-08-20 11:00:00\",=\"OX2\",=\"2608201100002\",=\"\",=\"ATM櫃員機\",=\"1%\",=\"\",=\"\",\
    =\"9103522175887271\",=\"未付款\",=\"500\",=\"\",=\"\",=\"\",=\"\",=\"\",=\"\",=\"\",=\"\"\r\n\
    =\"2026/08/19 09:00:00\",=\"OX0\",=\"2608190900003\",=\"\",=\"信用卡\",=\"2.75%\",=\"11950000\",\
    =\"1111\",=\"\",=\"已付款\",=\"2000\",=\"2026/08/20\",=\"500\",=\"41.25\",=\"0\",=\"1458.75\",\
    =\"已撥款\",=\"\",=\"退\"\r\n";

#[test]
fn the_new_layout() {
    let rows = trades(NEW).unwrap();
    assert_eq!(rows.len(), 3);
    let paid = &rows[0];
    assert_eq!(paid.line, 2);
    assert_eq!((paid.merchant_trade_no.as_str(), paid.trade_no.as_str()), ("OX1", "2608201000001"));
    assert_eq!(paid.ordered_at, Some("2026-08-20T02:00:00Z".parse().unwrap()));
    assert_eq!(paid.paid_at, Some("2026-08-20T02:05:09Z".parse().unwrap()));
    assert_eq!((paid.method.as_str(), &paid.status), ("信用卡", &Some(PaidStatus::Paid)));
    assert_eq!((paid.amount, paid.refunded, paid.refunded_on), (1_290, 0, None));
    assert_eq!(paid.authorisation.as_deref(), Some("0011958723"));
    assert_eq!(paid.card_last4.as_deref(), Some("2222"));
    assert_eq!((paid.fee, paid.net), (Some(charge("36")), Some(charge("1254"))));
    assert_eq!(paid.payout, Some(PayoutStatus::NotYet));
    assert_eq!(paid.cell("買家備註"), Some("請,快點"));
    assert_eq!(paid.cells().len(), 19);
    assert_eq!(paid.kept(), Some(charge("36")));

    let open = &rows[1];
    assert_eq!((open.line, open.amount, &open.status), (3, 500, &Some(PaidStatus::Unpaid)));
    assert_eq!((open.paid_at, open.fee, open.net, open.kept()), (None, None, None, None));
    assert_eq!((&open.authorisation, &open.payout), (&None, &None));
    assert_eq!(open.cell("超商資訊/ATM繳款帳號"), Some("9103522175887271"));

    let refunded = &rows[2];
    assert_eq!((refunded.refunded, refunded.refunded_on), (500, Some(date(2026, 8, 20))));
    assert_eq!(refunded.payout, Some(PayoutStatus::PaidOut));
    assert_eq!(refunded.paid_at, None);
    assert_eq!(refunded.kept(), Some(charge("41.25")));
}

#[test]
fn the_old_layout() {
    let rows = trades(
        "交易日期,綠界交易序號,特店訂單編號,ATM條碼,交易金額,付款方式,付款結果,付款日期,\
         款項來源(銀行/超商),通路費,交易服務費率(%數 / $筆),交易服務費金額,應收款項(淨額),撥款狀態,\
         撥款日期,備註\n\
         2026/08/20 10:00:00,2608201000001,OX1,,1290,信用卡,1,2026/08/20 10:05:00,,0,2.75%,35.48,\
         1254.52,1,2026/08/27,\n\
         2026/08/20,2608201100002,OX2,9103522175887271,500,ATM,0,,,,,,,0,,\n\
         2026/08/20,2608201100003,OX3,,500,信用卡,2,,,,,,,,-,--\n",
    );
    let rows = rows.unwrap();
    assert_eq!(rows[0].status, Some(PaidStatus::Paid));
    assert_eq!(rows[0].paid_at, Some("2026-08-20T02:05:00Z".parse().unwrap()));
    assert_eq!(rows[0].fee, Some(charge("35.48")));
    assert_eq!(rows[0].kept(), Some(charge("35.48")));
    assert_eq!(rows[0].payout, Some(PayoutStatus::PaidOut));
    assert_eq!(rows[0].paid_out_on, Some(date(2026, 8, 27)));
    assert_eq!(rows[1].status, Some(PaidStatus::Unpaid));
    assert_eq!(rows[1].ordered_at, Some("2026-08-19T16:00:00Z".parse().unwrap()));
    assert_eq!((&rows[1].payout, rows[1].paid_out_on), (&Some(PayoutStatus::NotYet), None));
    assert_eq!((&rows[2].status, rows[2].paid_out_on), (&Some(PaidStatus::Failed), None));
}

#[test]
fn split_fees_unquoted_marks_and_sums() {
    let rows = trades(
        "訂單日期,廠商訂單編號,綠界訂單編號,付款方式,交易金額,手續費率(每筆),處理費,交易手續費,平台手續費,\
         應收款項(淨額),撥款狀態\n\
         =2026-08-20 10:00:00,=OX1,=2608201000001,ATM櫃員機,=1000,=1%,=5,=10,=3,=982,已撥款\n\
         =2026-08-20 10:00:00,=OX2,=2608201000002,信用卡,=-200,=1%,=0,=-4,=0,=-196,已撥款\n\
         ,,,合計:,800,,5,6,3,786,\n\n",
    );
    let rows = rows.unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0].status, None);
    assert_eq!(rows[0].fee, Some(charge("10")));
    assert_eq!(rows[0].processing_fee, Some(charge("5")));
    assert_eq!(rows[0].platform_fee, Some(charge("3")));
    assert_eq!(rows[0].kept(), Some(charge("18")));
    assert_eq!((rows[1].amount, rows[1].kept()), (-200, Some(charge("-4"))));
}

#[test]
fn payouts_and_refunds() {
    let rows = payouts(
        "授權單號,授權碼,關帳單號,訂單編號,交易日期,請款日期,交易金額,手續費,%數,撥款金額,交易處理費\r\n\
         =11958723,=777777,=9001,=OX1,=20260819,=20260820,=1290,=25,=2%,=1265,=0\r\n\
         =11958723,=777777,=9002,=OX1,=20260819,=20260821,=-200,=-4,=2%,=-196,=0\r\n\
         ,,,,,每日小計:,1090,21,,1069,0\r\n",
    );
    let rows = rows.unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!((rows[0].line, rows[0].authorisation.as_str()), (2, "11958723"));
    assert_eq!((rows[0].auth_code.as_str(), rows[0].order_no.as_str()), ("777777", "OX1"));
    assert_eq!(rows[0].traded_on, Some(date(2026, 8, 19)));
    assert_eq!(rows[0].captured_on, Some(date(2026, 8, 20)));
    assert_eq!((rows[0].amount, rows[0].is_refund()), (1_290, false));
    assert_eq!((rows[1].amount, rows[1].is_refund()), (-200, true));
    assert_eq!((rows[1].fee, rows[1].paid_out), (Some(charge("-4")), Some(charge("-196"))));
    assert_eq!(rows[1].processing_fee, Some(charge("0")));
    assert_eq!(rows[1].cell("關帳單號"), Some("9002"));
    assert_eq!(rows[1].cells().len(), 11);
}

#[test]
fn no_trades_are_no_rows() {
    let header = NEW.lines().next().unwrap();
    for file in ["", " \r\n", header, &format!("{header}\r\n"), &format!("\u{feff}{header}\n\n")] {
        let rows = TradeRow::read_file(file.as_bytes(), CharSet::Utf8);
        assert_eq!(rows.as_deref(), Ok(&[][..]), "{file:?}");
    }
    assert_eq!(payouts("授權單號,訂單編號,交易金額\n"), Ok(vec![]));
}

#[test]
fn what_is_no_file_says_what_it_is() {
    assert_eq!(
        trades("10200073:CheckMacValue Error\nsecond"),
        Err(FileError::NotAFile { says: "10200073:CheckMacValue Error".into() })
    );
    assert_eq!(
        trades(&format!("\n  <html>{}", "長".repeat(200))),
        Err(FileError::NotAFile { says: format!("<html>{}…", "長".repeat(93)) })
    );
    assert_eq!(trades("一分鐘之內僅限下載一個媒體檔"), Err(FileError::TooSoon));
    assert_eq!(payouts("一分鐘之內僅限下載一個媒體檔"), Err(FileError::TooSoon));
    assert_eq!(
        trades("訂單日期,交易金額\n2026/01/01,1\n"),
        Err(FileError::NoColumn { column: "廠商訂單編號" })
    );
    assert_eq!(
        trades("訂單日期,廠商訂單編號\n2026/01/01,OX1\n"),
        Err(FileError::NoColumn { column: "交易金額" })
    );
    assert_eq!(payouts("交易金額\n1\n"), Err(FileError::NoColumn { column: "授權單號" }));
    let large = vec![b' '; MAX_FILE_BYTES + 1];
    assert_eq!(
        TradeRow::read_file(&large, CharSet::Big5),
        Err(FileError::TooLarge { bytes: MAX_FILE_BYTES + 1 })
    );
}

#[test]
fn what_cannot_be_read_has_a_place() {
    let file = |row: &str| {
        format!(
            "訂單日期,廠商訂單編號,交易金額,交易手續費,退款日期\r\n\
             2026/01/01 00:00:00,OX1,1,0.5,\r\n\r\n{row}\r\n"
        )
    };
    let cell = |number, column: &str, value: &str, problem| {
        let (column, value) = (column.to_owned(), value.to_owned());
        Err(FileError::Cell { line: 4, number, column, value, problem })
    };
    for (row, expected) in [
        ("昨天,OX2,1,0,", cell(1, "訂單日期", "昨天", "no time")),
        ("2026/01/02,,1,0,", cell(2, "廠商訂單編號", "", "nothing")),
        ("2026/01/02,OX2,,0,", cell(3, "交易金額", "", "no amount of whole dollars")),
        ("2026/01/02,OX2,=\"1.5\",0,", cell(3, "交易金額", "1.5", "no amount of whole dollars")),
        ("2026/01/02,OX2,\"1,280\",0,", cell(3, "交易金額", "1,280", "no amount of whole dollars")),
        ("2026/01/02,OX2,1,2%,", cell(4, "交易手續費", "2%", "no amount")),
        ("2026/01/02,OX2,1,0,2026/02/30", cell(5, "退款日期", "2026/02/30", "no date")),
        ("2026/01/02,OX2,1,0", Err(FileError::Cells { line: 4, cells: 4, columns: 5 })),
        ("2026/01/02,OX2,1,0,,x", Err(FileError::Cells { line: 4, cells: 6, columns: 5 })),
        ("2026/01/02,OX2,1,0,\"", Err(FileError::OpenQuote { line: 4 })),
    ] {
        assert_eq!(trades(&file(row)), expected, "{row}");
    }
    // Empty cells too many are none.
    assert_eq!(trades(&file("2026/01/02,OX2,1,0,,,")).unwrap().len(), 2);
    let error = trades(&file("昨天,OX2,1,0,")).unwrap_err();
    assert_eq!(error.to_string(), "line 4, column 1 (訂單日期): \"昨天\" is no time");
}

#[test]
fn bytes_that_are_no_characters_do_not_hide_a_row() {
    let mut file = big5("訂單日期,廠商訂單編號,交易金額,買家備註\r\n2026/01/01,OX1,7,");
    file.extend_from_slice(b"\xff\xfe\r\n");
    file.extend_from_slice(&big5("2026/01/01,OX2,8,好\r\n"));
    let rows = TradeRow::read_file(&file, CharSet::Big5).unwrap();
    let amounts: Vec<i64> = rows.iter().map(|row| row.amount).collect();
    assert_eq!(amounts, [7, 8]);
    assert_eq!(rows[1].cell("買家備註"), Some("好"));
}

fn sent(body: &str) -> Vec<(String, String)> {
    let fields = Fields::from_form(body.as_bytes()).expect("a form");
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    fields.iter().filter(|(name, _)| *name != CHECK_MAC_VALUE).map(owned).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn signature_fits(body: &str, algorithm: Algorithm) -> bool {
    let fields = Fields::from_form(body.as_bytes()).expect("a form");
    let mac = fields.get(CHECK_MAC_VALUE).expect("it is signed");
    merchant().keys().verify(algorithm, fields.iter(), mac)
}

#[test]
fn the_query_for_trades_says_what_it_wants() {
    let (from, to) = (date(2026, 1, 31), date(2026, 2, 28));
    let query = TradesFileQuery::new(TradeDate::Ordered, from, to).unwrap();
    let request = query.request(&merchant(), &Environment::Stage);
    assert_eq!(request.url, "https://vendor-stage.ecpay.com.tw/PaymentMedia/TradeNoAio");
    assert_eq!(
        sent(&request.body),
        pairs(&[
            ("MerchantID", "3002607"),
            ("DateType", "6"),
            ("BeginDate", "2026-01-31"),
            ("EndDate", "2026-02-28"),
            ("MediaFormated", "1"),
            ("CharSet", "1"),
        ])
    );
    assert!(signature_fits(&request.body, Algorithm::Sha256));

    let query = TradesFileQuery::new(TradeDate::PaidOut, from, from).unwrap();
    let query = query
        .method(FileMethod::Twqr)
        .origin(TradeOrigin::Own)
        .state(TradeState::Paid)
        .paid_out(false)
        .layout(Layout::V3)
        .charset(CharSet::Utf8)
        .signed_with(Algorithm::Md5);
    let request = query.request(&merchant(), &Environment::Production);
    assert_eq!(
        sent(&request.body),
        pairs(&[
            ("MerchantID", "3002607"),
            ("DateType", "4"),
            ("BeginDate", "2026-01-31"),
            ("EndDate", "2026-01-31"),
            ("PaymentType", "12"),
            ("PlatformStatus", "1"),
            ("PaymentStatus", "1"),
            ("AllocateStatus", "0"),
            ("MediaFormated", "2"),
            ("CharSet", "2"),
        ])
    );
    assert!(signature_fits(&request.body, Algorithm::Md5));
    assert_eq!(query.read("".as_bytes()), Ok(vec![]));
}

#[test]
fn periods_have_an_order_and_a_length() {
    let new = |from: Date, to: Date| TradesFileQuery::new(TradeDate::Paid, from, to);
    let (first, later) = (date(2026, 1, 15), date(2026, 2, 15));
    assert!(new(first, later).is_ok());
    let (from, to) = (first, date(2026, 2, 16));
    assert_eq!(new(from, to), Err(FileQueryError::TooLong { from, to }));
    let (from, to) = (later, first);
    assert_eq!(new(from, to), Err(FileQueryError::Backwards { from, to }));
    assert_eq!(
        FundingFileQuery::new(FundingDate::PaidOut, from, to),
        Err(FileQueryError::Backwards { from, to })
    );
}

#[test]
fn the_query_for_payouts_says_what_it_wants() {
    let day = date(2026, 1, 5);
    for (kind, name) in [
        (FundingDate::PaidOut, "fund"),
        (FundingDate::Captured, "close"),
        (FundingDate::Posted, "enter"),
    ] {
        let query = FundingFileQuery::new(kind, day, day).unwrap().charset(CharSet::Utf8);
        let request = query.request(&merchant(), &Environment::Production);
        assert_eq!(
            sent(&request.body),
            pairs(&[
                ("MerchantID", "3002607"),
                ("PayDateType", name),
                ("StartDate", "2026-01-05"),
                ("EndDate", "2026-01-05"),
                ("CharSet", "2"),
            ])
        );
        assert!(signature_fits(&request.body, Algorithm::Sha256));
    }
}
