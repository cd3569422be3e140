//! The fewest warehouses that together have what is wanted: the problem of the smallest cover.
//!
//! It is solved exactly as long as 10,000 sets are enough, and they are for every order of a shop
//! of up to 13 warehouses (2¹³ sets); of more, for every order that two out of 141, three out of 39
//! or four out of 23 can fill. Warehouses that have nothing of what is wanted do not count, and sets
//! that are too small for one of the variants alone are not tried. Beyond that, the warehouse that
//! gives most is taken again and again: few warehouses, if not surely the fewest (at most 1 + ln n
//! times as many, for n units), and always enough.

/// How many sets of warehouses are tried for one order.
const TRIES: u32 = 10_000;

/// What is wanted of one variant, and what each warehouse could give of it, in order of preference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Units.
    pub quantity: i64,
    /// Units, by place in the preference.
    pub offered: Vec<i64>,
}

/// The smallest set of warehouses (as places in the preference, ascending) that can fill everything;
/// of equally small ones the most preferred, place by place. All warehouses together must suffice.
/// `inventory.fewest_warehouses` is its twin in SQL.
pub fn fewest_warehouses(wanted: &[Wanted]) -> Vec<usize> {
    let count = wanted.iter().map(|it| it.offered.len()).max().unwrap_or(0);
    let gives = |place: &usize| wanted.iter().any(|it| it.offered[*place] > 0);
    let useful: Vec<usize> = (0..count).filter(gives).collect();
    let mut search = Search { wanted, useful: &useful, tries: TRIES };
    for size in smallest(wanted)..=useful.len() {
        match search.first_of(size) {
            Found::Set(places) => return places,
            Found::Nothing => {}
            Found::TooMany => return most_useful(wanted, &useful),
        }
    }
    useful
}

/// No set smaller than one of the best places for each variant can do.
fn smallest(wanted: &[Wanted]) -> usize {
    let needed = |it: &Wanted| {
        let mut best = it.offered.clone();
        best.sort_unstable_by(|a, b| b.cmp(a));
        let mut sum = 0;
        let enough = best.iter().position(|units| {
            sum += units;
            sum >= it.quantity
        });
        enough.map_or(1, |place| place + 1)
    };
    wanted.iter().map(needed).max().unwrap_or(1)
}

fn suffice(wanted: &[Wanted], places: &(impl Iterator<Item = usize> + Clone)) -> bool {
    wanted
        .iter()
        .all(|it| places.clone().map(|place| it.offered[place]).sum::<i64>() >= it.quantity)
}

struct Search<'a> {
    wanted: &'a [Wanted],
    useful: &'a [usize],
    tries: u32,
}

enum Found {
    Set(Vec<usize>),
    Nothing,
    TooMany,
}

impl Search<'_> {
    /// The first set of `size` useful places, in lexicographic order, that suffices.
    fn first_of(&mut self, size: usize) -> Found {
        let count = self.useful.len();
        let mut spots: Vec<usize> = (0..size).collect();
        loop {
            let Some(left) = self.tries.checked_sub(1) else { return Found::TooMany };
            self.tries = left;
            let places = spots.iter().map(|spot| self.useful[*spot]);
            if suffice(self.wanted, &places) {
                return Found::Set(places.collect());
            }
            let Some(movable) = (0..size).rev().find(|i| spots[*i] < count - size + i) else {
                return Found::Nothing;
            };
            spots[movable] += 1;
            for later in movable + 1..size {
                spots[later] = spots[later - 1] + 1;
            }
        }
    }
}

/// Takes the place that gives most of what is still missing until nothing is, the most preferred of
/// equally useful ones; then leaves out, from the least preferred on, each that is not needed.
fn most_useful(wanted: &[Wanted], useful: &[usize]) -> Vec<usize> {
    let mut missing: Vec<i64> = wanted.iter().map(|it| it.quantity).collect();
    let mut chosen: Vec<usize> = Vec::new();
    loop {
        let gain = |place: usize| -> i64 {
            wanted.iter().zip(&missing).map(|(it, missing)| it.offered[place].min(*missing)).sum()
        };
        let left = useful.iter().copied().filter(|place| !chosen.contains(place));
        let best = left.map(|place| (gain(place), place)).filter(|(gain, _)| *gain > 0);
        let Some((_, place)) = best.max_by_key(|(gain, place)| (*gain, std::cmp::Reverse(*place)))
        else {
            break;
        };
        for (missing, it) in missing.iter_mut().zip(wanted) {
            *missing = (*missing - it.offered[place]).max(0);
        }
        chosen.push(place);
    }
    chosen.sort_unstable();
    for place in chosen.clone().into_iter().rev() {
        if suffice(wanted, &chosen.iter().copied().filter(|it| *it != place)) {
            chosen.retain(|it| *it != place);
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn wanted(quantity: i64, offered: &[i64]) -> Wanted {
        Wanted { quantity, offered: offered.to_vec() }
    }

    /// Every set there is, by size and then in order.
    fn by_brute_force(wanted: &[Wanted], count: usize) -> Vec<usize> {
        let sets = 0..1_u32 << count;
        let places = |set: u32| (0..count).filter(|place| set >> place & 1 == 1).collect();
        let mut sets: Vec<Vec<usize>> = sets.map(places).collect();
        sets.sort_by_key(|set| (set.len(), set.clone()));
        sets.into_iter().find(|set| suffice(wanted, &set.iter().copied())).unwrap()
    }

    /// A shop whose warehouses have enough together, and what is wanted of it.
    fn shop(places: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Wanted>> {
        let wanted = |(offered, percent): (Vec<i64>, i64)| {
            let all: i64 = offered.iter().sum();
            Wanted { quantity: (all * percent / 100).max(1), offered }
        };
        (places, 1..4_usize)
            .prop_flat_map(move |(places, variants)| {
                vec((vec(0..6_i64, places), 1..101_i64).prop_map(wanted), variants)
            })
            .prop_filter("there is enough", |shop| {
                shop.iter().all(|it| it.offered.iter().sum::<i64>() >= it.quantity)
            })
    }

    proptest! {
        #[test]
        fn it_is_the_one_that_brute_force_finds(wanted in shop(1..9)) {
            let count = wanted[0].offered.len();
            prop_assert_eq!(fewest_warehouses(&wanted), by_brute_force(&wanted, count));
        }

        /// Whatever the number of warehouses: enough, and none too many.
        #[test]
        fn it_always_suffices_and_has_nothing_to_spare(wanted in shop(1..60)) {
            let places = fewest_warehouses(&wanted);
            prop_assert!(places.is_sorted_by(|a, b| a < b));
            prop_assert!(suffice(&wanted, &places.iter().copied()));
            for spare in &places {
                prop_assert!(!suffice(&wanted, &places.iter().copied().filter(|it| it != spare)));
            }
        }
    }

    #[test]
    fn of_equally_few_the_most_preferred() {
        assert_eq!(fewest_warehouses(&[wanted(2, &[1, 2, 2])]), [1]);
        assert_eq!(fewest_warehouses(&[wanted(3, &[1, 2, 2])]), [0, 1]);
        assert_eq!(fewest_warehouses(&[wanted(1, &[1, 0]), wanted(1, &[0, 1])]), [0, 1]);
    }

    /// The only five of forty that will do come last: more sets than can be tried.
    #[test]
    fn beyond_the_bound_the_most_useful_are_taken() {
        let mut offered = vec![1; 40];
        offered[35..].fill(10);
        assert_eq!(fewest_warehouses(&[wanted(50, &offered)]), [35, 36, 37, 38, 39]);
        assert_eq!(fewest_warehouses(&[wanted(20, &[1; 40])]), (0..20).collect::<Vec<_>>());
    }

    /// The warehouse with four of six things leads astray; two others have everything between them.
    #[test]
    fn within_the_bound_it_is_better_than_the_most_useful_first() {
        let things = [
            wanted(1, &[1, 0, 0, 1, 0]),
            wanted(1, &[1, 0, 0, 0, 1]),
            wanted(1, &[1, 0, 0, 1, 0]),
            wanted(1, &[1, 0, 0, 0, 1]),
            wanted(1, &[0, 1, 0, 1, 0]),
            wanted(1, &[0, 0, 1, 0, 1]),
        ];
        assert_eq!(most_useful(&things, &[0, 1, 2, 3, 4]), [0, 1, 2]);
        assert_eq!(fewest_warehouses(&things), [3, 4]);
    }

    /// What is taken first may turn out not to be needed.
    #[test]
    fn nobody_is_asked_in_vain() {
        let both = [wanted(6, &[5, 6, 0]), wanted(6, &[5, 0, 6])];
        assert_eq!(most_useful(&both, &[0, 1, 2]), [1, 2]);
        assert_eq!(fewest_warehouses(&both), [1, 2]);
    }
}
