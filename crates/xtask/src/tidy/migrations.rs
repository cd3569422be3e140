//! Migrations are numbered without gaps, each with its way back, and keep the schemas apart.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use super::Finding;
use super::sql::{MIGRATIONS, SCHEMAS, pattern};
use crate::tree::{TextFile, Tree};

static NAME: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(\d{4})_([a-z0-9_]+)\.(up|down)\.sql$"));
static CREATED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)^\s*(?:create|alter)\s+table\s+(?:if\s+\w+\s+\w+\s+|only\s+)*([a-z_]+)\.")
});
static REFERENCED: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\breferences\s+([a-z_]+)\s*\.\s*([a-z_]+)"));

/// Checks the names and numbers of the migrations, and their foreign keys.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut numbers: BTreeMap<u32, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    for file in tree.files.iter().filter(|file| file.path.starts_with(MIGRATIONS)) {
        let Some(parts) = NAME.captures(file.name()) else {
            findings.push(Finding::new(
                &file.path,
                0,
                "is not named like a migration",
                "NNNN_what_it_does.up.sql and NNNN_what_it_does.down.sql",
            ));
            continue;
        };
        let number = parts[1].parse().unwrap_or_default();
        let directions = numbers.entry(number).or_default().entry(parts[2].to_owned()).or_default();
        directions.push(parts[3].to_owned());
        check_foreign_keys(file, &mut findings);
    }
    for (expected, number) in (1_u32..).zip(numbers.keys()) {
        if *number != expected {
            let what = format!("migration {expected:04} is missing before {number:04}");
            findings.push(Finding::new(MIGRATIONS, 0, what, "number them without gaps from 0001"));
            break;
        }
    }
    for (number, names) in &numbers {
        for (name, directions) in names {
            let path = |direction| format!("{MIGRATIONS}{number:04}_{name}.{direction}.sql");
            for (has, lacks) in [("up", "down"), ("down", "up")] {
                if directions.iter().any(|it| it == has) && !directions.iter().any(|it| it == lacks)
                {
                    let advice = format!("write {}", path(lacks));
                    let what = format!("has no {lacks} migration");
                    findings.push(Finding::new(path(has), 0, what, advice));
                }
            }
        }
        if names.len() > 1 {
            let what = format!("number {number:04} is used more than once");
            findings.push(Finding::new(MIGRATIONS, 0, what, "renumber the later one"));
        }
    }
    findings
}

/// A foreign key across schemas would tie two modules together, and cannot be sharded.
fn check_foreign_keys(file: &TextFile, findings: &mut Vec<Finding>) {
    let mut line = 1;
    for statement in file.text.split_inclusive(';') {
        let code: String = statement
            .split_inclusive('\n')
            .map(|text| {
                let end = if text.ends_with('\n') { "\n" } else { "" };
                text.split_once("--")
                    .map_or_else(|| text.to_owned(), |(code, _)| format!("{code}{end}"))
            })
            .collect();
        if let Some(own) = CREATED.captures(&code).map(|found| found[1].to_lowercase()) {
            for found in REFERENCED.captures_iter(&code) {
                let schema = found[1].to_lowercase();
                if schema != own && SCHEMAS.contains(&schema.as_str()) {
                    let start = found.get(0).map_or(0, |found| found.start());
                    findings.push(Finding::new(
                        &file.path,
                        line + code[..start].matches('\n').count(),
                        format!("foreign key from schema `{own}` to `{schema}.{}`", &found[2]),
                        "store the id without a foreign key; the audit proves that it exists",
                    ));
                }
            }
        }
        line += statement.matches('\n').count();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn what(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<(String, &str)> =
            files.iter().map(|(name, text)| (format!("{MIGRATIONS}{name}"), *text)).collect();
        let files: Vec<(&str, &str)> =
            files.iter().map(|(name, text)| (name.as_str(), *text)).collect();
        check(&Tree::of(&files)).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn pairs_in_order_are_fine() {
        let files = [
            ("0001_a.up.sql", ""),
            ("0001_a.down.sql", ""),
            ("0002_b.up.sql", ""),
            ("0002_b.down.sql", ""),
        ];
        assert!(what(&files).is_empty());
    }

    #[test]
    fn a_missing_way_back_gap_double_number_and_odd_name_are_found() {
        assert_eq!(what(&[("0001_a.up.sql", "")]), ["has no down migration"]);
        assert_eq!(what(&[("0001_a.down.sql", "")]), ["has no up migration"]);
        assert_eq!(what(&[("notes.sql", "")]), ["is not named like a migration"]);
        let gap = [("0002_a.up.sql", ""), ("0002_a.down.sql", "")];
        assert_eq!(what(&gap), ["migration 0001 is missing before 0002"]);
        let double = [
            ("0001_a.up.sql", ""),
            ("0001_a.down.sql", ""),
            ("0001_b.up.sql", ""),
            ("0001_b.down.sql", ""),
        ];
        assert_eq!(what(&double), ["number 0001 is used more than once"]);
    }

    #[test]
    fn foreign_keys_across_schemas_are_found() {
        let up = "CREATE SCHEMA orders;\nCREATE TABLE orders.lines (\n  a uuid REFERENCES orders.orders,\n\
                  b uuid references inventory.stock (id) -- REFERENCES cart.x\n);\n";
        let tree = Tree::of(&[
            ("crates/pg/migrations/0001_a.up.sql", up),
            ("crates/pg/migrations/0001_a.down.sql", ""),
        ]);
        let found = check(&tree);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].line, 4);
        assert_eq!(found[0].what, "foreign key from schema `orders` to `inventory.stock`");
    }
}
