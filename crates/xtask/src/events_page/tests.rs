//! What the page of events shows.

use super::*;

const EVENTS: &str = "
    /// An order was paid.
    pub const PAID: &str = \"order.paid\";
    /// It was packed.
    pub const PACKED: &str = \"order.packed\";
    #[derive(Serialize)]
    struct Paid<'a> { order_id: OrderId, email: &'a str, lines: Vec<Line<'a>>, at: Option<Timestamp> }
    #[derive(Serialize)]
    struct Line<'a> {
        /// What it is.
        name: &'a LocalizedText,
        quantity: Quantity,
    }
    pub fn paid() -> NewEvent { let data = Paid { lines: vec![Line {}] }; event(PAID, &data) }
    fn event() {}";
const VIEW_TEXT: &str = "pub const PRIVATE: &[&str] = &[\"email\"];";

fn tree(events: &str, page: &str) -> Tree {
    Tree::of(&[("crates/orders/src/events.rs", events), (VIEW, VIEW_TEXT), (PAGE, page)])
}

#[test]
fn an_event_is_shown_with_its_fields_and_an_example() {
    let (page, findings) = render(&tree(EVENTS, ""));
    for line in [
        "## `order.paid`",
        "An order was paid. Published by `orders`.",
        "| `order_id` | id (UUID) | the order | ✓ |",
        "| `email` | text | the buyer's address | ✗ |",
        "| `lines` | a list: an object | what was bought | ✓ |",
        "| `lines[].name` | text in both languages | What it is. | ✓ |",
        "| `lines[].quantity` | number | units | ✓ |",
        "| `at` | time (RFC 3339, UTC), or `null` |  | ✓ |",
    ] {
        assert!(page.lines().any(|it| it == line), "{line} is not in\n{page}");
    }
    assert!(!page.contains("\"email\""), "an example is what webhooks carry");
    let json: Vec<&str> = page.split("```").filter_map(|it| it.strip_prefix("json")).collect();
    assert_eq!(json.len(), 1);
    let what: Vec<_> = findings.into_iter().map(|it| it.what).collect();
    assert_eq!(what, ["nobody knows what `order.packed` carries"]);
}

#[test]
fn what_is_flattened_stands_in_its_place_also_from_another_file() {
    let other = "#[derive(Serialize)] pub struct Told<'a> { email: &'a str, locale: Locale }";
    let events = EVENTS.replace("email: &'a str", "#[serde(flatten)] told: Told<'a>");
    let tree = Tree::of(&[
        ("crates/orders/src/refunds/events.rs", &events),
        ("crates/orders/src/events.rs", other),
        (VIEW, VIEW_TEXT),
    ]);
    let (page, _) = render(&tree);
    assert!(page.contains("| `locale` | language | the buyer's language | ✓ |"), "{page}");
    assert!(!page.contains("`told`"), "{page}");
}

#[test]
fn a_struct_can_say_whose_data_it_is() {
    let events = EVENTS.replace(
        "#[derive(Serialize)]\n    struct Line",
        "/// Data of `order.packed`.\n    #[derive(Serialize)]\n    struct Line",
    );
    let (page, findings) = render(&tree(&events, ""));
    assert!(findings.is_empty(), "{findings:?}");
    assert!(page.contains("## `order.packed`"));
    assert_eq!(check(&tree(&events, &page)), []);
    let what: Vec<_> = check(&tree(&events, "old")).into_iter().map(|it| it.what).collect();
    assert_eq!(what, ["is not what the code publishes"]);
}

#[test]
fn types_are_shown_plainly() {
    for (ty, expected) in [
        ("&'a str", "str"),
        ("Option<jiff::Timestamp>", "Option<Timestamp>"),
        ("&'a [Line<'a>]", "Vec<Line>"),
        ("Vec<Line<'a>>", "Vec<Line>"),
        ("Arc<str>", "str"),
    ] {
        assert_eq!(plain(&syn::parse_str(ty).unwrap()), expected);
    }
}
