//! What the rows of a sheet make of a product.

use std::collections::{HashMap, HashSet};

use catalog::{
    Description, ImageRef, Product, ProductOption, ProductStatus, Slug, StoredProduct, Variant,
};
use kernel::{Locale, LocalizedText, id::VariantId};

use crate::{
    cells,
    fault::{BadRow, Fault, Note},
    merged::{Around, Merged, Places, both, picture, put, with_left_out},
    sheet::{SheetImage, SheetProduct, SheetStatus, SheetVariant},
    sheet_export::body_of,
};

/// The product, or what is wrong.
pub fn merge(
    sheet: &SheetProduct,
    (line, slug): (u64, &str),
    before: Option<&StoredProduct>,
    around: &Around<'_>,
) -> Result<Merged, Vec<BadRow>> {
    let mut merge = Merge { line, slug, around, faults: Vec::new(), notes: Vec::new() };
    let before = before.map(|it| &it.product);
    let product = merge.product(sheet, before);
    match product {
        Some((product, variants)) if merge.faults.is_empty() => {
            let places = Places::Sheet { line, variants };
            Ok(Merged { product, places, notes: merge.notes })
        }
        _ => Err(merge.faults),
    }
}

struct Merge<'a> {
    line: u64,
    slug: &'a str,
    around: &'a Around<'a>,
    faults: Vec<BadRow>,
    notes: Vec<Note>,
}

impl Merge<'_> {
    fn wrong(&mut self, line: u64, column: &str, code: Fault, message: &str) {
        let (column, message) = (column.to_owned(), message.to_owned());
        self.faults.push(BadRow { line, column, code, message, product: self.slug.to_owned() });
    }

    fn product(
        &mut self,
        sheet: &SheetProduct,
        before: Option<&Product>,
    ) -> Option<(Product, HashMap<String, u64>)> {
        let (line, language) = (self.line, self.around.language);
        let slug = Slug::new(self.slug).ok();
        if slug.is_none() {
            self.wrong(line, "Handle", Fault::Rule, "cannot be a slug: addresses take ids, too");
        }
        let title = sheet.title.as_deref().unwrap_or_default();
        if title.is_empty() && before.is_none() {
            self.wrong(line, "Title", Fault::Missing, "a new product needs a title");
        }
        let category_id = self.around.category.or(before.map(|it| it.category_id));
        if category_id.is_none() {
            let message = "a new product needs a category that is there";
            self.wrong(line, "Type", Fault::Missing, message);
        }
        let images = self.images(sheet, before, title);
        let options = options(&sheet.option_names, &sheet.variants, before, language);
        let (variants, lines) = self.variants(sheet, before, &options, &images)?;
        let product = Product {
            id: before.map_or_else(|| self.next(), |it| it.id),
            slug: slug?,
            category_id: category_id?,
            name: match (title, before) {
                ("", Some(before)) => before.name.clone(),
                (title, before) => put(before.map(|it| &it.name), title, language),
            },
            subtitle: before.map(|it| it.subtitle.clone()).unwrap_or_default(),
            description: description(sheet.body.as_deref(), before, language),
            badges: before.map(|it| it.badges.clone()).unwrap_or_default(),
            tags: sheet.tags.clone().or(before.map(|it| it.tags.clone())).unwrap_or_default(),
            options,
            status: self.status(sheet, before),
            images,
            variants,
            related: before.map(|it| it.related.clone()).unwrap_or_default(),
        };
        Some((product, lines))
    }

    fn next<T: From<uuid::Uuid>>(&self) -> T {
        self.around.context.ids.next(self.around.context.clock)
    }

    fn status(&self, sheet: &SheetProduct, before: Option<&Product>) -> ProductStatus {
        let known = before.map(|it| it.status);
        let now = self.around.context.clock.now();
        let is_planned = matches!(known, Some(ProductStatus::Published { at }) if at > now);
        match (sheet.status, sheet.published) {
            (Some(SheetStatus::Archived), _) => ProductStatus::Archived,
            // As an export says of what is scheduled: whoever scheduled it decides.
            (Some(SheetStatus::Active), Some(false)) if is_planned => {
                known.unwrap_or(ProductStatus::Draft)
            }
            (Some(SheetStatus::Draft), _) | (Some(SheetStatus::Active) | None, Some(false)) => {
                ProductStatus::Draft
            }
            (Some(SheetStatus::Active), _) | (None, Some(true)) => match known {
                Some(published @ ProductStatus::Published { .. }) => published,
                _ => ProductStatus::Published { at: now },
            },
            (None, None) => known.unwrap_or(ProductStatus::Draft),
        }
    }

    /// Its pictures: those of the file that are in the shop, in their order, if there are any.
    fn images(
        &mut self,
        sheet: &SheetProduct,
        before: Option<&Product>,
        title: &str,
    ) -> Vec<ImageRef> {
        let known = before.map(|it| it.images.as_slice()).unwrap_or_default();
        let mut found: Vec<(u32, ImageRef)> = Vec::new();
        for image in &sheet.images {
            let alt = self.alt(image, known, title, before);
            let place = image.position.unwrap_or(u32::MAX);
            match picture(&image.source, alt, self.around) {
                Some(_) if found.iter().any(|(_, it)| it.key == image.source) => {}
                Some(picture) => found.push((place, picture)),
                None => {
                    let message = "is not in the shop and was not fetched: upload the picture";
                    self.notes.push(Note::new(image.line, "Image Src", message));
                }
            }
        }
        if found.is_empty() {
            return known.to_vec();
        }
        // Pictures without a position stay in the order of their rows, behind the others.
        found.sort_by_key(|(place, _)| *place);
        found.into_iter().map(|(_, picture)| picture).collect()
    }

    fn alt(
        &self,
        image: &SheetImage,
        known: &[ImageRef],
        title: &str,
        before: Option<&Product>,
    ) -> LocalizedText {
        let former = known.iter().find(|it| it.key == image.source).map(|it| &it.alt);
        match (&image.alt, former) {
            (Some(alt), former) => put(former, alt, self.around.language),
            (None, Some(former)) => former.clone(),
            // Who does not see it hears at least what it belongs to.
            (None, None) => before.map_or_else(|| both(title), |it| it.name.clone()),
        }
    }

    /// Its variants, and their lines by SKU.
    fn variants(
        &mut self,
        sheet: &SheetProduct,
        before: Option<&Product>,
        options: &[ProductOption],
        images: &[ImageRef],
    ) -> Option<(Vec<Variant>, HashMap<String, u64>)> {
        let known = before.map(|it| it.variants.as_slice()).unwrap_or_default();
        if sheet.variants.is_empty() {
            // A file of titles alone sells nothing off.
            return Some((known.to_vec(), HashMap::new()));
        }
        let has_pictures =
            sheet.images.iter().any(|it| images.iter().any(|is| is.key == it.source));
        let (mut variants, mut lines) = (Vec::new(), HashMap::new());
        // A variant that some row names by its SKU is nobody else's.
        let mut used: HashSet<VariantId> = known
            .iter()
            .filter(|it| sheet.variants.iter().any(|row| row.sku.as_ref() == Some(&it.sku)))
            .map(|it| it.id)
            .collect();
        for row in &sheet.variants {
            let former = self.former(row, known, &used);
            used.extend(former.map(|it| it.id));
            let Some(mut variant) = self.variant(row, former, options) else { continue };
            if has_pictures {
                let shown = row.image.as_ref();
                let place = shown.and_then(|key| images.iter().position(|it| it.key == *key));
                variant.image = place.and_then(|place| u16::try_from(place).ok());
            }
            if lines.insert(variant.sku.clone(), row.line).is_some() {
                self.wrong(row.line, "Variant SKU", Fault::Twice, "appears twice in the product");
            }
            variants.push(variant);
        }
        self.faults.is_empty().then(|| (with_left_out(variants, known), lines))
    }

    /// The variant the product has for this row: by its SKU, else by its options.
    fn former<'a>(
        &self,
        row: &SheetVariant,
        known: &'a [Variant],
        used: &HashSet<VariantId>,
    ) -> Option<&'a Variant> {
        let by_sku = |sku: &str| known.iter().find(|it| it.sku == sku);
        if let Some(found) = row.sku.as_deref().and_then(by_sku) {
            return Some(found);
        }
        if row.options.is_empty() && row.sku.is_some() {
            return None;
        }
        let free = || known.iter().filter(|it| !used.contains(&it.id) && self.chooses(it, row));
        free()
            .find(|it| it.active)
            .or_else(|| free().next())
            .or_else(|| by_sku(&cells::sku(self.slug, &row.options)).filter(|_| row.sku.is_none()))
            .filter(|it| !used.contains(&it.id))
    }

    fn chooses(&self, variant: &Variant, row: &SheetVariant) -> bool {
        let language = self.around.language;
        let same = |(is, told): (&LocalizedText, &String)| is.get(language) == told;
        variant.options.len() == row.options.len()
            && variant.options.iter().zip(&row.options).all(same)
    }

    fn variant(
        &mut self,
        row: &SheetVariant,
        former: Option<&Variant>,
        options: &[ProductOption],
    ) -> Option<Variant> {
        let Some(price) = row.price.or(former.map(|it| it.price)) else {
            self.wrong(row.line, "Variant Price", Fault::Missing, "a new variant needs a price");
            return None;
        };
        let kept = former.filter(|it| row.options.is_empty() || self.chooses(it, row));
        let chosen: Vec<LocalizedText> = match kept {
            Some(kept) if row.options.is_empty() => kept.options.clone(),
            _ => {
                row.options.iter().enumerate().map(|(at, it)| self.value(options, at, it)).collect()
            }
        };
        let compare_at = row.compare_at.clone().or(former.and_then(|it| it.compare_at));
        Some(Variant {
            id: former.map_or_else(|| self.next(), |it| it.id),
            sku: row.sku.clone().unwrap_or_else(|| {
                former.map_or_else(|| cells::sku(self.slug, &row.options), |it| it.sku.clone())
            }),
            barcode: row.barcode.clone().or(former.and_then(|it| it.barcode.clone())),
            name: kept.map_or_else(|| joined(&chosen), |it| it.name.clone()),
            options: chosen,
            price,
            compare_at,
            weight_g: row.grams.or(former.map(|it| it.weight_g)).unwrap_or(0),
            image: former.and_then(|it| it.image),
            purchase_limit: former.and_then(|it| it.purchase_limit),
            active: true,
        })
    }

    /// A value as the option lists it, in both languages.
    fn value(&self, options: &[ProductOption], place: usize, told: &str) -> LocalizedText {
        let listed = options.get(place).map(|it| it.values.as_slice()).unwrap_or_default();
        let found = listed.iter().find(|it| it.get(self.around.language) == told);
        found.cloned().unwrap_or_else(|| both(told))
    }
}

/// What the variants differ in: names and values that are known keep their other language, and values
/// keep their place.
fn options(
    names: &[String],
    rows: &[SheetVariant],
    before: Option<&Product>,
    language: Locale,
) -> Vec<ProductOption> {
    let known = before.map(|it| it.options.as_slice()).unwrap_or_default();
    let has_values = rows.iter().any(|row| !row.options.is_empty());
    let says_nothing = rows.is_empty() || (names.is_empty() && !has_values);
    if says_nothing && !known.is_empty() {
        return known.to_vec();
    }
    let of_known = |place: usize| known.get(place).map(|it| it.name.get(language).to_owned());
    let names: Vec<String> = if names.is_empty() && has_values {
        (0..known.len()).filter_map(of_known).collect()
    } else {
        names.to_vec()
    };
    let option = |(place, name): (usize, &String)| {
        let former = known.get(place).filter(|it| it.name.get(language) == name);
        let told: Vec<&str> =
            rows.iter().filter_map(|row| row.options.get(place)).map(String::as_str).collect();
        let sold = |value: &LocalizedText| {
            let variants = before.map(|it| it.variants.as_slice()).unwrap_or_default();
            variants.iter().any(|it| it.active && it.options.get(place) == Some(value))
        };
        let mut values: Vec<LocalizedText> = former
            .map(|it| it.values.as_slice())
            .unwrap_or_default()
            .iter()
            .filter(|value| told.contains(&value.get(language)) || !sold(value))
            .cloned()
            .collect();
        for value in told {
            if !values.iter().any(|it| it.get(language) == value) {
                values.push(both(value));
            }
        }
        ProductOption { name: former.map_or_else(|| both(name), |it| it.name.clone()), values }
    };
    names.iter().enumerate().map(option).collect()
}

/// A description as the cell says: when it says what an export would, it is what it is.
fn description(body: Option<&str>, before: Option<&Product>, language: Locale) -> Description {
    let known = before.map(|it| it.description.clone()).unwrap_or_default();
    let Some(body) = body else { return known };
    if body.is_empty() {
        return Description::default();
    }
    if before.is_some() && body_of(&known, language).trim() == body {
        return known;
    }
    let other = |language| {
        let other = body_of(&known, language);
        if other.is_empty() { body.to_owned() } else { other }
    };
    Description::rich(&match language {
        Locale::ZhTw => LocalizedText::new(body, other(Locale::En)),
        Locale::En => LocalizedText::new(other(Locale::ZhTw), body),
    })
}

/// `Blue / L`: what tells a variant from its siblings.
fn joined(values: &[LocalizedText]) -> LocalizedText {
    let join =
        |text: fn(&LocalizedText) -> &str| values.iter().map(text).collect::<Vec<_>>().join(" / ");
    LocalizedText::new(join(|value| &value.zh_tw), join(|value| &value.en))
}
