//! The walls between the schemas: a module's SQL names only its own schema, cross-schema SELECTs
//! live in `queries` (and the audit), and tables are made by migrations alone.

use std::sync::LazyLock;

use regex::Regex;

use super::Finding;
use crate::rust;
use crate::tree::{TextFile, Tree};

/// The schemas, each owned by the crate of its name.
pub const SCHEMAS: &[&str] = &[
    "identity",
    "access",
    "audit",
    "catalog",
    "pricing",
    "inventory",
    "cart",
    "orders",
    "payments",
    "shipping",
    "notifications",
    "webhooks",
    "outbox",
    "intake",
];

/// Where migrations live.
pub const MIGRATIONS: &str = "crates/pg/migrations/";

static STATEMENT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?is)^\s*(?:select|insert|update|delete|with|merge|lock|truncate|copy|call|explain)\b",
    )
});
static TABLE_POSITION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?is)\b(?:from|join|into|update|using|truncate|table|only)\s+[a-z_]+\s*\.\s*[a-z_]")
});
static DDL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?is)^\s*(?:create|alter|drop)\s+(?:or\s+replace\s+)?(?:unlogged\s+)?(?:unique\s+)?(?:materialized\s+)?(?:table|schema|index|type|view|function|procedure|trigger|sequence|domain|policy)\b",
    )
});
static COMMENT: LazyLock<Regex> = LazyLock::new(|| pattern(r"--[^\n]*"));
static QUOTED: LazyLock<Regex> = LazyLock::new(|| pattern(r"'(?:[^']|'')*'"));
static QUALIFIED: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"(?i)(?:^|[^\w."])"?([a-z_]+)"?\s*\.\s*"?([a-z_]\w*)"#));

/// Compiles one of the patterns above; the tests below run each of them.
pub fn pattern(text: &str) -> Regex {
    Regex::new(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Checks the SQL inside the Rust sources, and that no other file makes tables.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust_files().filter(|file| !file.is_test()) {
        // A file that cannot be read is reported by the walls.
        let Ok(tokens) = rust::tokens(&file.text) else { continue };
        for (line, text) in rust::texts(&tokens) {
            check_text(file, line, text, &mut findings);
        }
    }
    for file in tree.files.iter().filter(|file| file.extension() == "sql") {
        let statements = COMMENT.replace_all(&file.text, "");
        let makes_tables = statements.split(';').any(|statement| DDL.is_match(statement));
        if makes_tables && !file.path.starts_with(MIGRATIONS) && !file.is_test() {
            findings.push(ddl(file, 0));
        }
    }
    findings
}

fn check_text(file: &TextFile, line: usize, text: &str, findings: &mut Vec<Finding>) {
    if DDL.is_match(text) {
        findings.push(ddl(file, line));
    }
    let own = file.crate_name().unwrap_or_default();
    if reads_everything(file) || !looks_like_sql(text) {
        return;
    }
    for (schema, table) in foreign_names(text, own) {
        findings.push(Finding::new(
            &file.path,
            line,
            format!("SQL of `{own}` names `{schema}.{table}`"),
            format!(
                "call a function of `{schema}` from a flow, or read it in crates/queries; no alias \
                 may have a schema's name"
            ),
        ));
    }
}

/// The read side, the auditor, and the helpers that set a shop up and check what it did may look
/// into every schema.
fn reads_everything(file: &TextFile) -> bool {
    matches!(file.crate_name(), Some("queries" | "bench" | "proof"))
        || file.path.split('/').skip(2).any(|part| part.starts_with("audit"))
}

fn looks_like_sql(text: &str) -> bool {
    let text = COMMENT.replace_all(text, "");
    STATEMENT.is_match(&text) || TABLE_POSITION.is_match(&text)
}

/// The `schema.name` pairs in `text` whose schema is one of ours but not `own`.
pub fn foreign_names(text: &str, own: &str) -> Vec<(String, String)> {
    let text = COMMENT.replace_all(text, "");
    let text = QUOTED.replace_all(&text, "''");
    let mut names: Vec<(String, String)> = QUALIFIED
        .captures_iter(&text)
        .map(|found| (found[1].to_lowercase(), found[2].to_owned()))
        .filter(|(schema, _)| schema != own && SCHEMAS.contains(&schema.as_str()))
        .collect();
    names.sort();
    names.dedup();
    names
}

fn ddl(file: &TextFile, line: usize) -> Finding {
    Finding::new(
        &file.path,
        line,
        "makes or changes a table outside the migrations",
        format!("write a migration in {MIGRATIONS} with its way back"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn what(path: &str, text: &str) -> Vec<String> {
        check(&Tree::of(&[(path, text)])).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn a_module_names_its_own_schema_only() {
        let text = "const A: &str = \"SELECT o.id FROM orders.orders o JOIN inventory.stock s\";";
        assert_eq!(
            what("crates/orders/src/sql.rs", text),
            ["SQL of `orders` names `inventory.stock`"]
        );
        assert_eq!(
            what("crates/checkout/src/pay.rs", text),
            [
                "SQL of `checkout` names `inventory.stock`",
                "SQL of `checkout` names `orders.orders`"
            ]
        );
        assert!(what("crates/queries/src/orders.rs", text).is_empty());
        assert!(what("crates/oxcart/src/audit.rs", text).is_empty());
        assert!(what("crates/orders/tests/place.rs", text).is_empty());
    }

    #[test]
    fn macros_fragments_quotes_and_comments() {
        let inside =
            "fn f() { sqlx::query!(r#\"with a as (select 1) update \"cart\".lines x\"#); }";
        assert_eq!(
            what("crates/orders/src/sql.rs", inside),
            ["SQL of `orders` names `cart.lines`"]
        );
        let fragment = "fn f() { b.push(\" JOIN catalog.variants v ON true\"); }";
        assert_eq!(what("crates/orders/src/sql.rs", fragment).len(), 1);
        let innocent = "const A: &str = \"SELECT 'inventory.reserved' FROM orders.x -- cart.y\n\";
            const B: &str = \"inventory.low_stock\"; // FROM cart.lines";
        assert!(what("crates/orders/src/sql.rs", innocent).is_empty());
    }

    #[test]
    fn tables_are_made_by_migrations_alone() {
        let text = "const A: &str = \"CREATE TABLE orders.x (id int)\";";
        assert_eq!(what("crates/orders/src/sql.rs", text).len(), 1);
        assert_eq!(what("deploy/extra.sql", "-- note\nDROP VIEW v;").len(), 1);
        assert!(what("crates/pg/migrations/0001_a.up.sql", "CREATE TABLE a ();").is_empty());
        let database =
            "const A: &str = \"CREATE DATABASE x\"; const B: &str = \"create temp table y ()\";";
        assert!(what("crates/pg/src/private.rs", database).is_empty());
    }
}
