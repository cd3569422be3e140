//! Makes a failing scenario as small as it gets.

use super::scenario::{Scenario, Step};

/// Tries at most so many smaller scenarios.
const TRIES: usize = 2_000;

/// The smallest scenario found that still `fails`: blocks of steps are taken out, ever smaller ones,
/// then single steps are made simpler, until nothing more can go.
pub fn shrink(
    scenario: &Scenario,
    mut fails: impl FnMut(&Scenario) -> anyhow::Result<bool>,
) -> anyhow::Result<Scenario> {
    let mut smallest = scenario.clone();
    let mut tries = TRIES;
    let mut try_it = |candidate: &Scenario| {
        tries = tries.saturating_sub(1);
        if tries == 0 { Ok(false) } else { fails(candidate) }
    };
    loop {
        let before = smallest.clone();
        let mut block = smallest.steps.len().div_ceil(2);
        while block > 0 {
            let mut from = 0;
            while from < smallest.steps.len() {
                let mut candidate = smallest.clone();
                let to = (from + block).min(candidate.steps.len());
                candidate.steps.drain(from..to);
                if try_it(&candidate)? {
                    smallest = candidate;
                } else {
                    from += block;
                }
            }
            block /= 2;
        }
        for place in 0..smallest.steps.len() {
            for simpler in [without_cut, without_company] {
                let mut candidate = smallest.clone();
                simpler(&mut candidate.steps[place]);
                if candidate != smallest && try_it(&candidate)? {
                    smallest = candidate;
                }
            }
        }
        for place in (0..smallest.world.stock.len()).rev() {
            let mut candidate = smallest.clone();
            candidate.world.stock.remove(place);
            if try_it(&candidate)? {
                smallest = candidate;
            }
        }
        if smallest == before {
            return Ok(smallest);
        }
    }
}

const fn without_cut(step: &mut Step) {
    step.cut = None;
}

const fn without_company(step: &mut Step) {
    step.beside = false;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulation::{Depth, generate, scenario::Act};

    #[test]
    fn only_what_is_needed_remains() {
        let scenario = generate::scenario(3, Depth::Models, 60);
        let needed = |s: &Scenario| {
            let waits = s.steps.iter().filter(|it| matches!(it.act, Act::Wait { .. })).count();
            let places = s.steps.iter().filter(|it| matches!(it.act, Act::Place { .. })).count();
            Ok(waits >= 1 && places >= 2)
        };
        assert!(needed(&scenario).unwrap());
        let small = shrink(&scenario, needed).unwrap();
        assert_eq!(small.steps.len(), 3);
        assert!(small.steps.iter().all(|step| step.cut.is_none() && !step.beside));
        assert!(small.world.stock.is_empty());
    }
}
