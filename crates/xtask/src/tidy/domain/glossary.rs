//! The glossary: every term in both languages, every state with its row.

use super::{
    GLOSSARY,
    code::{Code, Machine},
    pages::{Page, Row, code},
};
use crate::tidy::Finding;

/// Compares the glossary with the code, both ways.
pub fn check(code: &Code, page: &Page) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, machine) in &code.machines {
        check_machine(name, machine, page, &mut findings);
    }
    for row in page.rows.iter().filter(|row| machine_of(row).is_some() || is_term(row)) {
        if row.cells.get(1).is_none_or(String::is_empty) {
            let what = format!("`{}` has no Chinese word", row.cells[0]);
            findings.push(Finding::new(
                GLOSSARY,
                row.line,
                what,
                "write it into the second column",
            ));
        }
    }
    let mut gone: Vec<(&str, usize)> = page
        .rows
        .iter()
        .filter_map(|row| Some((machine_of(row)?, row.line)))
        .filter(|(name, _)| !code.machines.contains_key(*name))
        .collect();
    gone.dedup_by_key(|(name, _)| *name);
    for (name, line) in gone {
        let what = format!("`{name}` does not exist, or has no states");
        findings.push(Finding::new(GLOSSARY, line, what, "take the section out, or name it anew"));
    }
    findings
}

fn check_machine(name: &str, machine: &Machine, page: &Page, findings: &mut Vec<Finding>) {
    let rows: Vec<&Row> = page.rows.iter().filter(|row| machine_of(row) == Some(name)).collect();
    if rows.is_empty() {
        findings.push(Finding::new(
            &machine.place.path,
            machine.place.line,
            format!("`{name}` is not in {GLOSSARY}"),
            format!(
                "write a section there, its heading with `{name}` in backquotes, with a row \
                 \"| `state` | 中文 | meaning |\" for each of: {}",
                machine.words.join(", ")
            ),
        ));
        return;
    }
    let said = |row: &Row| code(&row.cells[0]).map(str::to_owned);
    for word in &machine.words {
        if !rows.iter().any(|row| said(row).as_ref() == Some(word)) {
            findings.push(Finding::new(
                GLOSSARY,
                rows[0].line,
                format!("`{word}` of `{name}` has no row"),
                format!("write \"| `{word}` | 中文 | meaning |\" into its table"),
            ));
        }
    }
    for row in rows {
        if !said(row).is_some_and(|word| machine.words.contains(&word)) {
            let what = format!("{} is not among the words of `{name}`", row.cells[0]);
            findings.push(Finding::new(GLOSSARY, row.line, what, "take the row out"));
        }
    }
}

/// The enum whose states the row's table lists: its path stands in the heading.
fn machine_of(row: &Row) -> Option<&str> {
    code(&row.heading).filter(|name| name.contains("::"))
}

fn is_term(row: &Row) -> bool {
    row.columns.first().is_some_and(|name| name == "term") && machine_of(row).is_none()
}

/// The terms, as types are named: "purchase limit" → `PurchaseLimit`.
pub fn terms(page: &Page) -> Vec<String> {
    let terms = page.rows.iter().filter(|row| is_term(row)).flat_map(|row| row.cells[0].split(','));
    terms.map(camel_case).collect()
}

fn camel_case(term: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters.map(|letter| letter.to_ascii_lowercase())).collect()
    };
    term.split(|c: char| !c.is_ascii_alphanumeric()).map(word).collect::<Vec<String>>().concat()
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use super::*;

    #[test]
    fn a_state_without_row_and_a_row_without_state_are_found() {
        assert_eq!(
            found(GLOSSARY, "| `paid` | 已付款 | |\n", "| `gone` | 不見 | |\n"),
            [
                "docs/glossary.md:11 `paid` of `orders::OrderStatus` has no row",
                "docs/glossary.md:12 `gone` is not among the words of `orders::OrderStatus`",
            ]
        );
    }

    #[test]
    fn a_machine_without_section_and_a_section_without_machine_are_found() {
        assert_eq!(
            found(GLOSSARY, "orders::OrderStatus", "orders::Status"),
            [
                "crates/orders/src/model.rs:2 `orders::OrderStatus` is not in docs/glossary.md",
                "docs/glossary.md:7 `orders::Status` does not exist in crates/orders",
                "docs/glossary.md:11 `orders::Status` does not exist, or has no states",
            ]
        );
    }

    #[test]
    fn both_languages_are_there() {
        let missing = ["docs/glossary.md:5 `order` has no Chinese word"];
        assert_eq!(found(GLOSSARY, "| 訂單 |", "| |"), missing);
        let missing = ["docs/glossary.md:12 ``paid`` has no Chinese word"];
        assert_eq!(found(GLOSSARY, "| 已付款 |", "| |"), missing);
    }

    #[test]
    fn terms_are_named_as_types_are() {
        assert_eq!(camel_case(" purchase limit"), "PurchaseLimit");
        assert_eq!(camel_case("API key"), "ApiKey");
        assert_eq!(camel_case("back-order"), "BackOrder");
    }
}
