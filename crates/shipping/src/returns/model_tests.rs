//! Goal: the machine has exactly its moves, and no unit of a return is lost or made. Method: every
//! pair of status and move; the edges of what may be said of lines.

use uuid::Uuid;

use super::*;

const MOVES: [ReturnMove; 5] = [
    ReturnMove::Approve,
    ReturnMove::Reject,
    ReturnMove::Receive,
    ReturnMove::Inspect,
    ReturnMove::Cancel,
];

#[test]
fn the_machine_has_exactly_these_moves() {
    use {ReturnMove as M, ReturnStatus as S};
    let expected = [
        (S::Requested, M::Approve, S::Approved),
        (S::Requested, M::Reject, S::Rejected),
        (S::Requested, M::Cancel, S::Cancelled),
        (S::Approved, M::Receive, S::Received),
        (S::Approved, M::Cancel, S::Cancelled),
        (S::Received, M::Inspect, S::Inspected),
    ];
    for from in S::ALL {
        for asked in MOVES {
            let wanted = expected.iter().find(|(f, m, _)| (*f, *m) == (from, asked));
            let wanted = wanted.map(|(_, _, to)| *to).ok_or(InvalidReturnMove { from, asked });
            assert_eq!(from.after(asked), wanted);
        }
        let leads_on = MOVES.into_iter().any(|asked| from.after(asked).is_ok());
        assert_eq!(from.is_closed(), !leads_on, "{from:?}");
    }
}

#[test]
fn words_are_unambiguous() {
    for status in ReturnStatus::ALL {
        assert_eq!(ReturnStatus::parse(status.as_str()), Some(status));
        assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
    }
    for cause in ReturnCause::ALL {
        assert_eq!(ReturnCause::parse(cause.as_str()), Some(cause));
        assert_eq!(serde_json::to_value(cause).unwrap(), cause.as_str());
    }
    assert_eq!((ReturnStatus::parse(""), ReturnCause::parse("")), (None, None));
}

/// Three of line 1 and one of line 3 are to come.
fn back() -> Return {
    Return {
        id: Uuid::from_u128(1).into(),
        order: Uuid::from_u128(2).into(),
        number: 1,
        status: ReturnStatus::Approved,
        cause: ReturnCause::ChangedMind,
        reason: "too small".into(),
        answer: None,
        refund: None,
        version: 2,
        requested_at: Timestamp::UNIX_EPOCH,
        closed_at: None,
        lines: vec![ReturnLine::asked(1, 3), ReturnLine::asked(3, 1)],
        pictures: Vec::new(),
    }
}

fn came(line_no: i16, received: i32) -> Arrival {
    Arrival { line_no, received }
}

fn found(line_no: i16, [restocked, written_off, refused]: [i32; 3]) -> Finding {
    Finding { line_no, restocked, written_off, refused, note: None }
}

#[test]
fn as_much_comes_as_was_to_come_and_something_has_to() {
    let back = back();
    let units =
        |lines: Vec<ReturnLine>| -> Vec<i32> { lines.iter().map(|it| it.received).collect() };
    assert_eq!(back.receive(&[came(1, 3), came(3, 1)]).map(units), Ok(vec![3, 1]));
    assert_eq!(back.receive(&[came(3, 1)]).map(units), Ok(vec![0, 1]));
    assert_eq!(back.receive(&[came(1, 2), came(3, 0)]).map(units), Ok(vec![2, 0]));
    for (arrived, error) in [
        (vec![], ReturnLineError::Nothing),
        (vec![came(1, 0)], ReturnLineError::Nothing),
        (vec![came(1, 4)], ReturnLineError::TooMany { line_no: 1, quantity: 3 }),
        (vec![came(1, -1)], ReturnLineError::TooMany { line_no: 1, quantity: 3 }),
        (vec![came(2, 1)], ReturnLineError::Unknown { line_no: 2 }),
        (vec![came(1, 1), came(1, 1)], ReturnLineError::Unknown { line_no: 1 }),
    ] {
        assert_eq!(back.receive(&arrived), Err(error), "{arrived:?}");
    }
}

#[test]
fn every_unit_that_came_is_accounted_for_exactly() {
    let mut back = back();
    back.lines = back.receive(&[came(1, 3)]).unwrap();
    let lines = back.inspect(&[found(1, [1, 1, 1])]).unwrap();
    assert_eq!((lines[0].accepted(), lines[0].refused, lines[1].accepted()), (2, 1, 0));
    assert!(back.inspect(&[found(1, [3, 0, 0]), found(3, [0, 0, 0])]).is_ok());
    let unsound = |line_no, received| Err(ReturnLineError::Unsound { line_no, received });
    for findings in [
        vec![],
        vec![found(1, [1, 1, 0])],
        vec![found(1, [4, 0, 0])],
        vec![found(1, [4, -1, 0])],
        vec![found(1, [i32::MAX, i32::MAX, 5])],
    ] {
        assert_eq!(back.inspect(&findings), unsound(1, 3), "{findings:?}");
    }
    assert_eq!(back.inspect(&[found(1, [3, 0, 0]), found(3, [1, 0, 0])]), unsound(3, 0));
    let twice = [found(1, [3, 0, 0]), found(1, [3, 0, 0])];
    assert_eq!(back.inspect(&twice), Err(ReturnLineError::Unknown { line_no: 1 }));
}
