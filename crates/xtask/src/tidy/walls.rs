//! Which files may speak to the database driver, to the web framework, and to the world at all.

use super::Finding;
use crate::rust;
use crate::tree::{TextFile, Tree};

/// Crates whose whole purpose is SQL.
const SQL_CRATES: &[&str] = &["pg", "outbox", "queries"];

/// Crates that speak HTTP.
const HTTP_CRATES: &[&str] =
    &["api", "page-cache", "oxcart", "ecpay-simulator", "proof", "bench", "fuzzing"];

/// Crates that are only words, with the folder of the one exception.
const WORDS: &[(&str, &str)] = &[("kernel", ""), ("ecpay", "crates/ecpay/src/client/")];

/// What does I/O, or waits for it.
const IO: &[&str] = &["reqwest", "hyper", "tokio", "governor", "backon"];

/// Looks for `sqlx::` and `axum::` where they may not be, and for I/O among the words.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust_files().filter(|file| !file.is_test()) {
        let tokens = match rust::tokens(&file.text) {
            Ok(tokens) => tokens,
            Err(error) => {
                findings.push(Finding::new(&file.path, 0, error, "write valid Rust"));
                continue;
            }
        };
        if !may_use_sqlx(file) {
            for line in rust::lines_naming_crate(&tokens, "sqlx") {
                findings.push(Finding::new(
                    &file.path,
                    line,
                    "`sqlx` outside `sql*`, `locks*` and the floor",
                    "move the statement into the module's sql.rs; for types use `pg::Connection`, \
                     `pg::Pool`, `pg::Error`",
                ));
            }
        }
        let words = WORDS.iter().find(|(krate, _)| file.crate_name() == Some(krate));
        if words.is_some_and(|(_, io)| io.is_empty() || !file.path.starts_with(io)) {
            for krate in IO {
                for line in rust::lines_naming_crate(&tokens, krate) {
                    findings.push(Finding::new(
                        &file.path,
                        line,
                        format!("`{krate}` among the words: L0 does no I/O"),
                        "give the text or the time in; what ECPay is asked is in its client/",
                    ));
                }
            }
        }
        if !HTTP_CRATES.contains(&file.crate_name().unwrap_or_default()) {
            for krate in ["axum", "axum_extra"] {
                for line in rust::lines_naming_crate(&tokens, krate) {
                    findings.push(Finding::new(
                        &file.path,
                        line,
                        format!("`{krate}` outside `api` and `oxcart`"),
                        "return a plain type or the module's error; crates/api turns it into HTTP",
                    ));
                }
            }
        }
    }
    findings
}

/// `sql.rs`, `sql_lines.rs`, `sql/lines.rs`, `locks.rs`, and the audit, which is one large query.
pub fn may_use_sqlx(file: &TextFile) -> bool {
    let own_room = |name: &str| file.path.split('/').skip(2).any(|part| part.starts_with(name));
    SQL_CRATES.contains(&file.crate_name().unwrap_or_default())
        || ["sql", "locks", "audit"].into_iter().any(own_room)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        let findings = check(&Tree::of(&[(path, text)]));
        let mut lines: Vec<usize> = findings.into_iter().map(|finding| finding.line).collect();
        lines.sort_unstable();
        lines
    }

    #[test]
    fn sqlx_stays_in_its_rooms() {
        let text = "use sqlx::PgConnection;\nfn f() { sqlx::query!(\"select 1\"); }\n";
        for path in [
            "crates/orders/src/sql.rs",
            "crates/orders/src/sql/lines.rs",
            "crates/orders/src/sql_lines.rs",
            "crates/inventory/src/locks.rs",
            "crates/queries/src/products.rs",
            "crates/outbox/src/relay.rs",
            "crates/oxcart/src/audit/stock.rs",
            "crates/orders/tests/place.rs",
        ] {
            assert!(lines(path, text).is_empty(), "{path}");
        }
        for path in ["crates/orders/src/place.rs", "crates/api/src/sale.rs"] {
            assert_eq!(lines(path, text), [1, 2], "{path}");
        }
    }

    #[test]
    fn axum_stays_in_delivery() {
        let text = "use axum::Router;\n";
        assert!(lines("crates/api/src/lib.rs", text).is_empty());
        assert!(lines("crates/ecpay-simulator/src/lib.rs", text).is_empty());
        assert_eq!(lines("crates/orders/src/lib.rs", text), [1]);
        assert_eq!(lines("crates/identity/src/cookie.rs", "\nuse axum_extra::x;"), [2]);
    }

    #[test]
    fn words_do_no_io() {
        let text = "use tokio::time::Instant;\nfn f() { reqwest::Client::builder(); }\n";
        for path in [
            "crates/ecpay/src/client/mod.rs",
            "crates/ecpay/src/client/pace.rs",
            "crates/ecpay/tests/it/client.rs",
            "crates/payments/src/poll.rs",
        ] {
            assert!(lines(path, text).is_empty(), "{path}");
        }
        for path in ["crates/kernel/src/clock.rs", "crates/ecpay/src/query.rs"] {
            assert_eq!(lines(path, text), [1, 2], "{path}");
        }
    }

    #[test]
    fn a_file_that_is_not_rust_is_found() {
        assert_eq!(lines("crates/orders/src/lib.rs", "fn f( {"), [0]);
    }
}
