//! What the business modules say about themselves: the events they publish, the states their things
//! can be in, and their types.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use crate::tidy::{layers, sql::pattern};
use crate::tree::{TextFile, Tree};

/// Where something stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: String,
    /// Counted from one.
    pub line: usize,
}

/// An enum of states, or of kinds of movement.
#[derive(Debug, Default)]
pub struct Machine {
    /// Where it stands.
    pub place: Place,
    /// Its words, in the order of the enum.
    pub words: Vec<String>,
    /// Its moves (from, move, to), where its test writes them out; else empty.
    pub moves: Vec<[String; 3]>,
}

/// A struct or an enum.
#[derive(Debug, Default)]
pub struct Type {
    /// Where it stands.
    pub place: Place,
    /// Its fields or variants.
    pub members: Vec<String>,
    /// The types of its fields, as far as they are single words.
    pub parts: Vec<String>,
    /// Struct or enum.
    pub is_struct: bool,
}

/// What the code says.
#[derive(Debug, Default)]
pub struct Code {
    /// Types of event that are published.
    pub events: BTreeMap<String, Place>,
    /// `crate::Enum` → its states.
    pub machines: BTreeMap<String, Machine>,
    /// `crate::Type`: what the modules make known.
    pub types: BTreeMap<String, Type>,
}

/// A move as a machine's test writes it out: `(S::From, M::Move, S::To)`.
static MOVE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\(S::([A-Z]\w*), M::([A-Z]\w*), S::([A-Z]\w*)\)"));

/// Reads the sources of the business modules.
pub fn read(tree: &Tree) -> Code {
    let mut code = Code::default();
    let mut words: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for file in tree.rust_files().filter(|file| !file.is_test()) {
        let Some(krate) = file.crate_name().filter(|name| layers::is_module(name)) else {
            continue;
        };
        // A file that cannot be read is reported by the walls.
        let Ok(syntax) = syn::parse_file(&file.text) else { continue };
        for item in &syntax.items {
            read_item(&mut code, &mut words, file, krate, item);
        }
    }
    let names: Vec<String> = code.types.keys().filter(|name| has_states(name)).cloned().collect();
    for name in names {
        let Some(found) = code.types.get(&name).filter(|it| !it.is_struct) else { continue };
        let spoken = words.get(&name);
        let word = |variant: &String| {
            let said = spoken.and_then(|words| words.get(variant)).cloned();
            said.unwrap_or_else(|| snake_case(variant))
        };
        let path = &found.place.path;
        // The tests stand below the enum, or in a file of their own beside it.
        let beside = path.replace(".rs", "_tests.rs");
        let texts = [path, &beside].into_iter().filter_map(|path| tree.find(path));
        let moves = texts
            .flat_map(|file| MOVE.captures_iter(&file.text))
            .map(|it| [word(&it[1].to_owned()), it[2].to_owned(), word(&it[3].to_owned())]);
        let machine = Machine {
            place: found.place.clone(),
            words: found.members.iter().map(word).collect(),
            moves: moves.collect(),
        };
        code.machines.insert(name, machine);
    }
    code
}

/// Whether `crate::Enum` lists what something can be: states, or kinds of movement.
fn has_states(name: &str) -> bool {
    is_machine(name) || name.ends_with("::MovementKind")
}

/// Whether `crate::Enum` is a state machine.
pub fn is_machine(name: &str) -> bool {
    name.ends_with("Status") || name.ends_with("State")
}

fn read_item(
    code: &mut Code,
    words: &mut BTreeMap<String, BTreeMap<String, String>>,
    file: &TextFile,
    krate: &str,
    item: &syn::Item,
) {
    let place = |line: usize| Place { path: file.path.clone(), line };
    match item {
        syn::Item::Const(it) if is_public(&it.vis) && publishes(file) => {
            if let Some(text) = text_of(&it.expr) {
                code.events.entry(text).or_insert_with(|| place(it.ident.span().start().line));
            }
        }
        syn::Item::Enum(it) if is_public(&it.vis) => {
            let found = Type {
                place: place(it.ident.span().start().line),
                members: it.variants.iter().map(|variant| variant.ident.to_string()).collect(),
                ..Type::default()
            };
            code.types.entry(format!("{krate}::{}", it.ident)).or_insert(found);
        }
        syn::Item::Struct(it) if is_public(&it.vis) => {
            let named = || it.fields.iter().filter_map(|field| field.ident.as_ref());
            let found = Type {
                place: place(it.ident.span().start().line),
                members: named().map(ToString::to_string).collect(),
                parts: it.fields.iter().filter_map(|field| last_word(&field.ty)).collect(),
                is_struct: true,
            };
            code.types.entry(format!("{krate}::{}", it.ident)).or_insert(found);
        }
        syn::Item::Impl(it) if it.trait_.is_none() => {
            let Some(name) = last_word(&it.self_ty) else { return };
            for function in &it.items {
                if let syn::ImplItem::Fn(function) = function
                    && ["as_str", "word"].iter().any(|said| function.sig.ident == said)
                {
                    words.entry(format!("{krate}::{name}")).or_default().extend(arms(function));
                }
            }
        }
        _ => {}
    }
}

/// Whether what the file says is published: `events.rs`, `events/stock.rs`.
pub fn publishes(file: &TextFile) -> bool {
    file.name() == "events.rs" || file.path.split('/').any(|part| part == "events")
}

const fn is_public(visibility: &syn::Visibility) -> bool {
    matches!(visibility, syn::Visibility::Public(_))
}

fn text_of(expression: &syn::Expr) -> Option<String> {
    match expression {
        syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
        _ => None,
    }
}

/// `orders::OrderStatus` → `OrderStatus`, `Option<T>` → `Option`.
fn last_word(ty: &syn::Type) -> Option<String> {
    match ty {
        syn::Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
        _ => None,
    }
}

/// `Self::Paid => "paid"`, of the match that is all of a function.
fn arms(function: &syn::ImplItemFn) -> Vec<(String, String)> {
    let Some(syn::Stmt::Expr(syn::Expr::Match(all), _)) = function.block.stmts.first() else {
        return Vec::new();
    };
    let variant = |pattern: &syn::Pat| match pattern {
        syn::Pat::Path(it) => it.path.segments.last().map(|last| last.ident.to_string()),
        syn::Pat::Struct(it) => it.path.segments.last().map(|last| last.ident.to_string()),
        syn::Pat::TupleStruct(it) => it.path.segments.last().map(|last| last.ident.to_string()),
        _ => None,
    };
    all.arms.iter().filter_map(|arm| Some((variant(&arm.pat)?, text_of(&arm.body)?))).collect()
}

/// `PendingPayment` → `pending_payment`.
fn snake_case(name: &str) -> String {
    let mut word = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !word.is_empty() {
            word.push('_');
        }
        word.extend(letter.to_lowercase());
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: &str = "pub const CREATED: &str = \"order.created\";\nconst LIMIT: i64 = 5;\n";
    const MODEL: &str = "
        pub enum OrderStatus { PendingPayment, Paid, Lost { at: u8 } }
        impl OrderStatus {
            pub const fn as_str(self) -> &'static str {
                match self { Self::PendingPayment => \"waiting\", Self::Paid => \"paid\",
                    Self::Lost { .. } => \"gone\" }
            }
        }
        pub struct Order { pub id: u8, pub status: OrderStatus }
        #[cfg(test)] mod tests { const T: u8 = (S::PendingPayment, M::Pay, S::Paid); }";

    #[test]
    fn reads_events_states_moves_and_types() {
        let code = read(&Tree::of(&[
            ("crates/orders/src/events.rs", EVENTS),
            ("crates/orders/src/model.rs", MODEL),
            ("crates/notifications/src/payload.rs", EVENTS),
            ("crates/pg/src/model.rs", "pub enum PoolState { Open }"),
            ("crates/inventory/src/model.rs", "pub enum MovementKind { TransferOut }"),
        ]));
        assert!(code.events.keys().eq(["order.created"]));
        assert!(code.machines.keys().eq(["inventory::MovementKind", "orders::OrderStatus"]));
        let machine = &code.machines["orders::OrderStatus"];
        assert_eq!(machine.words, ["waiting", "paid", "gone"]);
        assert_eq!(machine.moves, [["waiting", "Pay", "paid"].map(str::to_owned)]);
        assert_eq!(code.machines["inventory::MovementKind"].words, ["transfer_out"]);
        let order = &code.types["orders::Order"];
        assert_eq!((order.members[1].as_str(), order.parts[1].as_str()), ("status", "OrderStatus"));
        assert_eq!(order.place.line, 9);
    }
}
