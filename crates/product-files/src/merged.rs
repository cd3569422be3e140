//! A product as it should be: what the file says, and of the rest what it has.

use std::collections::{HashMap, HashSet};

use catalog::{EditContext, ImageRef, InvalidProduct, Product, Refusal, Variant};
use kernel::{
    Locale, LocalizedText,
    id::{CategoryId, ProductId},
};

use crate::fault::{BadRow, Fault, Note};

/// What is known when a product of a file is held against the catalogue.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// The language of a file with one.
    pub language: Locale,
    /// Time and ids.
    pub context: &'a EditContext<'a>,
    /// The category the file names, or the one for products without.
    pub category: Option<CategoryId>,
    /// Pictures that are in the shop, with their sizes.
    pub pictures: &'a HashMap<String, (u32, u32)>,
    /// Of the products that go with others, those that are in the shop.
    pub related: &'a HashSet<ProductId>,
}

/// A product, and where its parts stand in the file.
#[derive(Debug)]
pub struct Merged {
    pub product: Product,
    pub places: Places,
    pub notes: Vec<Note>,
}

/// Where something stands in the file.
#[derive(Debug)]
pub enum Places {
    /// In a sheet: the product's first line, and those of its variants by SKU.
    Sheet { line: u64, variants: HashMap<String, u64> },
    /// In a line of JSON.
    Json { line: u64 },
}

impl Places {
    /// The bad row of a product that the catalogue refuses.
    pub fn bad_row(&self, refusal: &Refusal, product: &Product) -> BadRow {
        let (code, message) = said(refusal);
        let (line, column) = match self {
            Self::Sheet { line, variants } => {
                let (column, sku) = sheet_column(refusal, product);
                let line = sku.and_then(|sku| variants.get(&sku)).copied().unwrap_or(*line);
                (line, column)
            }
            Self::Json { line } => (*line, pointer(refusal)),
        };
        let (column, product) = (column.to_owned(), product.slug.as_str().to_owned());
        BadRow { line, column, code, message, product }
    }
}

fn said(refusal: &Refusal) -> (Fault, String) {
    match refusal {
        Refusal::Invalid(rule @ InvalidProduct::TooMany { .. }) => {
            (Fault::TooMany, rule.to_string())
        }
        Refusal::Invalid(rule @ InvalidProduct::Twice(_)) => (Fault::Twice, rule.to_string()),
        Refusal::Invalid(rule) => (Fault::Rule, rule.to_string()),
        Refusal::Twice => (Fault::Taken, "is another product's id".into()),
        Refusal::SlugTaken => (Fault::Taken, "is another product's".into()),
        Refusal::SkuTaken(sku) => (Fault::Taken, format!("{sku} is another variant's")),
        Refusal::ForeignVariant(id) => (Fault::Taken, format!("{id} is another product's variant")),
        Refusal::UnknownCategory => (Fault::Unknown, "there is no such category".into()),
        Refusal::UnknownRelated(id) => (Fault::Unknown, format!("there is no product {id}")),
    }
}

/// The column of a sheet, and the SKU of the variant whose row it is.
fn sheet_column(refusal: &Refusal, product: &Product) -> (&'static str, Option<String>) {
    let sku_of = |id| product.variants.iter().find(|it| it.id == id).map(|it| it.sku.clone());
    let rule = match refusal {
        Refusal::Twice | Refusal::SlugTaken | Refusal::UnknownRelated(_) => {
            return ("Handle", None);
        }
        Refusal::SkuTaken(sku) => return ("Variant SKU", Some(sku.clone())),
        Refusal::ForeignVariant(id) => return ("Variant SKU", sku_of(*id)),
        Refusal::UnknownCategory => return ("Type", None),
        Refusal::Invalid(rule) => rule,
    };
    match rule {
        InvalidProduct::Slug(_) | InvalidProduct::Badge(_) | InvalidProduct::Related => {
            ("Handle", None)
        }
        InvalidProduct::Text { what, .. } | InvalidProduct::TooMany { what, .. } => {
            (text_column(what), None)
        }
        InvalidProduct::Sku(sku)
        | InvalidProduct::Twice(sku)
        | InvalidProduct::PurchaseLimit(sku) => ("Variant SKU", Some(sku.clone())),
        InvalidProduct::Options(sku) => ("Option1 Value", Some(sku.clone())),
        InvalidProduct::CompareAt(sku) => ("Variant Compare At Price", Some(sku.clone())),
        InvalidProduct::Image(sku) => ("Variant Image", Some(sku.clone())),
        InvalidProduct::ImageKey(_) => ("Image Src", None),
        InvalidProduct::Barcode(_) => ("Variant Barcode", None),
        InvalidProduct::Tag(_) => ("Tags", None),
        InvalidProduct::NothingToBuy => ("Status", None),
    }
}

fn text_column(what: &str) -> &'static str {
    match what {
        "the description" => "Body (HTML)",
        "an option's name" | "options" => "Option1 Name",
        "an option's value" | "a variant's name" => "Option1 Value",
        "variants" => "Variant SKU",
        "an image's description" => "Image Alt Text",
        "images" => "Image Src",
        "tags" => "Tags",
        _ => "Title",
    }
}

fn pointer(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Twice => "/id",
        Refusal::SlugTaken | Refusal::Invalid(InvalidProduct::Slug(_)) => "/slug",
        Refusal::UnknownCategory => "/category",
        Refusal::UnknownRelated(_) | Refusal::Invalid(InvalidProduct::Related) => "/related",
        Refusal::Invalid(InvalidProduct::ImageKey(_)) => "/images",
        Refusal::Invalid(InvalidProduct::Tag(_)) => "/tags",
        Refusal::Invalid(InvalidProduct::Badge(_)) => "/badges",
        Refusal::Invalid(InvalidProduct::NothingToBuy) => "/state",
        Refusal::Invalid(
            InvalidProduct::Text { what, .. } | InvalidProduct::TooMany { what, .. },
        ) => text_pointer(what),
        Refusal::SkuTaken(_) | Refusal::ForeignVariant(_) | Refusal::Invalid(_) => "/variants",
    }
}

fn text_pointer(what: &str) -> &'static str {
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

/// The variants a product has and the file does not name, inactive from now on, each where it was among
/// the others: so that what is as it was is seen to be.
pub fn with_left_out(wanted: Vec<Variant>, before: &[Variant]) -> Vec<Variant> {
    let named: HashSet<_> = wanted.iter().map(|variant| variant.id).collect();
    let mut all = wanted;
    for (index, variant) in before.iter().enumerate() {
        if named.contains(&variant.id) {
            continue;
        }
        let former = index.checked_sub(1).map(|index| before[index].id);
        let place = former.and_then(|id| all.iter().position(|it| it.id == id));
        all.insert(
            place.map_or(0, |place| place + 1),
            Variant { active: false, ..variant.clone() },
        );
    }
    all
}

/// A picture that is in the shop.
pub fn picture(key: &str, alt: LocalizedText, around: &Around<'_>) -> Option<ImageRef> {
    let (width, height) = *around.pictures.get(key)?;
    Some(ImageRef { key: key.to_owned(), alt, width, height })
}

/// The same text in both languages.
pub fn both(text: &str) -> LocalizedText {
    LocalizedText::new(text, text)
}

/// `before` with another text in one language; where there is none in the other, that one too.
pub fn put(before: Option<&LocalizedText>, text: &str, language: Locale) -> LocalizedText {
    let Some(before) = before else { return both(text) };
    let or = |other: &str| if other.is_empty() { text.to_owned() } else { other.to_owned() };
    match language {
        Locale::ZhTw => LocalizedText::new(text, or(&before.en)),
        Locale::En => LocalizedText::new(or(&before.zh_tw), text),
    }
}

#[cfg(test)]
mod tests {
    use kernel::Money;
    use uuid::Uuid;

    use super::*;

    fn variant(number: u128, active: bool) -> Variant {
        Variant {
            id: Uuid::from_u128(number).into(),
            sku: format!("S{number}"),
            barcode: None,
            name: LocalizedText::default(),
            options: vec![],
            price: Money::ZERO,
            compare_at: None,
            weight_g: 0,
            image: None,
            purchase_limit: None,
            active,
        }
    }

    #[test]
    fn what_is_left_out_stays_where_it_was_and_turns_inactive() {
        let before = [variant(1, false), variant(2, true), variant(3, false), variant(4, true)];
        let same = with_left_out(vec![variant(2, true), variant(4, true)], &before);
        assert_eq!(same, before);
        let fewer = with_left_out(vec![variant(9, true), variant(4, true)], &before);
        let told: Vec<(String, bool)> = fewer.into_iter().map(|it| (it.sku, it.active)).collect();
        let told: Vec<(&str, bool)> = told.iter().map(|(sku, it)| (&**sku, *it)).collect();
        let expected = [("S1", false), ("S2", false), ("S3", false), ("S9", true), ("S4", true)];
        assert_eq!(told, expected);
    }

    #[test]
    fn the_other_language_stays_unless_it_is_empty() {
        let before = LocalizedText::new("馬克杯", "Mug");
        assert_eq!(put(Some(&before), "杯", Locale::ZhTw), LocalizedText::new("杯", "Mug"));
        assert_eq!(put(Some(&before), "Cup", Locale::En), LocalizedText::new("馬克杯", "Cup"));
        let empty = LocalizedText::default();
        assert_eq!(put(Some(&empty), "Cup", Locale::En), both("Cup"));
        assert_eq!(put(None, "杯", Locale::ZhTw), both("杯"));
    }
}
