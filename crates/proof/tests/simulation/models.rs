use proof::simulation::{
    Depth, explain, generate,
    models::Fault,
    on_models,
    play::{Failure, Tally},
    scenario::Scenario,
};

/// Plays seeds on the models; a failing one is shown as small as it gets.
fn play(seeds: std::ops::Range<u64>) -> Tally {
    let mut tally = Tally::default();
    for seed in seeds {
        let scenario = generate::scenario(seed, Depth::Models, Depth::Models.steps());
        let run = |scenario: &Scenario| on_models(scenario, None);
        let Ok(played) = run(&scenario).unwrap() else {
            panic!("{}", explain(&scenario, run).unwrap().1);
        };
        tally.add(played);
    }
    tally
}

#[test]
fn four_thousand_seeds_agree_with_the_auditor() {
    let tally = play(0..4000);
    // The scenarios are worth something: orders are made, answers are lost.
    assert!(tally.orders > 15_000 && tally.lost > 10_000, "{tally:?}");
}

/// The first seed that shows a mistake, made small.
fn caught(fault: Fault) -> (Scenario, Failure) {
    let run = |scenario: &Scenario| on_models(scenario, Some(fault));
    for seed in 0..500 {
        let scenario = generate::scenario(seed, Depth::Models, Depth::Models.steps());
        if run(&scenario).unwrap().is_err() {
            let (small, _) = explain(&scenario, run).unwrap();
            let failure = run(&small).unwrap().unwrap_err();
            return (small, failure);
        }
    }
    panic!("{fault:?} was not found");
}

#[test]
fn every_planted_mistake_is_found_and_its_scenario_is_small() {
    for fault in Fault::ALL {
        let (small, failure) = caught(fault);
        println!("{fault:?}:\n{small}{failure}");
        assert!(small.steps.len() <= 6, "{fault:?}\n{small}{failure}");
        assert!(on_models(&small, None).unwrap().is_ok(), "{small}");
    }
}
