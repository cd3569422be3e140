//! The domain model: class diagrams of the aggregates, state diagrams of their machines.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::{
    MODEL,
    code::{self, Code, Machine},
    pages::{Diagram, Page, code as in_backquotes},
};
use crate::tidy::{Finding, sql::pattern};

static CLASS: LazyLock<Regex> = LazyLock::new(|| pattern(r"^class\s+(\w+)"));
static FIELD: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[+#-]?\s*([a-z]\w*)\s*:"));
static EDGE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^(\[\*\]|\w+)\s*-->\s*(\[\*\]|\w+)(?:\s*:\s*(.+))?$"));

/// Compares the diagrams with the code, both ways.
pub fn check(code: &Code, page: &Page) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut classes = BTreeSet::new();
    for diagram in page.diagrams.iter().filter(|diagram| diagram.is("classDiagram")) {
        check_classes(code, diagram, &mut classes, &mut findings);
    }
    for (name, aggregate) in &code.types {
        let states = |part: &String| {
            let krate = name.split("::").next().unwrap_or_default();
            part != "Self" && code.machines.contains_key(&format!("{krate}::{part}"))
        };
        let has_state = aggregate.members.iter().any(|it| it == "status" || it == "state")
            && aggregate.parts.iter().any(states);
        if has_state && !classes.contains(name) {
            findings.push(Finding::new(
                &aggregate.place.path,
                aggregate.place.line,
                format!("`{name}` has states and is not in {MODEL}"),
                "write its class into the diagram under its crate's heading",
            ));
        }
    }
    for (name, machine) in code.machines.iter().filter(|(name, _)| code::is_machine(name)) {
        check_machine(name, machine, page, &mut findings);
    }
    for diagram in page.diagrams.iter().filter(|diagram| diagram.is("stateDiagram")) {
        let name = in_backquotes(&diagram.heading).unwrap_or(&diagram.heading);
        if !code.machines.contains_key(name) {
            let what = format!("the state diagram of `{name}`, which does not exist");
            findings.push(Finding::new(MODEL, diagram.lines[0].0, what, "take it out"));
        }
    }
    findings
}

/// Every class is a type of the crate that the heading names, and has the fields it shows.
fn check_classes(
    code: &Code,
    diagram: &Diagram,
    classes: &mut BTreeSet<String>,
    findings: &mut Vec<Finding>,
) {
    let krate = in_backquotes(&diagram.heading).unwrap_or_default();
    let mut open = None;
    for (line, text) in &diagram.lines {
        if let Some(class) = CLASS.captures(text) {
            let name = format!("{krate}::{}", &class[1]);
            open = code.types.get_key_value(&name);
            if open.is_none() {
                let what = format!("the class `{name}`, which does not exist");
                let advice = "name it as the code does, under the heading of its crate";
                findings.push(Finding::new(MODEL, *line, what, advice));
            }
            classes.insert(name);
        } else if text.starts_with('}') {
            open = None;
        } else if let (Some((name, it)), Some(field)) = (open, FIELD.captures(text))
            && it.is_struct
            && !it.members.contains(&field[1].to_owned())
        {
            let what = format!("`{name}` has no field `{}`", &field[1]);
            findings.push(Finding::new(MODEL, *line, what, "show the fields that are there"));
        }
    }
}

/// The diagram has every state and no other one; and, where the machine's test writes out its moves,
/// exactly those.
fn check_machine(name: &str, machine: &Machine, page: &Page, findings: &mut Vec<Finding>) {
    let is_its = |it: &&Diagram| it.is("stateDiagram") && in_backquotes(&it.heading) == Some(name);
    let Some(diagram) = page.diagrams.iter().find(is_its) else {
        findings.push(Finding::new(
            &machine.place.path,
            machine.place.line,
            format!("`{name}` has no state diagram in {MODEL}"),
            format!("draw a `stateDiagram-v2` there, under a heading with `{name}` in backquotes"),
        ));
        return;
    };
    let first = diagram.lines[0].0;
    let mut drawn = BTreeSet::new();
    for (line, text) in &diagram.lines {
        let Some(edge) = EDGE.captures(text) else { continue };
        let label = edge.get(3).map_or("", |label| label.as_str().trim());
        for state in [&edge[1], &edge[2]] {
            if state != "[*]" && !machine.words.iter().any(|word| word == state) {
                let what = format!("`{state}` is not a state of `{name}`");
                findings.push(Finding::new(MODEL, *line, what, "draw the states that are there"));
            }
        }
        drawn.insert([edge[1].to_owned(), label.to_owned(), edge[2].to_owned()]);
    }
    for word in &machine.words {
        if !drawn.iter().any(|[from, _, to]| from == word || to == word) {
            let what = format!("the diagram of `{name}` lacks the state `{word}`");
            findings.push(Finding::new(MODEL, first, what, "draw how it is come by, and left"));
        }
    }
    if machine.moves.is_empty() {
        return;
    }
    let moves: BTreeSet<_> = machine.moves.iter().cloned().collect();
    drawn.retain(|[from, _, to]| from != "[*]" && to != "[*]");
    let told = |[from, asked, to]: &[String; 3]| format!("{from} --> {to} : {asked}");
    for missing in moves.difference(&drawn) {
        let what = format!("the diagram of `{name}` lacks a move");
        findings.push(Finding::new(MODEL, first, what, format!("draw \"{}\"", told(missing))));
    }
    for gone in drawn.difference(&moves) {
        let what = format!("the diagram of `{name}` has a move that the machine has not");
        findings.push(Finding::new(MODEL, first, what, format!("take out \"{}\"", told(gone))));
    }
}

/// A term of the glossary that is a type's name, too, stands for an aggregate, or something of one:
/// the model shows it.
pub fn check_terms(terms: &[String], code: &Code, page: &Page) -> Vec<Finding> {
    let shown: BTreeSet<String> = page
        .diagrams
        .iter()
        .filter(|diagram| diagram.is("classDiagram"))
        .flat_map(|diagram| &diagram.lines)
        .filter_map(|(_, line)| CLASS.captures(line).map(|class| class[1].to_owned()))
        .collect();
    let mut findings = Vec::new();
    for term in terms.iter().collect::<BTreeSet<_>>() {
        let ends = format!("::{term}");
        let found = code.types.iter().find(|(name, it)| it.is_struct && name.ends_with(&ends));
        if let Some((name, it)) = found
            && !shown.contains(term)
        {
            findings.push(Finding::new(
                &it.place.path,
                it.place.line,
                format!("`{name}` is a term of the glossary and not in {MODEL}"),
                "write its class into the diagram under its crate's heading",
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use super::*;

    #[test]
    fn an_aggregate_that_is_not_drawn_is_found() {
        let undrawn = "class Order {\n  id: OrderId\nstatus: OrderStatus\n}\n";
        assert_eq!(
            found(MODEL, undrawn, ""),
            [
                "crates/orders/src/model.rs:8 `orders::Order` has states and is not in \
                 docs/domain-model.md",
                "crates/orders/src/model.rs:8 `orders::Order` is a term of the glossary and not in \
                 docs/domain-model.md",
            ]
        );
    }

    #[test]
    fn classes_and_fields_that_do_not_exist_are_found() {
        let renamed = found(MODEL, "class Order {", "class Purchase {");
        assert!(
            renamed.contains(
                &"docs/domain-model.md:5 the class `orders::Purchase`, which does not exist"
                    .to_owned()
            ),
            "{renamed:?}"
        );
        assert_eq!(
            found(MODEL, "id: OrderId", "number: OrderNumber"),
            ["docs/domain-model.md:6 `orders::Order` has no field `number`"]
        );
    }

    #[test]
    fn a_machine_is_drawn_as_it_is() {
        assert_eq!(
            found(MODEL, "### `orders::OrderStatus`", "### elsewhere"),
            [
                "crates/orders/src/model.rs:2 `orders::OrderStatus` has no state diagram in \
                 docs/domain-model.md",
                "docs/domain-model.md:14 the state diagram of `elsewhere`, which does not exist",
            ]
        );
        assert_eq!(
            found(MODEL, "--> paid : Pay", "--> sold : Pay"),
            [
                "docs/domain-model.md:14 the diagram of `orders::OrderStatus` has a move that the \
                 machine has not",
                "docs/domain-model.md:14 the diagram of `orders::OrderStatus` lacks a move",
                "docs/domain-model.md:14 the diagram of `orders::OrderStatus` lacks the state `paid`",
                "docs/domain-model.md:16 `sold` is not a state of `orders::OrderStatus`",
            ]
        );
    }
}
