//! Pages that are printed: plain HTML with one style and no script.

use std::sync::LazyLock;

use axum::{
    http::header,
    response::{Html, IntoResponse, Response},
};
use data_encoding::BASE64;
use minijinja::{Environment, UndefinedBehavior, Value};
use sha2::{Digest as _, Sha256};

use crate::kit::Problem;

const STYLE: &str = include_str!("../../../templates/print.css");

static PAGES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut pages = Environment::new();
    pages.set_undefined_behavior(UndefinedBehavior::Strict);
    for (name, source) in [
        ("print.html", include_str!("../../../templates/print.html")),
        ("packing_slip.html", include_str!("../../../templates/packing_slip.html")),
        ("pick_list.html", include_str!("../../../templates/pick_list.html")),
    ] {
        let added = pages.add_template(name, source);
        added.unwrap_or_else(|error| unreachable!("a test fills every page: {error}"));
    }
    pages.add_global("style", Value::from_safe_string(STYLE.to_owned()));
    pages
});

/// Which page.
#[derive(Clone, Copy, Debug)]
pub enum Print {
    /// What is in a parcel, for who opens it.
    PackingSlip,
    /// What to take from the shelves, for who packs.
    PickList,
}

/// A page with these words. What they hold is text, whatever it looks like.
pub fn page(print: Print, words: Value) -> Result<Response, Problem> {
    let name = match print {
        Print::PackingSlip => "packing_slip.html",
        Print::PickList => "pick_list.html",
    };
    let filled = PAGES.get_template(name).and_then(|page| page.render(words));
    let html = filled.map_err(|error| Problem::internal(&error))?;
    let hash = BASE64.encode(&Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    );
    Ok(([(header::CONTENT_SECURITY_POLICY, policy)], Html(html)).into_response())
}
