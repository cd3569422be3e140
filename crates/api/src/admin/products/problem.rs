//! What the catalogue refuses, for the client.

use catalog::{CatalogError, InvalidProduct, Misplaced, MoveError};
use kernel::ErrorCode;

use crate::kit::Problem;

fn wrong(pointer: &str, detail: &str) -> Problem {
    Problem::new(ErrorCode::ValidationFailed).field(pointer, detail)
}

/// The problem; `missing` is the code of what was asked for, if there is no such thing.
pub fn problem(error: CatalogError, missing: ErrorCode) -> Problem {
    match error {
        CatalogError::Invalid(rule) => wrong(pointer(&rule), &rule.to_string()),
        CatalogError::SlugTaken => wrong("/slug", "is taken"),
        CatalogError::SkuTaken => wrong("/variants", "a SKU is another variant's"),
        CatalogError::UnknownCategory => wrong("/category_id", "there is no such category"),
        CatalogError::UnknownPicture { index } => wrong(
            &format!("/images/{index}/key"),
            "is none of the shop's pictures: upload it first",
        ),
        CatalogError::UnknownRelated => wrong("/related", "one of these does not exist"),
        CatalogError::Misplaced(why) => wrong(
            "/parent_id",
            match why {
                Misplaced::UnknownParent => "there is no such category",
                Misplaced::Cycle => "a category cannot lie in itself, nor in what lies in it",
                Misplaced::TooDeep => "categories lie at most four deep",
            },
        ),
        CatalogError::NotFound => missing.into(),
        CatalogError::Changed => ErrorCode::VersionConflict.into(),
        CatalogError::NotEmpty => ErrorCode::CategoryNotEmpty.into(),
        CatalogError::Move(MoveError::Past) => wrong("/publish_at", "must be in the future"),
        CatalogError::Move(error @ MoveError::Illegal(_)) => {
            Problem::new(ErrorCode::ProductStateConflict).detail(error.to_string())
        }
        CatalogError::Db(error) => error.into(),
        error @ CatalogError::ForeignVariant => Problem::internal(&error),
    }
}

fn pointer(rule: &InvalidProduct) -> &'static str {
    match rule {
        InvalidProduct::Slug(_) => "/slug",
        InvalidProduct::Text { what, .. } | InvalidProduct::TooMany { what, .. } => field(what),
        InvalidProduct::Sku(_)
        | InvalidProduct::Twice(_)
        | InvalidProduct::Options(_)
        | InvalidProduct::CompareAt(_)
        | InvalidProduct::PurchaseLimit(_)
        | InvalidProduct::Image(_)
        | InvalidProduct::Barcode(_)
        | InvalidProduct::NothingToBuy => "/variants",
        InvalidProduct::ImageKey(_) => "/images",
        InvalidProduct::Tag(_) => "/tags",
        InvalidProduct::Badge(_) => "/badges",
        InvalidProduct::Related => "/related",
    }
}

/// The field of a text or list, by what the catalogue calls it.
fn field(what: &str) -> &'static str {
    match what {
        "the subtitle" => "/subtitle",
        "the description" => "/description",
        "an option's name" | "an option's value" | "options" => "/options",
        "a variant's name" | "variants" => "/variants",
        "an image's description" | "images" => "/images",
        "badges" => "/badges",
        "tags" => "/tags",
        "related products" => "/related",
        _ => "/name",
    }
}
