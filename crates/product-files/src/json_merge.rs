//! What a line of JSON makes of a product.

use std::collections::HashSet;

use catalog::{
    Barcode, Description, ImageRef, InvalidProduct, Product, ProductOption, ProductStatus,
    RELATED_MAX, Slug, StoredProduct, Variant,
};
use jiff::Timestamp;
use kernel::LocalizedText;

use crate::{
    fault::{BadRow, Fault, Note},
    json::{JsonOption, JsonProduct, JsonState, JsonVariant},
    merged::{Around, Merged, Places, picture, with_left_out},
};

/// The product, or what is wrong.
pub fn merge(
    json: &JsonProduct,
    line: u64,
    before: Option<&StoredProduct>,
    around: &Around<'_>,
) -> Result<Merged, Vec<BadRow>> {
    let before = before.map(|it| &it.product);
    let mut merge = Merge { line, json, around, faults: Vec::new(), notes: Vec::new() };
    match merge.product(before) {
        Some(product) if merge.faults.is_empty() => {
            Ok(Merged { product, places: Places::Json { line }, notes: merge.notes })
        }
        _ => Err(merge.faults),
    }
}

struct Merge<'a> {
    line: u64,
    json: &'a JsonProduct,
    around: &'a Around<'a>,
    faults: Vec<BadRow>,
    notes: Vec<Note>,
}

impl Merge<'_> {
    fn wrong(&mut self, column: impl Into<String>, code: Fault, message: &str) {
        let (line, product) = (self.line, self.json.slug.clone());
        let (column, message) = (column.into(), message.to_owned());
        self.faults.push(BadRow { line, column, code, message, product });
    }

    fn product(&mut self, before: Option<&Product>) -> Option<Product> {
        let json = self.json;
        let slug = Slug::new(json.slug.as_str()).ok();
        if slug.is_none() {
            let message = "must be lower-case letters, digits and single hyphens";
            self.wrong("/slug", Fault::Rule, message);
        }
        if self.around.category.is_none() {
            self.wrong("/category", Fault::Missing, "a new product needs a category");
        }
        self.check_lines();
        self.check_related(before);
        let description = self.description(before);
        let status = self.status(before)?;
        let images = self.images();
        let variants = self.variants(before, &images)?;
        let option = |it: &JsonOption| ProductOption {
            name: trimmed(&it.name),
            values: it.values.iter().map(trimmed).collect(),
        };
        let related = json.related.iter().filter(|id| self.around.related.contains(id));
        Some(Product {
            id: before.map(|it| it.id).or(json.id).unwrap_or_else(|| self.next()),
            slug: slug?,
            category_id: self.around.category?,
            name: trimmed(&json.name),
            subtitle: trimmed(&json.subtitle),
            description,
            badges: json.badges.clone(),
            tags: json.tags.clone(),
            options: json.options.iter().map(option).collect(),
            status,
            images,
            variants,
            related: related.copied().collect(),
        })
    }

    fn next<T: From<uuid::Uuid>>(&self) -> T {
        self.around.context.ids.next(self.around.context.clock)
    }

    /// What is shown on one line is on one line.
    fn check_lines(&mut self) {
        let json = self.json;
        let has_control = |text: &LocalizedText| {
            [&text.zh_tw, &text.en].iter().any(|it| it.chars().any(char::is_control))
        };
        let names = [("/name".to_owned(), &json.name), ("/subtitle".to_owned(), &json.subtitle)];
        let options = json.options.iter().enumerate().flat_map(|(at, it)| {
            [&it.name]
                .into_iter()
                .chain(&it.values)
                .map(move |text| (format!("/options/{at}"), text))
        });
        let images = json.images.iter().enumerate();
        let alts = images.map(|(at, it)| (format!("/images/{at}/alt"), &it.alt));
        let variants = json.variants.iter().enumerate().flat_map(|(at, it)| {
            let texts = [&it.name].into_iter().chain(&it.options);
            texts.map(move |text| (format!("/variants/{at}"), text))
        });
        let all = names.into_iter().chain(options).chain(alts).chain(variants);
        let bad: Vec<String> =
            all.filter(|(_, text)| has_control(text)).map(|(place, _)| place).collect();
        for place in bad {
            self.wrong(place, Fault::Encoding, "holds control characters");
        }
    }

    /// All of them by now: those that are further down in the file are set when nobody can refuse the
    /// product any more.
    fn check_related(&mut self, before: Option<&Product>) {
        let related = &self.json.related;
        let own = before.map(|it| it.id).or(self.json.id);
        let mut seen: HashSet<_> = own.into_iter().collect();
        if related.len() > RELATED_MAX {
            let rule = InvalidProduct::TooMany { what: "related products", max: RELATED_MAX };
            self.wrong("/related", Fault::TooMany, &rule.to_string());
        } else if !related.iter().all(|id| seen.insert(*id)) {
            self.wrong("/related", Fault::Rule, &InvalidProduct::Related.to_string());
        }
    }

    fn description(&mut self, before: Option<&Product>) -> Description {
        let known = before.map(|it| &it.description);
        let json = self.json;
        let too_long = |text: &LocalizedText| {
            [&text.zh_tw, &text.en].iter().any(|it| it.chars().count() > Description::HTML_MAX)
        };
        match (&json.description, &json.description_html) {
            (Some(_), Some(_)) => {
                self.wrong("/description_html", Fault::Twice, "is there beside a description");
                Description::default()
            }
            (_, Some(html)) if too_long(html) => {
                let message = "has at most 60000 characters in a language";
                self.wrong("/description_html", Fault::TooLong, message);
                Description::default()
            }
            (Some(text), None) => match known {
                Some(known) if known.html().is_none() && known.text() == text => known.clone(),
                _ => Description::plain(trimmed(text)),
            },
            (None, Some(html)) => match known {
                // What was cleaned is not cleaned again.
                Some(known) if known.html() == Some(html) => known.clone(),
                _ => Description::rich(&trimmed(html)),
            },
            (None, None) => Description::default(),
        }
    }

    fn status(&mut self, before: Option<&Product>) -> Option<ProductStatus> {
        let known = before.map(|it| it.status);
        let now = self.around.context.clock.now();
        let since = match known {
            Some(ProductStatus::Published { at }) => Some(at),
            _ => None,
        };
        Some(match (self.json.state, self.json.publish_at) {
            (None, _) => known.unwrap_or(ProductStatus::Draft),
            (Some(JsonState::Draft), _) => ProductStatus::Draft,
            (Some(JsonState::Archived), _) => ProductStatus::Archived,
            (Some(JsonState::Published | JsonState::Scheduled), Some(at)) => {
                ProductStatus::Published { at: in_micros(at) }
            }
            (Some(JsonState::Published), None) => {
                ProductStatus::Published { at: since.unwrap_or(now) }
            }
            (Some(JsonState::Scheduled), None) => {
                self.wrong("/publish_at", Fault::Missing, "what is scheduled has a time");
                return None;
            }
        })
    }

    /// Those of its pictures that are in the shop.
    fn images(&mut self) -> Vec<ImageRef> {
        let json = self.json;
        let mut found: Vec<ImageRef> = Vec::new();
        for (at, image) in json.images.iter().enumerate() {
            match picture(&image.key, trimmed(&image.alt), self.around) {
                Some(picture) if found.iter().all(|it| it.key != picture.key) => {
                    found.push(picture);
                }
                Some(_) => {}
                None => {
                    let message = "is not in the shop: upload the picture";
                    self.notes.push(Note::new(self.line, format!("/images/{at}/key"), message));
                }
            }
        }
        found
    }

    fn variants(&mut self, before: Option<&Product>, images: &[ImageRef]) -> Option<Vec<Variant>> {
        let json = self.json;
        let known = before.map(|it| it.variants.as_slice()).unwrap_or_default();
        let mut variants = Vec::with_capacity(json.variants.len());
        for (at, it) in json.variants.iter().enumerate() {
            let by_id = it.id.and_then(|id| known.iter().find(|is| is.id == id));
            let former = by_id.or_else(|| known.iter().find(|is| is.sku == it.sku));
            let barcode = it.barcode.clone().map(Barcode::new).transpose();
            if barcode.is_err() {
                let place = format!("/variants/{at}/barcode");
                self.wrong(place, Fault::Rule, "is not a bar code: is a digit wrong?");
            }
            if it.weight_g > 1_000_000 {
                let place = format!("/variants/{at}/weight_g");
                self.wrong(place, Fault::Number, "must be grams from 0 to 1000000");
            }
            variants.push(Variant {
                id: former.map(|it| it.id).or(it.id).unwrap_or_else(|| self.next()),
                sku: it.sku.clone(),
                barcode: barcode.unwrap_or_default(),
                name: trimmed(&it.name),
                options: it.options.iter().map(trimmed).collect(),
                price: it.price,
                compare_at: it.compare_at,
                weight_g: it.weight_g,
                image: shown(it, json, images),
                purchase_limit: it.purchase_limit,
                active: it.active,
            });
        }
        self.faults.is_empty().then(|| with_left_out(variants, known))
    }
}

/// Where the picture of a variant is among those that are there. A number that means none of them is
/// left for the catalogue to refuse, or to keep for what is not sold any more.
fn shown(variant: &JsonVariant, json: &JsonProduct, images: &[ImageRef]) -> Option<u16> {
    let place = variant.image?;
    let Some(meant) = json.images.get(usize::from(place)) else { return Some(place) };
    let place = images.iter().position(|it| it.key == meant.key)?;
    u16::try_from(place).ok()
}

fn trimmed(text: &LocalizedText) -> LocalizedText {
    let is_trimmed = |text: &str| text.trim().len() == text.len();
    if is_trimmed(&text.zh_tw) && is_trimmed(&text.en) {
        return text.clone();
    }
    LocalizedText::new(text.zh_tw.trim(), text.en.trim())
}

/// As precisely as the database keeps it.
fn in_micros(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}
