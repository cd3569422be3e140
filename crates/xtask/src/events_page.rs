//! `docs/events.md`: the catalogue of all events, made from the code that publishes them, so that it
//! says what is sent. `cargo xtask update events` writes it; `cargo xtask tidy` compares.
//!
//! Of each module's `events.rs` it reads the kinds (public constants of text), the structs that are
//! serialised, and which function makes which event of which struct. Where a function makes several,
//! the struct's documentation says whose data it is: "Data of `order.paid`".

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::LazyLock;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use regex::Regex;

use crate::tidy::{Finding, is_module, pattern, publishes};
use crate::tree::{TextFile, Tree};

/// The page.
pub const PAGE: &str = "docs/events.md";
/// Where webhooks say what they leave out.
const VIEW: &str = "crates/webhooks/src/view.rs";

static DATA_OF: LazyLock<Regex> = LazyLock::new(|| pattern(r"`([a-z]+\.[a-z_]+)`"));

/// A field of what is sent.
#[derive(Clone, Debug)]
struct Field {
    name: String,
    ty: String,
    doc: String,
    /// Its own fields stand in its place.
    flat: bool,
}

/// An event.
#[derive(Debug)]
struct Event {
    kind: String,
    doc: String,
    path: String,
    line: usize,
    /// The struct of its data.
    data: Option<String>,
}

/// What one file says.
#[derive(Debug, Default)]
struct Module {
    krate: String,
    events: Vec<Event>,
    structs: Structs,
}

/// What is sent, by name: the fields, and the documentation.
type Structs = BTreeMap<String, (Vec<Field>, String)>;

/// The page's text, and what keeps it from being complete.
pub fn render(tree: &Tree) -> (String, Vec<Finding>) {
    let (modules, mut findings) = (read(tree), Vec::new());
    let private = private(tree);
    let mut page = HEAD.to_owned();
    for module in &modules {
        for event in &module.events {
            let Some(data) = &event.data else {
                findings.push(Finding::new(
                    &event.path,
                    event.line,
                    format!("nobody knows what `{}` carries", event.kind),
                    format!(
                        "write \"Data of `{}`\" into the documentation of its struct",
                        event.kind
                    ),
                ));
                continue;
            };
            section(&mut page, module, event, data, &private);
        }
    }
    (page, findings)
}

/// Compares the page with the code.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let (page, mut findings) = render(tree);
    if findings.is_empty() && tree.find(PAGE).is_none_or(|file| file.text != page) {
        let what = "is not what the code publishes";
        findings.push(Finding::new(PAGE, 0, what, "run `cargo xtask update events`"));
    }
    findings
}

const HEAD: &str = "# Events\n\nWhat the shop tells: to its own parts, and to other systems by \
    [webhooks](webhooks.md). Made from the code by `cargo xtask update events`; do not edit.\n\n\
    Each is a [CloudEvents](https://cloudevents.io/) 1.0 message. `id` is the same however often it \
    comes, `type` is the name below, `subject` is the id of what it happened to, `time` is when. \
    Fields may be added; those that are here stay, with their meaning. Money is whole units of its \
    currency. What webhooks leave out is marked ✗: ask the API for it, with a key that may.\n";

fn section(page: &mut String, module: &Module, event: &Event, data: &str, private: &[String]) {
    let Event { kind, doc, .. } = event;
    writeln!(page, "\n## `{kind}`\n\n{doc} Published by `{}`.\n", module.krate).ok();
    page.push_str("| field | is | | webhooks |\n|---|---|---|---|\n");
    rows(page, module, data, "", private);
    let example = example(module, data, 0, private);
    write!(page, "\nAs a webhook carries it:\n\n```json\n{{\"specversion\": \"1.0\", ").ok();
    write!(page, "\"id\": \"01990000-0000-7000-8000-000000000001\", ").ok();
    writeln!(page, "\"source\": \"https://shop.example\",").ok();
    writeln!(page, " \"type\": \"{kind}\", \"subject\": \"{UUID}\",").ok();
    writeln!(page, " \"time\": \"{TIME}\", \"datacontenttype\": \"application/json\",").ok();
    writeln!(page, " \"data\": {example}}}\n```").ok();
}

fn rows(page: &mut String, module: &Module, data: &str, prefix: &str, private: &[String]) {
    let Some((fields, _)) = module.structs.get(data) else { return };
    for field in fields {
        let name = format!("{prefix}{}", field.name);
        let is_private = private.contains(&field.name);
        let mark = if is_private { "✗" } else { "✓" };
        let doc = if field.doc.is_empty() { meaning(&field.name) } else { &field.doc };
        let (is, inner) = describe(module, &field.ty);
        writeln!(page, "| `{name}` | {is} | {doc} | {mark} |").ok();
        if let Some(inner) = inner.filter(|_| !is_private) {
            let list = if field.ty.starts_with("Vec<") { "[]" } else { "" };
            rows(page, module, &inner, &format!("{name}{list}."), private);
        }
    }
}

/// What a type is on the wire, and the struct of this file behind it.
fn describe(module: &Module, ty: &str) -> (String, Option<String>) {
    if let Some(inner) = inside(ty, "Option") {
        let (is, inner) = describe(module, inner);
        return (format!("{is}, or `null`"), inner);
    }
    if let Some(inner) = inside(ty, "Vec") {
        let (is, inner) = describe(module, inner);
        return (format!("a list: {is}"), inner);
    }
    let known = match ty {
        _ if ty.ends_with("Id") => "id (UUID)",
        "Money" => "money",
        "Timestamp" => "time (RFC 3339, UTC)",
        "LocalizedText" => "text in both languages",
        "Locale" => "language",
        "bool" => "yes or no",
        "Quantity" | "i16" | "i32" | "i64" | "u16" | "u32" | "u64" => "number",
        _ if module.structs.contains_key(ty) => {
            return ("an object".to_owned(), Some(ty.to_owned()));
        }
        _ => "text",
    };
    (known.to_owned(), None)
}

const UUID: &str = "01990000-0000-7000-8000-0000000000aa";
const TIME: &str = "2026-11-21T13:00:00Z";

fn example(module: &Module, data: &str, depth: usize, private: &[String]) -> String {
    let Some((fields, _)) = module.structs.get(data) else { return "{}".to_owned() };
    let shown = fields.iter().filter(|field| !private.contains(&field.name));
    let members: Vec<String> = shown
        .map(|field| {
            format!("\"{}\": {}", field.name, value(module, &field.name, &field.ty, depth, private))
        })
        .collect();
    format!("{{{}}}", members.join(", "))
}

fn value(module: &Module, name: &str, ty: &str, depth: usize, private: &[String]) -> String {
    if let Some(inner) = inside(ty, "Option") {
        return value(module, name, inner, depth, private);
    }
    if let Some(inner) = inside(ty, "Vec") {
        return format!("[{}]", value(module, name, inner, depth, private));
    }
    match ty {
        _ if ty.ends_with("Id") => format!("\"{UUID}\""),
        "Money" => "{\"amount\": 1990, \"currency\": \"TWD\"}".to_owned(),
        "Timestamp" => format!("\"{TIME}\""),
        "LocalizedText" => "{\"zh_tw\": \"馬克杯\", \"en\": \"Mug\"}".to_owned(),
        "Locale" => "\"zh-TW\"".to_owned(),
        "bool" => "true".to_owned(),
        "Quantity" | "i16" | "i32" | "i64" | "u16" | "u32" | "u64" => "2".to_owned(),
        _ if module.structs.contains_key(ty) && depth < 3 => {
            example(module, ty, depth + 1, private)
        }
        _ => format!("\"{}\"", word(name)),
    }
}

/// A text that could stand in a field of this name.
fn word(name: &str) -> &'static str {
    match name {
        "number" => "26112113-ABCD",
        "sku" => "MUG-WHITE",
        "method" => "ecpay_credit",
        "reason" => "expired",
        "host" => "erp.example",
        "description" => "ERP",
        "last_error" => "it took too long",
        _ => "…",
    }
}

/// What fields of this name mean wherever they stand, for those that do not say so themselves.
fn meaning(name: &str) -> &'static str {
    match name {
        "order_id" => "the order",
        "number" => "the order's number for people",
        "customer_id" => "the buyer's account; guests have none",
        "email" => "the buyer's address",
        "locale" => "the buyer's language",
        "lines" => "what was bought",
        "variant_id" => "the variant",
        "warehouse_id" => "the warehouse",
        "sku" => "stock keeping unit",
        "name" => "the product's name at the moment of sale",
        "variant_name" => "the variant's name",
        "quantity" => "units",
        "line_total" => "what they cost together",
        "subtotal" => "the lines' sum",
        "discount" => "what was taken off",
        "shipping_fee" => "what shipping costs",
        "total" => "what is to be paid",
        "amount" => "the amount",
        "reserved_until" => "until when the stock is held",
        "paid_at" => "when it was paid",
        "order_url" => "the order's page",
        "reason" => "why, as a stable word",
        "payment_id" => "the attempt to pay",
        "refund_id" => "the refund",
        "shipment_id" => "the shipment",
        "method" => "how it is paid",
        "provider_trade_no" => "the provider's own number",
        "provider_code" => "the provider's own code",
        "kept" => "whether the money stays; else it goes back",
        "available" => "what may be bought, afterwards",
        "version" => "movements of the stock row so far",
        "safety_stock" => "the level that was crossed",
        _ => "",
    }
}

fn inside<'a>(ty: &'a str, outer: &str) -> Option<&'a str> {
    ty.strip_prefix(outer)?.strip_prefix('<')?.strip_suffix('>')
}

/// The names that webhooks leave out.
fn private(tree: &Tree) -> Vec<String> {
    let Some(Ok(file)) = tree.find(VIEW).map(|file| syn::parse_file(&file.text)) else {
        return Vec::new();
    };
    let list = file.items.iter().find_map(|item| match item {
        syn::Item::Const(it) if it.ident == "PRIVATE" => Some(it.expr.to_token_stream()),
        _ => None,
    });
    texts(list.unwrap_or_default())
}

fn texts(stream: TokenStream) -> Vec<String> {
    let mut found = Vec::new();
    for tree in stream {
        match tree {
            TokenTree::Group(group) => found.extend(texts(group.stream())),
            TokenTree::Literal(literal) => {
                if let syn::Lit::Str(text) = syn::Lit::new(literal) {
                    found.push(text.value());
                }
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
    }
    found
}

fn read(tree: &Tree) -> Vec<Module> {
    let publishing = tree.rust_files().filter(|file| !file.is_test() && publishes(file));
    let mut modules: Vec<Module> = publishing
        .filter_map(|file| {
            let krate = file.crate_name().filter(|name| is_module(name))?;
            // A file that cannot be read is reported by the walls.
            Some(read_file(file, krate, &syn::parse_file(&file.text).ok()?))
        })
        .collect();
    let structs: Vec<(String, Structs)> =
        modules.iter().map(|module| (module.krate.clone(), module.structs.clone())).collect();
    for module in &mut modules {
        flatten(module, &structs);
    }
    modules.retain(|module| !module.events.is_empty());
    modules
}

/// Puts the fields of flattened structs, which may stand in another file of the crate, where they
/// are sent.
fn flatten(module: &mut Module, all: &[(String, Structs)]) {
    let found = |name: &str| {
        let here = all.iter().filter(|(krate, _)| *krate == module.krate);
        here.filter_map(|(_, structs)| structs.get(name)).map(|(fields, _)| fields.clone()).next()
    };
    let mut structs = module.structs.clone();
    for (fields, _) in structs.values_mut() {
        let flat = |field: Field| match field.flat.then(|| found(&field.ty)).flatten() {
            Some(inner) => inner,
            None => vec![field],
        };
        *fields = std::mem::take(fields).into_iter().flat_map(flat).collect();
    }
    module.structs = structs;
}

fn read_file(file: &TextFile, krate: &str, syntax: &syn::File) -> Module {
    let mut module = Module { krate: krate.to_owned(), ..Module::default() };
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    for item in &syntax.items {
        match item {
            syn::Item::Const(it) if matches!(it.vis, syn::Visibility::Public(_)) => {
                let [kind] =
                    <[String; 1]>::try_from(texts(it.expr.to_token_stream())).unwrap_or_default();
                if kind.contains('.') {
                    names.insert(it.ident.to_string(), module.events.len());
                    module.events.push(Event {
                        kind,
                        doc: doc(&it.attrs),
                        path: file.path.clone(),
                        line: it.ident.span().start().line,
                        data: None,
                    });
                }
            }
            syn::Item::Struct(it) if is_sent(&it.attrs) => {
                let fields = it.fields.iter().filter_map(|field| {
                    let name = field.ident.as_ref()?.to_string();
                    let flat = is_flat(&field.attrs);
                    Some(Field { name, ty: plain(&field.ty), doc: doc(&field.attrs), flat })
                });
                let data = (fields.collect(), doc(&it.attrs));
                module.structs.insert(it.ident.to_string(), data);
            }
            _ => {}
        }
    }
    assign(&mut module, &names, syntax);
    module
}

/// Finds out which struct each event carries.
fn assign(module: &mut Module, names: &BTreeMap<String, usize>, syntax: &syn::File) {
    for (name, (_, doc)) in &module.structs {
        for found in DATA_OF.captures_iter(doc) {
            if let Some(event) = module.events.iter_mut().find(|it| it.kind == found[1]) {
                event.data = Some(name.clone());
            }
        }
    }
    let parts: BTreeSet<String> = module
        .structs
        .values()
        .flat_map(|(fields, _)| fields)
        .filter_map(|field| describe(module, &field.ty).1)
        .collect();
    for item in &syntax.items {
        let syn::Item::Fn(function) = item else { continue };
        let mut idents = BTreeSet::new();
        collect(function.block.to_token_stream(), &mut idents);
        let made: Vec<usize> =
            names.iter().filter(|(name, _)| idents.contains(*name)).map(|(_, it)| *it).collect();
        let of: Vec<&String> = module
            .structs
            .keys()
            .filter(|name| idents.contains(*name) && !parts.contains(*name))
            .collect();
        if let ([event], [data]) = (made.as_slice(), of.as_slice()) {
            let data = (*data).clone();
            module.events[*event].data.get_or_insert(data);
        }
    }
}

fn collect(stream: TokenStream, idents: &mut BTreeSet<String>) {
    for tree in stream {
        match tree {
            TokenTree::Group(group) => collect(group.stream(), idents),
            TokenTree::Ident(ident) => {
                idents.insert(ident.to_string());
            }
            TokenTree::Literal(_) | TokenTree::Punct(_) => {}
        }
    }
}

/// Whether it derives `Serialize`.
fn is_sent(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let mut idents = BTreeSet::new();
        collect(attribute.meta.to_token_stream(), &mut idents);
        attribute.path().is_ident("derive") && idents.contains("Serialize")
    })
}

/// Whether serde puts the field's own fields in its place.
fn is_flat(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let mut idents = BTreeSet::new();
        collect(attribute.meta.to_token_stream(), &mut idents);
        attribute.path().is_ident("serde") && idents.contains("flatten")
    })
}

/// The documentation, in one line.
fn doc(attributes: &[syn::Attribute]) -> String {
    let lines = attributes.iter().filter(|it| it.path().is_ident("doc"));
    let text = lines.flat_map(|it| texts(it.meta.to_token_stream())).collect::<Vec<_>>().join(" ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A type without references, lifetimes and paths: `&'a [PaidLine<'a>]` → `Vec<PaidLine>`.
fn plain(ty: &syn::Type) -> String {
    match ty {
        syn::Type::Reference(it) => plain(&it.elem),
        syn::Type::Slice(it) => format!("Vec<{}>", plain(&it.elem)),
        syn::Type::Path(it) => {
            let Some(last) = it.path.segments.last() else { return String::new() };
            let inner = match &last.arguments {
                syn::PathArguments::AngleBracketed(inner) => {
                    inner.args.iter().find_map(|argument| match argument {
                        syn::GenericArgument::Type(ty) => Some(plain(ty)),
                        _ => None,
                    })
                }
                _ => None,
            };
            match (last.ident.to_string().as_str(), inner) {
                ("Arc" | "Box" | "Cow", Some(inner)) => inner,
                (outer, Some(inner)) => format!("{outer}<{inner}>"),
                (outer, None) => outer.to_owned(),
            }
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests;
