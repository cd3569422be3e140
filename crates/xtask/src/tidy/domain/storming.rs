//! The event storming: every event that is published has its row and stands in a diagram, and no
//! other one does.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::{
    STORMING,
    code::Code,
    pages::{Page, Row, code as in_backquotes},
};
use crate::tidy::{Finding, sql::pattern};

static EVENT: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b([a-z]+)\.([a-z_]+)\b"));

/// Compares the page with the events of the code, both ways.
pub fn check(code: &Code, page: &Page) -> Vec<Finding> {
    let mut findings = Vec::new();
    let is_event = |row: &&Row| row.columns.first().is_some_and(|name| name == "event");
    let rows: Vec<(usize, &str)> = page
        .rows
        .iter()
        .filter(is_event)
        .map(|row| (row.line, in_backquotes(&row.cells[0]).unwrap_or(&row.cells[0])))
        .collect();
    let families: BTreeSet<&str> =
        code.events.keys().filter_map(|it| it.split('.').next()).collect();
    let mut drawn: Vec<(usize, &str)> = Vec::new();
    for (line, text) in page.diagrams.iter().flat_map(|diagram| &diagram.lines) {
        let found = EVENT.captures_iter(text).filter_map(|found| {
            let family = found.get(1)?.as_str();
            families.contains(family).then(|| found.get(0).map(|it| it.as_str()))?
        });
        drawn.extend(found.map(|event| (*line, event)));
    }
    for (event, place) in &code.events {
        let advice = if !rows.iter().any(|(_, row)| row == event) {
            format!("write a row \"| `{event}` | …\" into its table of events")
        } else if !drawn.iter().any(|(_, it)| it == event) {
            "draw it in the diagram of its area, after the command it comes of".to_owned()
        } else {
            continue;
        };
        let what = format!("`{event}` is not in {STORMING}");
        findings.push(Finding::new(&place.path, place.line, what, advice));
    }
    for (line, event) in rows.into_iter().chain(drawn) {
        if !code.events.contains_key(event) {
            let what = format!("`{event}` is published by no module");
            findings.push(Finding::new(STORMING, line, what, "take it out, or name it anew"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use super::*;

    #[test]
    fn an_event_without_row_and_a_row_without_event_are_found() {
        assert_eq!(
            found(STORMING, "| `order.paid` |", "| `order.sold` |"),
            [
                "crates/orders/src/events.rs:1 `order.paid` is not in docs/event-storming.md",
                "docs/event-storming.md:3 `order.sold` is published by no module",
            ]
        );
    }

    #[test]
    fn an_event_stands_in_a_diagram_and_no_other_one_does() {
        assert_eq!(
            found(STORMING, "b[order.paid]", "b[order.sold]"),
            [
                "crates/orders/src/events.rs:1 `order.paid` is not in docs/event-storming.md",
                "docs/event-storming.md:9 `order.sold` is published by no module",
            ]
        );
        // What is no event's name is no event.
        assert!(found(STORMING, "b[order.paid]", "b[order.paid] --> c[orders.orders]").is_empty());
    }
}
