//! Whatever shop and whatever orders: the engine and the function say and do the same.

use std::{collections::BTreeMap, str::FromStr as _};

use jiff::{SignedDuration, Timestamp};
use kernel::id::OrderId;
use orders::OrderNumber;
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner},
};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    client::{Told, call, place, told},
    twins::{Twins, to_engine, to_function, traces},
    world::{Ask, Step, World, steps, world},
};

/// How often each answer was given.
type Census = BTreeMap<String, usize>;

/// A request made so far: what was asked with which key, and the number of its content.
struct Asked<'a> {
    ask: &'a Ask,
    key: Uuid,
    body: u8,
}

#[test]
fn the_function_and_the_engine_agree() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let twins = runtime.block_on(Twins::new());
    let config =
        Config { cases: 96, max_shrink_iters: 60, failure_persistence: None, ..Config::default() };
    // The same cases in every run, so that what they reach can be counted on.
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let census = std::cell::RefCell::new(Census::new());
    TestRunner::new_with_rng(config, rng)
        .run(&(world(), steps()), |(world, steps)| {
            runtime.block_on(compare(&twins, &world, &steps, &mut census.borrow_mut()))
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
    let census = census.into_inner();
    for code in [
        "placed",
        "replayed",
        "over several warehouses",
        "of a bundle",
        "a bundle short",
        "INVENTORY_SHORTAGE",
        "STOCK_FROZEN",
        "PRODUCT_NOT_FOUND",
        "PRICE_CHANGED",
        "PURCHASE_LIMIT_EXCEEDED",
        "VALIDATION_FAILED",
        "IDEMPOTENCY_KEY_REUSED",
    ] {
        assert!(census.get(code).is_some_and(|times| *times >= 3), "{code}: {census:?}");
    }
}

async fn compare(
    twins: &Twins,
    world: &World,
    steps: &[Step],
    census: &mut Census,
) -> Result<(), TestCaseError> {
    twins.open(world).await;
    let mut asked: Vec<Asked<'_>> = Vec::new();
    // The ids and numbers of accepted orders, in their turn, on either side.
    let (mut placed, mut called) = (Vec::new(), Vec::new());
    for (body, step) in (1..).zip(steps) {
        let new = Uuid::from_bytes(twins.engine.ids().bytes());
        let earlier = |turn: &usize| asked.get(turn % asked.len().max(1));
        let Asked { ask, key, body } = match step {
            Step::New(ask) => Asked { ask, key: new, body },
            Step::Again(turn) => match earlier(turn) {
                Some(earlier) => Asked { ..*earlier },
                None => continue,
            },
            Step::Reuse(turn, ask) => {
                Asked { ask, key: earlier(turn).map_or(new, |it| it.key), body }
            }
        };
        asked.push(Asked { ask, key, body });
        let outcome = place(&twins.engine, to_engine(world, ask, key, body)).await;
        let (customer, items) = to_function(world, ask, key);
        let by_engine = told(&outcome);
        let by_function = call(twins.function.db(), &customer, &items).await;
        count(census, world, &by_engine, outcome.as_ref().is_ok_and(|placed| placed.replayed));
        let held = held_for(world, ask);
        note(&by_engine, held, &mut placed)?;
        note(&by_function, held, &mut called)?;
        prop_assert_eq!(anonymous(by_engine, &placed), anonymous(by_function, &called));
    }
    let by_engine = traces(&twins.engine, &placed).await;
    let by_function = traces(&twins.function, &called).await;
    for (engine, function) in by_engine.iter().zip(&by_function) {
        prop_assert_eq!(engine, function);
    }
    prop_assert_eq!(by_engine.len(), by_function.len());
    for test in [&twins.engine, &twins.function] {
        let report = queries::audit::run(test.db()).await.unwrap();
        prop_assert!(report.is_clean(), "{}", report);
    }
    Ok(())
}

fn count(census: &mut Census, world: &World, told: &Told, replayed: bool) {
    let mut seen = |word: &str| *census.entry(word.to_owned()).or_default() += 1;
    match told {
        Ok(_) if replayed => seen("replayed"),
        Ok(answer) => {
            seen("placed");
            let deductions = answer["inventory_deduction_results"].as_array().unwrap();
            let items = answer["items"].as_array().unwrap();
            let is_sold =
                |it: &&Value| items.iter().any(|item| item["variant_id"] == it["variant_id"]);
            if deductions.iter().any(|it| !is_sold(&it)) {
                seen("of a bundle");
            } else if deductions.len() > items.len() {
                seen("over several warehouses");
            }
        }
        Err((code, detail)) => {
            seen(code);
            let bundles = (0..world.variants.len())
                .filter(|number| !world.variants[*number].parts.is_empty())
                .map(|number| world.variant(number).to_string())
                .collect::<Vec<_>>();
            let short = detail["shortages"].as_array().cloned().unwrap_or_default();
            if short.iter().any(|it| bundles.iter().any(|id| it["variant_id"] == **id)) {
                seen("a bundle short");
            }
        }
    }
}

/// For how long stock is held (BR-003): as the way of paying is shipped, or shorter where something
/// is in a sale.
fn held_for(world: &World, ask: &Ask) -> SignedDuration {
    let by_method = match ask.paying {
        "ecpay_atm" => 5 * 24 * 60,
        "ecpay_cvs" => 4 * 24 * 60,
        _ => 30,
    };
    let in_sale = ask.lines.iter().filter_map(|wish| world.item(wish)?.1.minutes).min();
    SignedDuration::from_mins(in_sale.map_or(by_method, |sale| by_method.min(sale.into())))
}

/// Checks what an answer says of itself, and keeps a new order's names.
fn note(
    told: &Told,
    held: SignedDuration,
    orders: &mut Vec<(String, String)>,
) -> Result<(), TestCaseError> {
    let Ok(answer) = told else { return Ok(()) };
    let text = |field: &str| answer[field].as_str().unwrap().to_owned();
    let id = OrderId::from_str(&text("id")).unwrap();
    prop_assert_eq!(id.as_uuid().get_version_num(), 7);
    prop_assert_eq!(id.as_uuid().get_variant(), uuid::Variant::RFC4122);
    let first: kernel::id::VariantId =
        serde_json::from_value(answer["items"][0]["variant_id"].clone()).unwrap();
    prop_assert_eq!(id.shard(), first.shard());
    prop_assert_eq!(OrderNumber::of(id).to_string(), text("number"));
    let time = |field: &str| text(field).parse::<Timestamp>().unwrap();
    prop_assert_eq!(time("reserved_until").duration_since(time("created_at")), held);
    let made = id.as_uuid().get_timestamp().unwrap().to_unix();
    let seconds = u64::try_from(time("created_at").as_second()).unwrap();
    prop_assert!(made.0.abs_diff(seconds) <= 1, "{:?}", made);
    let names = (text("id"), text("number"));
    if !orders.contains(&names) {
        orders.push(names);
    }
    Ok(())
}

/// The answer without what two places never have in common: times, and an order's names, which
/// become its turn. A line's units come in any order of warehouses.
fn anonymous(told: Told, orders: &[(String, String)]) -> Told {
    told.map(|mut answer| {
        let turn = orders.iter().position(|(id, _)| answer["id"] == *id.as_str()).unwrap();
        let fields = answer.as_object_mut().unwrap();
        for field in ["number", "created_at", "reserved_until"] {
            fields.remove(field).unwrap();
        }
        fields.insert("id".into(), turn.into());
        let deductions = fields["inventory_deduction_results"].as_array_mut().unwrap();
        let place = |it: &Value, name: &str| it[name].to_string();
        deductions.sort_by_key(|it| {
            ["variant_id", "warehouse_id", "available_before"].map(|name| place(it, name))
        });
        answer
    })
}
