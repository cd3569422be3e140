//! Hand-made histories: a clean one, and for each promise one that breaks it. A checker that finds
//! nothing in those would find nothing in a run.

use uuid::Uuid;

use super::*;

const BEGAN_AT: i64 = 1_800_000_000_000_000;
const MINUTE: i64 = 60_000_000;
const SECOND: u64 = 1_000_000;

const VARIANT: Uuid = Uuid::from_u128(1);
const WAREHOUSE: Uuid = Uuid::from_u128(2);

fn order_id(n: u128) -> Uuid {
    Uuid::from_u128(1000 + n)
}

/// A run under construction: every helper says what is in the history and in the database.
struct Run {
    history: History,
    snapshot: Snapshot,
    now: Micros,
}

impl Run {
    /// A shop with ten units.
    fn new() -> Self {
        let row = StockRow {
            variant: VARIANT,
            warehouse: WAREHOUSE,
            total: 10,
            available: 10,
            reserved: 0,
            sold: 0,
            version: 1,
        };
        let first = Movement {
            variant: VARIANT,
            warehouse: WAREHOUSE,
            seq: 1,
            kind: "receive".into(),
            total: 10,
            available: 10,
            reserved: 0,
            sold: 0,
            available_after: 10,
            reference: None,
            reason: Some("demo".into()),
        };
        Self {
            history: History { began_at: BEGAN_AT, events: Vec::new() },
            snapshot: Snapshot {
                stock_before: vec![row],
                stock: vec![row],
                movements: vec![first],
                ..Snapshot::default()
            },
            now: SECOND,
        }
    }

    /// A request that takes a millisecond, a second after the one before.
    fn event(&mut self, ask: Ask, answer: Answer) -> &mut Event {
        self.now += SECOND;
        let (start, end) = (self.now, self.now + 1_000);
        self.history.events.push(Event { client: 1, start, end, ask, answer });
        self.history.events.last_mut().unwrap()
    }

    fn ask_for(&mut self, key: &str, quantity: i64, answer: Answer) {
        let lines = vec![Line { variant: VARIANT, quantity }];
        self.event(Ask::Place { key: key.into(), lines }, answer);
    }

    fn acknowledged(n: u128) -> Answer {
        Answer::Placed {
            order: order_id(n),
            total: 500,
            reserved_until: BEGAN_AT + MINUTE,
            digest: format!("body {n}"),
        }
    }

    fn lost() -> Answer {
        Answer::Lost { why: "timeout".into() }
    }

    fn short(requested: i64) -> Answer {
        Answer::Short { short: vec![Short { variant: VARIANT, requested }] }
    }

    /// The order as the database holds it, with its units.
    fn store(&mut self, n: u128, key: &str, quantity: i64) {
        self.snapshot.orders.push(Order {
            id: order_id(n),
            key: Some(key.into()),
            state: State::PendingPayment,
            total: 500,
            reserved_until: BEGAN_AT + MINUTE,
            lines: vec![OrderLine { variant: VARIANT, quantity }],
            transitions: Vec::new(),
        });
        self.snapshot.reservations.push(Reservation {
            order: order_id(n),
            variant: VARIANT,
            quantity,
            status: "active".into(),
            expires_at: BEGAN_AT + MINUTE,
            closed_at: None,
        });
        self.move_stock("reserve", Some(order_id(n)), None, [0, -quantity, quantity, 0]);
    }

    fn move_stock(
        &mut self,
        kind: &str,
        reference: Option<Uuid>,
        reason: Option<&str>,
        [total, available, reserved, sold]: [i64; 4],
    ) {
        let row = &mut self.snapshot.stock[0];
        row.total += total;
        row.available += available;
        row.reserved += reserved;
        row.sold += sold;
        row.version += 1;
        self.snapshot.movements.push(Movement {
            variant: VARIANT,
            warehouse: WAREHOUSE,
            seq: row.version,
            kind: kind.into(),
            total,
            available,
            reserved,
            sold,
            available_after: row.available,
            reference,
            reason: reason.map(str::to_owned),
        });
    }

    /// Placed, acknowledged, stored.
    fn place(&mut self, n: u128, key: &str, quantity: i64) {
        self.ask_for(key, quantity, Self::acknowledged(n));
        self.store(n, key, quantity);
    }

    fn order(&mut self, n: u128) -> &mut Order {
        self.snapshot.orders.iter_mut().find(|order| order.id == order_id(n)).unwrap()
    }

    /// The order ends in the database, `seconds` after the beginning, and gives its units back.
    fn end(&mut self, n: u128, actor: &str, seconds: i64) {
        let at = BEGAN_AT + seconds * 1_000_000;
        let order = self.order(n);
        order.state = State::Cancelled;
        order.transitions.push(Transition { to: State::Cancelled, actor: actor.into(), at });
        let quantity = order.lines[0].quantity;
        let held = self.snapshot.reservations.iter_mut().find(|r| r.order == order_id(n)).unwrap();
        held.status = if actor == "system" { "expired" } else { "released" }.into();
        held.closed_at = Some(at);
        self.move_stock("release", Some(order_id(n)), None, [0, quantity, -quantity, 0]);
    }

    /// The order is paid in the database.
    fn pay(&mut self, n: u128, trade_no: &str) {
        let order = self.order(n);
        order.state = State::Paid;
        let at = BEGAN_AT + 1_000_000;
        order.transitions.push(Transition { to: State::Paid, actor: "provider".into(), at });
        let quantity = order.lines[0].quantity;
        let held = self.snapshot.reservations.iter_mut().find(|r| r.order == order_id(n)).unwrap();
        held.status = "confirmed".into();
        held.closed_at = Some(at);
        self.move_stock("confirm", Some(order_id(n)), None, [0, 0, -quantity, quantity]);
        self.snapshot.attempts.push(Attempt {
            id: Uuid::from_u128(5000 + n),
            order: order_id(n),
            trade_no: trade_no.into(),
            amount: 500,
            status: "succeeded".into(),
            kept: true,
        });
    }

    fn notice(&mut self, n: u128, trade_no: &str, answer: Answer) {
        let trade_no = trade_no.to_owned();
        self.event(Ask::Notice { order: order_id(n), trade_no, paid: true }, answer);
    }

    fn see(&mut self, n: u128, state: State) {
        self.event(Ask::Read { order: order_id(n) }, Answer::Seen { state });
    }

    fn receive(&mut self, quantity: i64, reason: &str, answer: Answer) {
        let (variant, warehouse, reason) = (VARIANT, WAREHOUSE, reason.to_owned());
        self.event(Ask::Receive { variant, warehouse, quantity, reason }, answer);
    }

    #[track_caller]
    fn is_clean(&self) {
        let verdict = judge(&self.history, &self.snapshot);
        assert!(verdict.is_clean(), "{:#?}", verdict.violations);
    }

    /// Exactly these kinds of violations are found.
    #[track_caller]
    fn breaks(&self, kinds: &[Kind]) {
        let verdict = judge(&self.history, &self.snapshot);
        let found: Vec<Kind> = verdict.found.keys().copied().collect();
        assert_eq!(found, kinds, "{:#?}", verdict.violations);
    }
}

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
