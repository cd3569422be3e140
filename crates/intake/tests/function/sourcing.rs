//! Choosing warehouses in SQL, against the program.

use std::collections::BTreeMap;

use inventory::{
    Sourcing, Strategy, districts,
    sourcing::cover::{Wanted, fewest_warehouses},
};
use proptest::{
    collection::vec,
    prelude::{Just, prop},
    prop_assert_eq, prop_oneof,
    sample::select,
    strategy::Strategy as _,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use sqlx::PgConnection;
use testkit::TestDb;
use uuid::Uuid;

/// The same cases in every run.
fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

async fn choose(conn: &mut PgConnection, strategy: Strategy) {
    let set = "SELECT set_config('oxcart.sourcing', $1, false)";
    sqlx::query(set).bind(strategy.as_str()).execute(conn).await.unwrap();
}

#[tokio::test]
async fn the_program_and_the_database_know_the_same_districts() {
    let test = TestDb::new().await;
    let mut conn = test.owner().acquire().await.unwrap();
    let known: Vec<(String, f64, f64)> = sqlx::query_as(
        "SELECT code, latitude, longitude FROM inventory.postal_districts ORDER BY code",
    )
    .fetch_all(&mut *conn)
    .await
    .unwrap();
    let table: BTreeMap<&str, (f64, f64)> =
        districts::districts().iter().map(|it| (it.code, (it.latitude, it.longitude))).collect();
    let table: Vec<(String, f64, f64)> =
        table.into_iter().map(|(code, (north, east))| (code.to_owned(), north, east)).collect();
    assert_eq!(known, table);
}

#[test]
fn warehouses_are_preferred_in_the_same_order() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let test = runtime.block_on(TestDb::new());
    let here = prop_oneof![
        3 => (21.8..26.4_f64, 118.2..122.1_f64),
        1 => Just((25.04, 121.51)),
        1 => (-89.0..89.0_f64, -180.0..180.0_f64),
    ];
    let houses = vec((here, 0..3_i32, prop::bool::weighted(0.85)), 0..9);
    let code = prop_oneof![
        8 => (0..371_usize).prop_map(|row| districts::districts()[row].code.to_owned()),
        1 => select(vec!["000", "10044", "999", "12"]).prop_map(str::to_owned),
    ];
    runner(200)
        .run(&(houses, code, select(Strategy::ALL.to_vec())), |(houses, code, strategy)| {
            let (ours, theirs) = runtime.block_on(async {
                let mut conn = test.owner().acquire().await.unwrap();
                sqlx::query("DELETE FROM inventory.warehouses").execute(&mut *conn).await.unwrap();
                for (number, ((latitude, longitude), priority, active)) in (1_u128..).zip(houses) {
                    sqlx::query(
                        "INSERT INTO inventory.warehouses
                         VALUES ($1, $1::text, '', '', '', '', '', '', $2, $3, $4, $5)",
                    )
                    .bind(Uuid::from_u128(number))
                    .bind(latitude)
                    .bind(longitude)
                    .bind(priority)
                    .bind(active)
                    .execute(&mut *conn)
                    .await
                    .unwrap();
                }
                let warehouses = inventory::warehouses(&mut conn).await.unwrap();
                let ours = Sourcing::new(&warehouses, strategy).preference(&code);
                let ours: Vec<Uuid> = ours.order().iter().map(|id| id.as_uuid()).collect();
                choose(&mut conn, strategy).await;
                let theirs: Vec<Uuid> = sqlx::query_scalar("SELECT inventory.preference($1)")
                    .bind(&code)
                    .fetch_one(&mut *conn)
                    .await
                    .unwrap();
                (ours, theirs)
            });
            prop_assert_eq!(ours, theirs);
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}

/// What a shop offers of a few things, and a share of it that is wanted.
fn wanted(
    places: std::ops::Range<usize>,
) -> impl proptest::strategy::Strategy<Value = Vec<Wanted>> {
    (places, 1..4_usize).prop_flat_map(|(places, things)| {
        let thing = (vec(0..6_i64, places), 1..100_i64).prop_map(|(offered, percent)| {
            let all: i64 = offered.iter().sum();
            Wanted { quantity: (all * percent / 100).max(1).min(all), offered }
        });
        vec(thing, things)
    })
}

async fn in_sql(conn: &mut PgConnection, wanted: &[Wanted]) -> Vec<usize> {
    let places = i32::try_from(wanted[0].offered.len()).unwrap();
    let units = |it: &i64| i32::try_from(*it).unwrap();
    let chosen: Vec<i32> = sqlx::query_scalar("SELECT inventory.fewest_warehouses($1, $2, $3)")
        .bind(wanted.iter().map(|it| it.quantity).collect::<Vec<i64>>())
        .bind(wanted.iter().flat_map(|it| &it.offered).map(units).collect::<Vec<i32>>())
        .bind(places)
        .fetch_one(conn)
        .await
        .unwrap();
    chosen.into_iter().map(|place| usize::try_from(place - 1).unwrap()).collect()
}

#[test]
fn the_same_warehouses_are_the_fewest() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let test = runtime.block_on(TestDb::new());
    for (cases, places) in [(150, 1..9), (12, 18..30)] {
        runner(cases)
            .run(&wanted(places), |wanted| {
                if wanted.iter().any(|it| it.quantity == 0) {
                    return Ok(());
                }
                let theirs = runtime.block_on(async {
                    let mut conn = test.owner().acquire().await.unwrap();
                    choose(&mut conn, Strategy::Fewest).await;
                    in_sql(&mut conn, &wanted).await
                });
                prop_assert_eq!(fewest_warehouses(&wanted), theirs);
                Ok(())
            })
            .unwrap_or_else(|failure| panic!("{failure}"));
    }
}

#[tokio::test]
async fn strategies_that_split_freely_ask_everybody_and_an_unknown_one_is_refused() {
    let test = TestDb::new().await;
    let mut conn = test.owner().acquire().await.unwrap();
    let wanted = [Wanted { quantity: 1, offered: vec![0, 2, 1] }];
    for (strategy, places) in [
        (Strategy::NearestWhole, vec![1]),
        (Strategy::Fewest, vec![1]),
        (Strategy::Nearest, vec![0, 1, 2]),
        (Strategy::Priority, vec![0, 1, 2]),
    ] {
        choose(&mut conn, strategy).await;
        assert_eq!(in_sql(&mut conn, &wanted).await, places);
    }
    sqlx::query("SET oxcart.sourcing = 'closest'").execute(&mut *conn).await.unwrap();
    let refused = sqlx::query("SELECT inventory.sourcing()").execute(&mut *conn).await;
    assert!(refused.unwrap_err().to_string().contains("closest"));
}
