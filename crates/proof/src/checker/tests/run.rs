//! A run under construction, by hand: what clients saw, and what the database holds.

use uuid::Uuid;

use crate::checker::{
    Answer, Ask, Attempt, Event, History, Kind, Line, Micros, Movement, Order, OrderLine, Refund,
    Reservation, Short, Snapshot, State, StockRow, Transition, judge,
};

const BEGAN_AT: i64 = 1_800_000_000_000_000;
const MINUTE: i64 = 60_000_000;
pub(super) const SECOND: u64 = 1_000_000;

pub(super) const VARIANT: Uuid = Uuid::from_u128(1);
const WAREHOUSE: Uuid = Uuid::from_u128(2);

pub(super) fn order_id(n: u128) -> Uuid {
    Uuid::from_u128(1000 + n)
}

/// A run under construction: every helper says what is in the history and in the database.
pub(super) struct Run {
    pub(super) history: History,
    pub(super) snapshot: Snapshot,
    pub(super) now: Micros,
}

impl Run {
    /// A shop with ten units.
    pub(super) fn new() -> Self {
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
    pub(super) fn event(&mut self, ask: Ask, answer: Answer) -> &mut Event {
        self.now += SECOND;
        let (start, end) = (self.now, self.now + 1_000);
        self.history.events.push(Event { client: 1, start, end, ask, answer });
        self.history.events.last_mut().unwrap()
    }

    pub(super) fn ask_for(&mut self, key: &str, quantity: i64, answer: Answer) {
        let lines = vec![Line { variant: VARIANT, quantity }];
        self.event(Ask::Place { key: key.into(), lines }, answer);
    }

    pub(super) fn acknowledged(n: u128) -> Answer {
        Answer::Placed {
            order: order_id(n),
            total: 500,
            reserved_until: BEGAN_AT + MINUTE,
            digest: format!("body {n}"),
        }
    }

    pub(super) fn lost() -> Answer {
        Answer::Lost { why: "timeout".into() }
    }

    pub(super) fn short(requested: i64) -> Answer {
        Answer::Short { short: vec![Short { variant: VARIANT, requested }] }
    }

    /// The order as the database holds it, with its units.
    pub(super) fn store(&mut self, n: u128, key: &str, quantity: i64) {
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

    pub(super) fn move_stock(
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
    pub(super) fn place(&mut self, n: u128, key: &str, quantity: i64) {
        self.ask_for(key, quantity, Self::acknowledged(n));
        self.store(n, key, quantity);
    }

    pub(super) fn order(&mut self, n: u128) -> &mut Order {
        self.snapshot.orders.iter_mut().find(|order| order.id == order_id(n)).unwrap()
    }

    /// The order ends in the database, `seconds` after the beginning, and gives its units back.
    pub(super) fn end(&mut self, n: u128, actor: &str, seconds: i64) {
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
    pub(super) fn pay(&mut self, n: u128, trade_no: &str) {
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

    /// The order is given up in the database after it was paid: its units are free, its money goes back.
    pub(super) fn give_up(&mut self, n: u128) {
        let at = BEGAN_AT + 2_000_000;
        let order = self.order(n);
        order.state = State::RefundRequested;
        let to = State::RefundRequested;
        order.transitions.push(Transition { to, actor: "guest".into(), at });
        let quantity = order.lines[0].quantity;
        self.move_stock("ship", Some(order_id(n)), None, [-quantity, 0, 0, -quantity]);
        self.move_stock("return", Some(order_id(n)), None, [quantity, quantity, 0, 0]);
        self.snapshot.refunds.push(Refund { attempt: Uuid::from_u128(5000 + n), amount: 500 });
    }

    pub(super) fn notice(&mut self, n: u128, trade_no: &str, answer: Answer) {
        let trade_no = trade_no.to_owned();
        self.event(Ask::Notice { order: order_id(n), trade_no, paid: true }, answer);
    }

    pub(super) fn see(&mut self, n: u128, state: State) {
        self.event(Ask::Read { order: order_id(n) }, Answer::Seen { state });
    }

    pub(super) fn receive(&mut self, quantity: i64, reason: &str, answer: Answer) {
        let (variant, warehouse, reason) = (VARIANT, WAREHOUSE, reason.to_owned());
        self.event(Ask::Receive { variant, warehouse, quantity, reason }, answer);
    }

    #[track_caller]
    pub(super) fn is_clean(&self) {
        let verdict = judge(&self.history, &self.snapshot);
        assert!(verdict.is_clean(), "{:#?}", verdict.violations);
    }

    /// Exactly these kinds of violations are found.
    #[track_caller]
    pub(super) fn breaks(&self, kinds: &[Kind]) {
        let verdict = judge(&self.history, &self.snapshot);
        let found: Vec<Kind> = verdict.found.keys().copied().collect();
        assert_eq!(found, kinds, "{:#?}", verdict.violations);
    }
}
