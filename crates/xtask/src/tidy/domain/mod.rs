//! The pages about the domain say what the code says: every event that is published, every state of
//! every state machine, every aggregate. What the code no longer has is found, too, wherever the
//! pages say it in a form that a program can read: in tables, diagrams, and paths in backquotes.

mod code;
mod glossary;
mod model;
mod pages;
mod storming;

use std::sync::LazyLock;

use regex::Regex;

use self::code::Code;
pub use self::code::publishes;
use super::{Finding, sql::pattern};
use crate::tree::Tree;

/// The words, in both languages.
const GLOSSARY: &str = "docs/glossary.md";
/// The aggregates and their machines.
const MODEL: &str = "docs/domain-model.md";
/// Commands, events, policies.
const STORMING: &str = "docs/event-storming.md";

/// Pages whose `crate::…::name` lead to something.
const PAGES: &[&str] = &[GLOSSARY, MODEL, STORMING, "docs/CONCURRENCY.md", "docs/ARCHITECTURE.md"];

/// A path into one of our crates: `checkout::scenarios::a_name`, `inventory::Ledger`.
static PATH: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^([a-z][a-z_]*)(?:::\w+)*::(\w+)(?:\(\))?$"));

/// Holds the pages against the code, and the code against the pages.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let code = code::read(tree);
    let mut findings = Vec::new();
    for (path, check) in [
        (GLOSSARY, glossary::check as fn(&Code, &pages::Page) -> Vec<Finding>),
        (MODEL, model::check),
        (STORMING, storming::check),
    ] {
        match tree.find(path) {
            Some(file) => findings.extend(check(&code, &pages::read(&file.text))),
            None => findings.push(Finding::new(path, 0, "is not there", "write the page again")),
        }
    }
    if let (Some(words), Some(model)) = (tree.find(GLOSSARY), tree.find(MODEL)) {
        let terms = glossary::terms(&pages::read(&words.text));
        findings.extend(model::check_terms(&terms, &code, &pages::read(&model.text)));
    }
    for path in PAGES {
        findings.extend(paths(tree, path));
    }
    findings
}

/// The paths of a page that lead nowhere.
fn paths(tree: &Tree, path: &str) -> Vec<Finding> {
    let Some(file) = tree.find(path) else { return Vec::new() };
    let missing = |code: &str| {
        let found = PATH.captures(code)?;
        let krate = found[1].replace('_', "-");
        let mut ours = tree.rust_files().filter(|it| it.crate_name() == Some(&krate)).peekable();
        ours.peek()?;
        let kinds = "fn|struct|enum|trait|mod|const|static|type|as";
        let named = format!(r"\b(?:{kinds})\s+{}\b", &found[2]);
        let named = pattern(&named);
        (!ours.any(|it| named.is_match(&it.text))).then_some(krate)
    };
    let said = pages::read(&file.text).code;
    said.into_iter()
        .filter_map(|(line, code)| {
            let krate = missing(&code)?;
            let what = format!("`{code}` does not exist in crates/{krate}");
            Some(Finding::new(path, line, what, "name what does it now, or take it out"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) const ORDERS: &str = "
        pub enum OrderStatus { PendingPayment, Paid }
        impl OrderStatus {
            pub const fn as_str(self) -> &'static str {
                match self { Self::PendingPayment => \"pending_payment\", Self::Paid => \"paid\" }
            }
        }
        pub struct Order { pub id: u8, pub status: OrderStatus }
        pub fn place() {}
        #[cfg(test)] mod tests { const T: u8 = (S::PendingPayment, M::Pay, S::Paid); }";
    pub(super) const EVENTS: &str = "pub const PAID: &str = \"order.paid\";\n";

    const GLOSSARY_TEXT: &str = "# Glossary\n\n| term | 中文 | meaning |\n|---|---|---|\n\
        | order | 訂單 | bought |\n\n### Order: `orders::OrderStatus`\n\n| state | 中文 | |\n|---|---|---|\n\
        | `pending_payment` | 待付款 | |\n| `paid` | 已付款 | |\n";
    const MODEL_TEXT: &str = "## `orders`\n\n```mermaid\nclassDiagram\nclass Order {\n  id: OrderId\n\
        status: OrderStatus\n}\n```\n\n### `orders::OrderStatus`\n\n```mermaid\nstateDiagram-v2\n\
        [*] --> pending_payment\npending_payment --> paid : Pay\n```\n";
    const STORMING_TEXT: &str = "| event | told when |\n|---|---|\n| `order.paid` | the money came |\n\n\
        See `orders::place`.\n\n```mermaid\nflowchart LR\na[pay] --> b[order.paid]\n```\n";

    /// What is found when one text of the fixture is another one.
    pub(super) fn found(path: &str, from: &str, to: &str) -> Vec<String> {
        let files = [
            ("crates/orders/src/model.rs", ORDERS),
            ("crates/orders/src/events.rs", EVENTS),
            (GLOSSARY, GLOSSARY_TEXT),
            (MODEL, MODEL_TEXT),
            (STORMING, STORMING_TEXT),
        ];
        let changed = files.map(|(name, text)| {
            let text = if name == path {
                assert!(from.is_empty() || text.contains(from), "{name} has no {from}");
                text.replacen(from, to, 1)
            } else {
                text.to_owned()
            };
            (name, text)
        });
        let files: Vec<_> = changed.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let mut findings = check(&Tree::of(&files));
        findings.sort();
        findings.into_iter().map(|it| format!("{}:{} {}", it.path, it.line, it.what)).collect()
    }

    #[test]
    fn pages_that_say_what_the_code_says_are_fine() {
        assert_eq!(found("", "", ""), Vec::<String>::new());
    }

    #[test]
    fn pages_that_are_not_there_are_missed() {
        let missing: Vec<_> = check(&Tree::of(&[])).into_iter().map(|it| it.path).collect();
        assert_eq!(missing, [GLOSSARY, MODEL, STORMING]);
    }

    #[test]
    fn paths_lead_to_something() {
        for (to, line) in [("`orders::refuse`", 5), ("`orders::model::refuse()`", 5)] {
            let what = format!("{STORMING}:{line} {to} does not exist in crates/orders");
            assert_eq!(found(STORMING, "`orders::place`", to), [what]);
        }
        for to in ["`elsewhere::refuse`", "`orders`", "`orders::Order`", "`orders::place()`", "::"]
        {
            assert!(found(STORMING, "`orders::place`", to).is_empty(), "{to}");
        }
    }
}
