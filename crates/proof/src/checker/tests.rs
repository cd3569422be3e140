//! Hand-made histories: a clean one, and for each promise one that breaks it. A checker that finds
//! nothing in those would find nothing in a run.

mod run;

use uuid::Uuid;

use self::run::{Run, SECOND, VARIANT, order_id};
use super::*;

#[test]
fn a_good_run_is_clean() {
    let mut run = Run::new();
    run.place(1, "a", 2);
    // An answer that got lost, and the same key again.
    run.ask_for("b", 1, Run::lost());
    run.ask_for("b", 1, Run::acknowledged(2));
    run.ask_for("b", 1, Run::acknowledged(2));
    run.store(2, "b", 1);
    run.see(1, State::PendingPayment);
    run.event(Ask::Cancel { order: order_id(1) }, Answer::Seen { state: State::Cancelled });
    run.end(1, "guest", 5);
    run.see(1, State::Cancelled);
    run.notice(2, "T2", Answer::Done);
    run.notice(2, "T2", Answer::Done);
    run.pay(2, "T2");
    run.see(2, State::Paid);
    run.receive(5, "delivery", Answer::Done);
    run.move_stock("receive", None, Some("delivery"), [5, 5, 0, 0]);
    // Neither placed nor acknowledged; nobody knows, and it is not there.
    run.ask_for("c", 1, Run::lost());
    // An order that nobody was told of may be there.
    run.ask_for("d", 1, Run::lost());
    run.store(4, "d", 1);
    // More than there is.
    run.ask_for("e", 50, Run::short(50));
    run.is_clean();
    let counts = judge(&run.history, &run.snapshot).counts;
    assert_eq!((counts.keys, counts.keys_retried, counts.keys_acknowledged), (5, 1, 2));
}

#[test]
fn more_units_held_than_came_in_are_oversold() {
    let mut run = Run::new();
    run.place(1, "a", 6);
    run.ask_for("b", 6, Run::acknowledged(2));
    run.store(2, "b", 6);
    // A lost update: the second order's deduction overwrote the first one's.
    run.snapshot.movements.pop();
    run.snapshot.stock[0].available += 6;
    run.snapshot.stock[0].reserved -= 6;
    run.snapshot.stock[0].version -= 1;
    run.breaks(&[Kind::Oversold, Kind::UnbalancedLedger]);
}

#[test]
fn an_acknowledged_order_that_is_not_there_is_lost() {
    let mut run = Run::new();
    run.place(1, "a", 1);
    run.ask_for("b", 1, Run::acknowledged(2));
    run.breaks(&[Kind::LostOrder]);
}

#[test]
fn an_order_that_cannot_be_found_any_more_is_lost() {
    let mut run = Run::new();
    run.place(1, "a", 1);
    let answer = Answer::Refused { status: 404, code: "ORDER_NOT_FOUND".into() };
    run.event(Ask::Read { order: order_id(1) }, answer);
    run.breaks(&[Kind::LostOrder]);
}

#[test]
fn a_key_with_two_orders_is_found_in_the_answers_and_in_the_database() {
    let mut run = Run::new();
    run.place(1, "a", 1);
    run.place(2, "a", 1);
    assert_eq!(judge(&run.history, &run.snapshot).count(Kind::DoubleOrder), 2);
    // Nobody was told of the second one: the retry after a lost answer made it.
    let mut run = Run::new();
    run.ask_for("a", 1, Run::lost());
    run.place(1, "a", 1);
    run.store(2, "a", 1);
    run.breaks(&[Kind::DoubleOrder]);
}

#[test]
fn a_key_that_is_answered_differently_the_second_time() {
    let mut run = Run::new();
    run.place(1, "a", 1);
    let Answer::Placed { order, total, reserved_until, .. } = Run::acknowledged(1) else {
        unreachable!()
    };
    let digest = "another body".to_owned();
    run.ask_for("a", 1, Answer::Placed { order, total, reserved_until, digest });
    run.breaks(&[Kind::ChangedOrder]);
}

#[test]
fn an_order_with_other_lines_or_another_total_is_changed() {
    let mut run = Run::new();
    run.ask_for("a", 2, Run::acknowledged(1));
    run.store(1, "a", 3);
    run.breaks(&[Kind::ChangedOrder]);
    let mut run = Run::new();
    run.place(1, "a", 2);
    run.order(1).total = 400;
    run.breaks(&[Kind::ChangedOrder]);
}

#[test]
fn an_order_nobody_asked_for_or_that_was_refused_is_a_phantom() {
    let mut run = Run::new();
    run.store(1, "a", 1);
    run.breaks(&[Kind::PhantomOrder]);
    let mut run = Run::new();
    run.ask_for("a", 1, Answer::Refused { status: 503, code: "QUEUE_FULL".into() });
    run.store(1, "a", 1);
    run.breaks(&[Kind::PhantomOrder]);
    // One attempt that nobody knows of is enough to explain it.
    run.ask_for("a", 1, Answer::Refused { status: 503, code: "SERVICE_UNAVAILABLE".into() });
    run.is_clean();
}

#[test]
fn stock_given_back_without_a_reason() {
    let mut run = Run::new();
    run.place(1, "a", 1);
    run.end(1, "guest", 5);
    run.breaks(&[Kind::UnjustifiedRelease]);
    // Every attempt to cancel was refused.
    let refused = Answer::Refused { status: 409, code: "INVALID_TRANSITION".into() };
    run.event(Ask::Cancel { order: order_id(1) }, refused);
    run.breaks(&[Kind::UnjustifiedRelease]);
    run.event(Ask::Cancel { order: order_id(1) }, Run::lost());
    run.is_clean();
}

#[test]
fn stock_given_back_too_early() {
    let mut run = Run::new();
    run.place(1, "a", 1);
    run.end(1, "system", 59);
    run.breaks(&[Kind::UnjustifiedRelease]);
    let mut run = Run::new();
    run.place(1, "a", 1);
    run.end(1, "system", 61);
    run.is_clean();
}

#[test]
fn an_order_seen_cancelled_too_early_whatever_the_shops_clock_says() {
    let mut run = Run::new();
    run.place(1, "a", 1);
    run.end(1, "system", 61);
    run.see(1, State::Cancelled);
    run.breaks(&[Kind::UnjustifiedRelease]);
    // After the clock was moved by hand there is nothing to compare with.
    run.history.events[0].start = 1;
    let moved = Event {
        client: 0,
        start: 2,
        end: 3,
        ask: Ask::AdvanceClock { seconds: 90 },
        answer: Answer::Done,
    };
    run.history.events.push(moved);
    run.is_clean();
}

#[test]
fn books_that_do_not_add_up() {
    let mut run = Run::new();
    run.place(1, "a", 1);
    run.snapshot.stock[0].available -= 1;
    run.breaks(&[Kind::UnbalancedLedger]);
    let mut run = Run::new();
    run.place(1, "a", 1);
    run.snapshot.reservations.clear();
    run.breaks(&[Kind::UnbalancedLedger]);
    // Units taken for an order that is not there.
    let mut run = Run::new();
    run.move_stock("reserve", Some(order_id(9)), None, [0, -1, 1, 0]);
    run.breaks(&[Kind::UnbalancedLedger]);
}

#[test]
fn receipts_are_booked_once_or_if_nobody_knows_at_most_once() {
    let mut run = Run::new();
    run.receive(5, "one", Answer::Done);
    run.breaks(&[Kind::LostReceipt]);
    run.move_stock("receive", None, Some("one"), [5, 5, 0, 0]);
    run.receive(3, "two", Run::lost());
    run.is_clean();
    run.move_stock("receive", None, Some("two"), [3, 3, 0, 0]);
    run.is_clean();
    run.move_stock("receive", None, Some("two"), [3, 3, 0, 0]);
    run.breaks(&[Kind::LostReceipt]);
}

#[test]
fn acknowledged_money_that_went_nowhere_is_lost() {
    let mut run = Run::new();
    run.place(1, "a", 1);
    run.notice(1, "T1", Answer::Done);
    run.breaks(&[Kind::LostPayment]);
    run.pay(1, "T1");
    run.is_clean();
    // A second payment goes back.
    run.notice(1, "T2", Answer::Done);
    let second = Attempt {
        id: Uuid::from_u128(7000),
        order: order_id(1),
        trade_no: "T2".into(),
        amount: 500,
        status: "succeeded".into(),
        kept: false,
    };
    run.snapshot.attempts.push(second);
    run.breaks(&[Kind::LostPayment]);
    run.snapshot.refunds.push(Refund { attempt: Uuid::from_u128(7000), amount: 500 });
    run.is_clean();
}

/// An order of four units, paid and given up.
fn given_up() -> Run {
    let mut run = Run::new();
    run.place(1, "a", 4);
    run.notice(1, "T1", Answer::Done);
    run.pay(1, "T1");
    run.event(Ask::Cancel { order: order_id(1) }, Answer::Seen { state: State::RefundRequested });
    run.give_up(1);
    run
}

#[test]
fn what_is_given_up_after_it_was_paid_is_free_and_its_money_goes_back() {
    given_up().is_clean();
    let mut run = given_up();
    run.snapshot.refunds.clear();
    run.breaks(&[Kind::LostPayment]);
    let mut run = given_up();
    run.history.events.retain(|event| !matches!(event.ask, Ask::Cancel { .. }));
    run.breaks(&[Kind::UnjustifiedRelease]);
    // Its units are to be had again, and were given back once.
    let mut run = given_up();
    run.ask_for("b", 8, Run::short(8));
    run.breaks(&[Kind::Undersold]);
    let mut run = given_up();
    run.move_stock("return", Some(order_id(1)), None, [4, 4, 0, 0]);
    run.breaks(&[Kind::UnbalancedLedger]);
}

#[test]
fn paid_without_a_notice() {
    let mut run = Run::new();
    run.place(1, "a", 1);
    run.pay(1, "T1");
    run.breaks(&[Kind::PhantomPayment]);
}

#[test]
fn reads_go_forward_and_overlapping_ones_may_differ() {
    let mut run = Run::new();
    run.place(1, "a", 1);
    run.notice(1, "T1", Answer::Done);
    run.pay(1, "T1");
    run.see(1, State::Paid);
    run.see(1, State::PendingPayment);
    run.breaks(&[Kind::BackwardsRead]);
    // It began before the other one was answered.
    let paid_end = run.history.events[2].end;
    run.history.events[3].start = paid_end - 1;
    run.is_clean();
}

#[test]
fn the_database_has_the_last_word() {
    let mut run = Run::new();
    run.place(1, "a", 1);
    run.see(1, State::Paid);
    run.breaks(&[Kind::BackwardsRead]);
}

#[test]
fn an_acknowledged_cancellation_stays() {
    let mut run = Run::new();
    run.place(1, "a", 1);
    run.event(Ask::Cancel { order: order_id(1) }, Answer::Seen { state: State::Cancelled });
    assert!(judge(&run.history, &run.snapshot).count(Kind::BackwardsRead) > 0);
}

#[test]
fn sent_away_while_there_was_enough() {
    let mut run = Run::new();
    run.place(1, "a", 4);
    run.now += 10 * SECOND;
    run.ask_for("b", 6, Run::short(6));
    run.breaks(&[Kind::Undersold]);
    // Seven were more than there was.
    run.history.events.pop();
    run.ask_for("b", 7, Run::short(7));
    run.is_clean();
}

#[test]
fn units_that_somebody_may_have_held_do_not_count_as_free() {
    let mut run = Run::new();
    run.place(1, "a", 4);
    run.event(Ask::Cancel { order: order_id(1) }, Answer::Seen { state: State::Cancelled });
    run.end(1, "guest", 3);
    run.ask_for("b", 8, Run::short(8));
    run.breaks(&[Kind::Undersold]);
    // It began before the cancellation was answered.
    run.history.events[2].start = run.history.events[1].end - 1;
    run.is_clean();
}

#[test]
fn an_order_whose_first_attempt_overlaps_the_refusal_may_have_been_first() {
    let mut run = Run::new();
    run.now += 10 * SECOND;
    run.ask_for("b", 8, Run::short(8));
    let refused_end = run.history.events[0].end;
    run.ask_for("a", 4, Run::acknowledged(1));
    run.store(1, "a", 4);
    run.breaks(&[Kind::Undersold]);
    run.history.events[1].start = refused_end;
    run.is_clean();
}

#[test]
fn units_that_nobody_could_buy() {
    let mut run = Run::new();
    run.snapshot.sold_to_the_last.push(VARIANT);
    run.breaks(&[Kind::Undersold]);
    run.place(1, "a", 10);
    run.is_clean();
}

#[test]
fn answers_that_should_not_exist() {
    let mut run = Run::new();
    run.ask_for("a", 1, Answer::Refused { status: 500, code: "INTERNAL".into() });
    run.breaks(&[Kind::UnexpectedAnswer]);
    let mut run = Run::new();
    run.ask_for("a", 1, Answer::Refused { status: 503, code: "SERVICE_UNAVAILABLE".into() });
    run.ask_for("a", 1, Answer::Refused { status: 409, code: "REQUEST_IN_PROGRESS".into() });
    run.is_clean();
}

#[test]
fn a_history_survives_the_disk() {
    let mut run = Run::new();
    run.place(1, "a", 1);
    run.see(1, State::PendingPayment);
    run.ask_for("b", 50, Run::short(50));
    for event in &run.history.events {
        let line = serde_json::to_string(event).unwrap();
        assert_eq!(&serde_json::from_str::<Event>(&line).unwrap(), event, "{line}");
    }
}
