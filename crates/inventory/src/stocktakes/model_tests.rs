//! Goal: the machine has exactly its moves, and a line comes to what its people say. Method: every
//! pair of status and move; tables, and random counts against the plain wording of the rule.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

const MOVES: [StocktakeMove; 9] = [
    StocktakeMove::Count,
    StocktakeMove::Skip,
    StocktakeMove::Submit,
    StocktakeMove::Recount,
    StocktakeMove::Decide,
    StocktakeMove::Post,
    StocktakeMove::Cancel,
    StocktakeMove::Expire,
    StocktakeMove::Extend,
];

#[test]
fn the_machine_has_exactly_these_moves() {
    use {StocktakeMove as M, StocktakeStatus as S};
    let mut expected = vec![
        (S::Open, M::Count, S::Open),
        (S::Open, M::Skip, S::Open),
        (S::Open, M::Extend, S::Open),
        (S::Open, M::Submit, S::Review),
        (S::Open, M::Cancel, S::Cancelled),
        (S::Open, M::Expire, S::Expired),
        (S::Review, M::Skip, S::Review),
        (S::Review, M::Decide, S::Review),
        (S::Review, M::Extend, S::Review),
        (S::Review, M::Recount, S::Open),
        (S::Review, M::Post, S::Posted),
        (S::Review, M::Cancel, S::Cancelled),
        (S::Review, M::Expire, S::Expired),
    ];
    for from in S::ALL {
        assert_eq!(S::parse(from.as_str()), Some(from));
        assert_eq!(from.holds(), from.after(M::Cancel).is_ok());
        for asked in MOVES {
            let found = from.after(asked);
            match expected.iter().position(|(f, m, _)| (*f, *m) == (from, asked)) {
                Some(place) => assert_eq!(found, Ok(expected.swap_remove(place).2)),
                None => assert_eq!(found, Err(InvalidStocktakeMove { from, asked })),
            }
        }
    }
    assert!(expected.is_empty());
    assert_eq!(S::parse("OPEN"), None);
    assert_eq!(name_of(42), "ST-000042");
}

fn line(counts: &[(u128, i32)]) -> StocktakeLine {
    let entry = |(round, (by, counted)): (i32, &(u128, i32))| CountEntry {
        round,
        counted: *counted,
        by: Uuid::from_u128(*by).into(),
        at: Timestamp::UNIX_EPOCH,
    };
    StocktakeLine {
        variant: Uuid::from_u128(100).into(),
        expected: 5,
        promised: 0,
        skipped_reason: None,
        decided: None,
        decided_by: None,
        posted: None,
        counts: (1..).zip(counts).map(entry).collect(),
    }
}

#[test]
fn a_line_comes_to_what_its_people_agree_on() {
    use Verdict::{Counted, Disagreed, Missing};
    for (counts, one, two) in [
        (&[] as &[(u128, i32)], Missing, Missing),
        (&[(1, 5)], Counted(5), Missing),
        // The same person twice is one person, and the last count is theirs.
        (&[(1, 5), (1, 6)], Counted(6), Missing),
        (&[(1, 5), (2, 5)], Counted(5), Counted(5)),
        (&[(1, 5), (2, 6)], Disagreed, Disagreed),
        (&[(1, 5), (2, 6), (2, 5)], Counted(5), Counted(5)),
        // A third person settles it, or does not.
        (&[(1, 5), (2, 6), (3, 6)], Counted(6), Counted(6)),
        (&[(1, 5), (2, 6), (3, 7)], Disagreed, Disagreed),
        (&[(1, 5), (2, 6), (3, 6), (4, 5)], Disagreed, Disagreed),
        (&[(1, 0)], Counted(0), Missing),
    ] {
        assert_eq!(line(counts).verdict(1), one, "{counts:?}");
        assert_eq!(line(counts).verdict(2), two, "{counts:?}");
    }
}

#[test]
fn a_decision_settles_it_and_a_skipped_line_is_left_alone() {
    let mut disagreed = line(&[(1, 5), (2, 6)]);
    disagreed.decided = Some(7);
    assert_eq!(disagreed.verdict(2), Verdict::Counted(7));
    assert_eq!(disagreed.counts_alone(2), Verdict::Disagreed);
    disagreed.skipped_reason = Some("on the top shelf".into());
    assert_eq!(disagreed.verdict(2), Verdict::Skipped);
    assert_eq!((line(&[]).difference(7), line(&[]).difference(0)), (2, -5));
}

proptest! {
    #[test]
    fn what_counts_has_the_most_people_behind_it(
        counts in prop::collection::vec((0..5_u128, 0..4_i32), 0..12), required in 1..=2_i16
    ) {
        let mut theirs = std::collections::BTreeMap::new();
        for (by, counted) in &counts {
            theirs.insert(*by, *counted);
        }
        let people = |counted: i32| theirs.values().filter(|it| **it == counted).count();
        match line(&counts).verdict(required) {
            Verdict::Missing => prop_assert!(theirs.len() < usize::try_from(required).unwrap()),
            Verdict::Counted(units) => {
                prop_assert!(theirs.len() >= usize::try_from(required).unwrap());
                let others = (0..4).filter(|it| *it != units).map(people).max().unwrap();
                prop_assert!(people(units) > others);
                prop_assert!(people(units) >= 2 || theirs.len() == 1);
            }
            Verdict::Disagreed => {
                let most = (0..4).map(people).max().unwrap();
                let leaders = (0..4).filter(|it| people(*it) == most).count();
                prop_assert!(theirs.len() >= 2 && (leaders > 1 || most == 1));
            }
            Verdict::Skipped => prop_assert!(false, "nobody skipped it"),
        }
    }
}
