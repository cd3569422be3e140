//! Which rows there are, how each is measured, and in what order.

/// A row.
#[derive(Clone, Copy, Debug)]
pub struct Planned {
    /// Its name.
    pub name: &'static str,
    /// What is counted.
    pub unit: &'static str,
    /// What measures it.
    pub by: Measure,
    /// Whether `QUICK=1` measures it, and how many times.
    pub quick: usize,
}

/// A measurement. Some give several rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names of the rows say it")]
pub enum Measure {
    Generator,
    HttpLibrary,
    BareHandler,
    SqlOnly,
    SqlOnlyLockFirst,
    SqlOnlySpread,
    Derived,
    OrdersHot,
    OrdersUniform,
    OrdersZipf1,
    OrdersZipf2,
    OrdersThreeLines,
    SoldOut,
    HalfLoad,
    UnderAbuse,
    ProductApi,
    ProductPage,
    HotPage,
    Searching,
    Importing,
    NaiveGuardedUpdate,
    NaiveForUpdate,
    OutboxDrain,
    OutboxFanOut,
    Expiry,
    FullQueue,
    Stored1M,
    Stored10M,
}

const fn row(name: &'static str, unit: &'static str, by: Measure, quick: usize) -> Planned {
    Planned { name, unit, by, quick }
}

/// All rows, in the order of the table. Within a round they are measured in this order too, so that
/// limits and what is held against them are neighbours.
pub const ROWS: &[Planned] = &[
    row("load_generator", "answers/s", Measure::Generator, 1),
    row("limit_http_library", "answers/s", Measure::HttpLibrary, 0),
    row("limit_bare_handler", "answers/s", Measure::BareHandler, 3),
    row("limit_sql_only", "orders/s", Measure::SqlOnly, 3),
    row("limit_sql_only_lock_first", "orders/s", Measure::SqlOnlyLockFirst, 0),
    row("limit_sql_only_spread", "orders/s", Measure::SqlOnlySpread, 3),
    row("limit_additive", "orders/s", Measure::Derived, 3),
    row("limit_additive_spread", "orders/s", Measure::Derived, 3),
    row("orders_hot", "orders/s", Measure::OrdersHot, 3),
    row("orders_hot_of_additive", "%", Measure::Derived, 3),
    row("orders_uniform", "orders/s", Measure::OrdersUniform, 3),
    row("orders_uniform_of_additive", "%", Measure::Derived, 3),
    row("orders_zipf1", "orders/s", Measure::OrdersZipf1, 1),
    row("orders_zipf2", "orders/s", Measure::OrdersZipf2, 1),
    row("orders_three_lines", "orders/s", Measure::OrdersThreeLines, 1),
    row("sold_out", "answers/s", Measure::SoldOut, 3),
    row("sold_out_of_bare_handler", "%", Measure::Derived, 3),
    row("p50_ms_half_load", "ms", Measure::HalfLoad, 3),
    row("p99_ms_half_load", "ms", Measure::HalfLoad, 3),
    row("p999_ms_half_load", "ms", Measure::HalfLoad, 3),
    row("orders_under_abuse", "orders/s", Measure::UnderAbuse, 1),
    row("orders_under_abuse_of_calm", "%", Measure::UnderAbuse, 1),
    row("product_api", "answers/s", Measure::ProductApi, 1),
    row("product_page", "answers/s", Measure::ProductPage, 1),
    row("hot_page", "answers/s", Measure::HotPage, 3),
    row("hot_page_of_bare_handler", "%", Measure::Derived, 3),
    row("search_p50_ms", "ms", Measure::Searching, 1),
    row("search_p99_ms", "ms", Measure::Searching, 1),
    row("suggest_p99_ms", "ms", Measure::Searching, 1),
    row("search_index_s", "s", Measure::Searching, 1),
    row("import_products_s", "s", Measure::Importing, 1),
    row("import_products_again_s", "s", Measure::Importing, 1),
    row("naive_guarded_update", "orders/s", Measure::NaiveGuardedUpdate, 1),
    row("naive_for_update", "orders/s", Measure::NaiveForUpdate, 1),
    row("outbox_drain", "events/s", Measure::OutboxDrain, 1),
    row("outbox_fan_out", "events/s", Measure::OutboxFanOut, 1),
    row("expiry", "orders/s", Measure::Expiry, 1),
    row("expiry_with_mails", "orders/s", Measure::Expiry, 1),
    row("rss_mib_full_queue", "MiB", Measure::FullQueue, 1),
    row("rss_mib_15k_connections", "MiB", Measure::FullQueue, 1),
    row("orders_hot_1m_stored", "orders/s", Measure::Stored1M, 0),
    row("orders_hot_10m_stored", "orders/s", Measure::Stored10M, 0),
    row("orders_hot_10m_of_empty", "%", Measure::Derived, 0),
];

/// The measurements that give the wanted rows, each once, in their order.
pub fn measures(wanted: impl Fn(&Planned) -> bool) -> Vec<Measure> {
    let mut measures = Vec::new();
    for row in ROWS.iter().filter(|row| wanted(row)) {
        for by in needed(row) {
            if !measures.contains(&by) {
                measures.push(by);
            }
        }
    }
    let place = |by: &Measure| ROWS.iter().position(|row| row.by == *by);
    measures.sort_by_key(place);
    measures
}

/// What a row is made of.
fn needed(row: &Planned) -> Vec<Measure> {
    let additive = [Measure::BareHandler, Measure::SqlOnly];
    let spread = [Measure::BareHandler, Measure::SqlOnlySpread];
    match row.name {
        "limit_additive" => additive.to_vec(),
        "orders_hot_of_additive" => [&additive[..], &[Measure::OrdersHot]].concat(),
        "limit_additive_spread" => spread.to_vec(),
        "orders_uniform_of_additive" => [&spread[..], &[Measure::OrdersUniform]].concat(),
        "sold_out_of_bare_handler" => vec![Measure::BareHandler, Measure::SoldOut],
        "hot_page_of_bare_handler" => vec![Measure::BareHandler, Measure::HotPage],
        "orders_hot_10m_of_empty" => vec![Measure::OrdersHot, Measure::Stored10M],
        _ => vec![row.by],
    }
}

/// `1 / (1/a + 1/b)`: the work of both, one after the other, on the same processors.
pub fn additive(a: f64, b: f64) -> f64 {
    1.0 / (1.0 / a + 1.0 / b)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What others rely on.
    const AGREED: [&str; 21] = [
        "limit_bare_handler",
        "limit_sql_only",
        "limit_additive",
        "orders_hot",
        "orders_zipf1",
        "orders_zipf2",
        "orders_uniform",
        "orders_three_lines",
        "orders_hot_1m_stored",
        "orders_hot_10m_stored",
        "naive_guarded_update",
        "naive_for_update",
        "sold_out",
        "product_page",
        "product_api",
        "search_p99_ms",
        "outbox_drain",
        "expiry",
        "p50_ms_half_load",
        "p99_ms_half_load",
        "rss_mib_full_queue",
    ];

    #[test]
    fn every_agreed_row_is_there_once() {
        for name in AGREED {
            assert_eq!(ROWS.iter().filter(|row| row.name == name).count(), 1, "{name}");
        }
    }

    #[test]
    fn a_row_brings_what_it_is_made_of() {
        let of = |name: &str| measures(|row| row.name == name);
        assert_eq!(of("limit_additive"), [Measure::BareHandler, Measure::SqlOnly]);
        assert_eq!(
            of("orders_hot_of_additive"),
            [Measure::BareHandler, Measure::SqlOnly, Measure::OrdersHot]
        );
        assert_eq!(of("p99_ms_half_load"), [Measure::HalfLoad]);
        assert_eq!(of("orders_under_abuse_of_calm"), [Measure::UnderAbuse]);
    }

    #[test]
    fn the_additive_limit() {
        assert!((additive(60_000.0, 60_000.0) - 30_000.0).abs() < 1e-6);
    }
}
