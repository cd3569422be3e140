use uuid::Uuid;

use super::*;

fn twd(amount: i64) -> Money {
    Money::twd(amount).unwrap()
}

fn charge(text: &str) -> Charge {
    text.parse().unwrap()
}

fn ours(number: &str, status: PaymentStatus) -> OurPayment {
    OurPayment {
        id: Uuid::from_u128(1).into(),
        order: Uuid::from_u128(2).into(),
        number: number.into(),
        amount: twd(1000),
        status,
        refunded: Money::ZERO,
        refunding: Money::ZERO,
        fee: None,
        of_the_day: true,
    }
}

fn theirs(number: &str, paid: bool) -> StatementRow {
    StatementRow {
        number: number.into(),
        trade_no: "2606011000001234".into(),
        amount: twd(1000),
        paid: Some(paid),
        status: if paid { "paid" } else { "unpaid" }.into(),
        refunded: Some(Money::ZERO),
        fee: Some(charge("27.5")),
    }
}

fn payout(number: &str) -> PayoutRow {
    PayoutRow {
        number: number.into(),
        amount: twd(1000),
        is_refund: false,
        fee: Some(charge("27.50")),
    }
}

/// Kinds and numbers of what differs, and what the two sides say.
fn found(books: &Books) -> Vec<(&'static str, String, Option<String>, Option<String>)> {
    compare(books)
        .into_iter()
        .map(|it| (it.kind.as_str(), it.merchant_trade_no, it.ours, it.theirs))
        .collect()
}

fn differs(
    ours: OurPayment,
    trades: Vec<StatementRow>,
    payouts: Vec<PayoutRow>,
) -> Vec<&'static str> {
    let books = Books { ours: vec![ours], trades, payouts };
    found(&books).into_iter().map(|(kind, ..)| kind).collect()
}

use PaymentStatus as S;

const NOTHING: [&str; 0] = [];

#[test]
fn books_that_agree_differ_in_nothing() {
    let books = Books {
        ours: vec![
            ours("A", S::Succeeded),
            ours("B", S::Pending),
            OurPayment { refunded: twd(400), ..ours("C", S::PartiallyRefunded) },
            OurPayment { refunded: twd(1000), ..ours("D", S::Refunded) },
            // Paid another day; it is here because the statement names it.
            OurPayment { of_the_day: false, ..ours("E", S::Succeeded) },
        ],
        trades: vec![
            theirs("A", true),
            theirs("B", false),
            StatementRow { refunded: Some(twd(400)), ..theirs("C", true) },
            // Given back before it was captured: to the provider it was never paid.
            StatementRow { refunded: None, ..theirs("D", false) },
            theirs("E", true),
            // Somebody began, elsewhere, and did not pay.
            theirs("ELSEWHERE", false),
        ],
        payouts: vec![
            payout("A"),
            PayoutRow { amount: twd(400), is_refund: true, fee: None, ..payout("C") },
        ],
    };
    assert_eq!(compare(&books), []);
    assert_eq!(compare(&Books::default()), []);
}

#[test]
fn what_one_side_lacks_is_found() {
    let books = Books {
        ours: vec![ours("A", S::Succeeded)],
        trades: vec![theirs("X", true)],
        payouts: vec![payout("Y"), payout("X")],
    };
    let text = |amount: &str| Some(amount.to_owned());
    assert_eq!(
        found(&books),
        [
            ("missing_at_ours", "X".to_owned(), None, text("1000")),
            ("missing_at_ours", "Y".to_owned(), None, text("1000")),
            ("missing_at_theirs", "A".to_owned(), text("1000"), None),
        ]
    );
    // What was not paid that day is not missed in that day's statement.
    let another = OurPayment { of_the_day: false, ..ours("A", S::Succeeded) };
    assert_eq!(differs(another, vec![], vec![]), NOTHING);
    assert_eq!(differs(ours("A", S::Failed), vec![], vec![]), NOTHING);
}

#[test]
fn amounts_and_states_are_compared() {
    let other = |paid| StatementRow { amount: twd(999), ..theirs("A", paid) };
    assert_eq!(differs(ours("A", S::Succeeded), vec![other(true)], vec![]), ["amount"]);
    for status in [S::Created, S::Pending, S::Failed, S::Cancelled] {
        assert_eq!(differs(ours("A", status), vec![theirs("A", true)], vec![]), ["status"]);
        assert_eq!(differs(ours("A", status), vec![theirs("A", false)], vec![]), NOTHING);
    }
    assert_eq!(differs(ours("A", S::Succeeded), vec![theirs("A", false)], vec![]), ["status"]);
    let paid_out = PayoutRow { amount: twd(1), ..payout("A") };
    let unpaid = OurPayment { of_the_day: false, ..ours("A", S::Pending) };
    assert_eq!(differs(unpaid, vec![], vec![paid_out]), ["amount", "status"]);
}

#[test]
fn what_went_back_is_compared_and_what_is_under_way_explains_itself() {
    let told = |amount| StatementRow { refunded: Some(twd(amount)), ..theirs("A", true) };
    let paid = ours("A", S::Succeeded);
    assert_eq!(differs(paid.clone(), vec![told(400)], vec![]), ["refunded"]);
    let under_way = OurPayment { refunding: twd(400), ..paid.clone() };
    assert_eq!(differs(under_way.clone(), vec![told(400)], vec![]), NOTHING);
    assert_eq!(differs(under_way.clone(), vec![told(0)], vec![]), NOTHING);
    assert_eq!(differs(under_way, vec![told(401)], vec![]), ["refunded"]);
    let back = OurPayment { refunded: twd(400), ..ours("A", S::PartiallyRefunded) };
    assert_eq!(differs(back.clone(), vec![told(399)], vec![]), ["refunded"]);
    let row = PayoutRow { amount: twd(401), is_refund: true, ..payout("A") };
    assert_eq!(differs(back, vec![told(400)], vec![row]), ["refunded"]);
}

#[test]
fn a_fee_is_what_the_provider_said_before() {
    let known = |fee| OurPayment { fee: Some(charge(fee)), ..ours("A", S::Succeeded) };
    assert_eq!(differs(known("27.5"), vec![theirs("A", true)], vec![payout("A")]), NOTHING);
    assert_eq!(differs(known("27.4"), vec![theirs("A", true)], vec![]), ["fee"]);
    let dearer = PayoutRow { fee: Some(charge("30")), ..payout("A") };
    let paid = ours("A", S::Succeeded);
    assert_eq!(differs(paid.clone(), vec![theirs("A", true)], vec![dearer.clone()]), ["fee"]);
    // Days later, the statement of trades is not at hand: what it said was kept.
    let later = OurPayment { of_the_day: false, ..known("27.5") };
    assert_eq!(differs(later, vec![], vec![dearer.clone()]), ["fee"]);
    let never_told = OurPayment { of_the_day: false, ..paid.clone() };
    assert_eq!(differs(never_told, vec![], vec![dearer]), NOTHING);
    let silent = StatementRow { fee: None, ..theirs("A", true) };
    assert_eq!(differs(known("27.5"), vec![silent], vec![]), NOTHING);
}

#[test]
fn a_word_that_means_neither_paid_nor_unpaid_contradicts_nobody() {
    let odd =
        |number| StatementRow { paid: None, status: "處理中".into(), ..theirs(number, true) };
    for status in [S::Pending, S::Succeeded] {
        assert_eq!(differs(ours("A", status), vec![odd("A")], vec![]), NOTHING);
    }
    // But somebody's money it may be.
    assert_eq!(
        differs(ours("A", S::Succeeded), vec![odd("A"), odd("X")], vec![]),
        ["missing_at_ours"]
    );
}
