//! A product as it is sent, whole or in part.

use std::collections::HashSet;

use catalog::{Barcode, Description, ImageRef, Product, ProductOption, Slug, Variant};
use garde::Validate;
use kernel::{
    Clock, ErrorCode, Ids, LocalizedText,
    id::{CategoryId, ProductId, VariantId},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::parts::{ImageForm, LineForm, LongTextForm, OptionForm, VariantForm};
use crate::kit::Problem;

/// What a product is from now on.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductForm {
    /// Its place in addresses: lower-case letters, digits and single hyphens. When it changes, the
    /// one it had leads here.
    #[garde(length(min = 1, max = 100))]
    #[schema(example = "enamel-mug", min_length = 1, max_length = 100)]
    pub slug: String,
    /// Where it is shelved.
    #[garde(skip)]
    pub category_id: CategoryId,
    /// Its name.
    #[garde(dive)]
    pub name: LineForm,
    /// One line more; may be empty.
    #[serde(default)]
    #[garde(dive)]
    pub subtitle: LineForm,
    /// Words the storefront knows how to show, e.g. `new`.
    #[serde(default)]
    #[garde(length(max = 10))]
    #[schema(max_items = 10)]
    pub badges: Vec<String>,
    /// Words the shop sorts it by: each once, without commas.
    #[serde(default)]
    #[garde(length(max = 30))]
    #[schema(max_items = 30)]
    pub tags: Vec<String>,
    /// What its variants differ in.
    #[serde(default)]
    #[garde(length(max = 5), dive)]
    #[schema(max_items = 5)]
    pub options: Vec<OptionForm>,
    /// Its pictures, in the order shown: those it keeps, and uploaded ones.
    #[serde(default)]
    #[garde(length(max = 30), dive)]
    #[schema(max_items = 30)]
    pub images: Vec<ImageForm>,
    /// Its variants, in the order shown. What is left out turns inactive: variants are never
    /// deleted.
    #[serde(default)]
    #[garde(length(max = 250), dive)]
    #[schema(max_items = 250)]
    pub variants: Vec<VariantForm>,
    /// What goes with it, in the order shown.
    #[serde(default)]
    #[garde(length(max = 12))]
    #[schema(max_items = 12)]
    pub related: Vec<ProductId>,
    /// Plain text; a blank line ends a paragraph. Instead of `description_html`.
    #[serde(default)]
    #[garde(dive)]
    pub description: Option<LongTextForm>,
    /// A small part of HTML; what is more than formatting is taken out of it. The plain text follows
    /// from it.
    #[serde(default)]
    #[garde(dive)]
    pub description_html: Option<LongTextForm>,
    /// Why, for the audit log.
    #[serde(default)]
    #[garde(inner(length(chars, min = 1, max = 200)))]
    #[schema(min_length = 1, max_length = 200)]
    pub reason: Option<String>,
}

/// What of a product is another from now on; what is not there stays as it is.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductPatch {
    /// Its place in addresses: lower-case letters, digits and single hyphens. When it changes, the
    /// one it had leads here.
    #[serde(default)]
    #[garde(inner(length(min = 1, max = 100)))]
    #[schema(example = "enamel-mug", min_length = 1, max_length = 100)]
    pub slug: Option<String>,
    /// Where it is shelved.
    #[serde(default)]
    #[garde(skip)]
    pub category_id: Option<CategoryId>,
    /// Its name.
    #[serde(default)]
    #[garde(dive)]
    pub name: Option<LineForm>,
    /// One line more; may be empty.
    #[serde(default)]
    #[garde(dive)]
    pub subtitle: Option<LineForm>,
    /// Words the storefront knows how to show, e.g. `new`.
    #[serde(default)]
    #[garde(inner(length(max = 10)))]
    #[schema(max_items = 10)]
    pub badges: Option<Vec<String>>,
    /// Words the shop sorts it by: each once, without commas.
    #[serde(default)]
    #[garde(inner(length(max = 30)))]
    #[schema(max_items = 30)]
    pub tags: Option<Vec<String>>,
    /// What its variants differ in.
    #[serde(default)]
    #[garde(custom(at_most(5)), dive)]
    #[schema(max_items = 5)]
    pub options: Option<Vec<OptionForm>>,
    /// Its pictures, in the order shown: those it keeps, and uploaded ones.
    #[serde(default)]
    #[garde(custom(at_most(30)), dive)]
    #[schema(max_items = 30)]
    pub images: Option<Vec<ImageForm>>,
    /// Its variants, in the order shown. What is left out turns inactive: variants are never
    /// deleted.
    #[serde(default)]
    #[garde(custom(at_most(250)), dive)]
    #[schema(max_items = 250)]
    pub variants: Option<Vec<VariantForm>>,
    /// What goes with it, in the order shown.
    #[serde(default)]
    #[garde(inner(length(max = 12)))]
    #[schema(max_items = 12)]
    pub related: Option<Vec<ProductId>>,
    /// Plain text; a blank line ends a paragraph. Instead of `description_html`.
    #[serde(default)]
    #[garde(dive)]
    pub description: Option<LongTextForm>,
    /// A small part of HTML; what is more than formatting is taken out of it. The plain text follows
    /// from it.
    #[serde(default)]
    #[garde(dive)]
    pub description_html: Option<LongTextForm>,
    /// Why, for the audit log.
    #[serde(default)]
    #[garde(inner(length(chars, min = 1, max = 200)))]
    #[schema(min_length = 1, max_length = 200)]
    pub reason: Option<String>,
}

impl From<ProductForm> for ProductPatch {
    fn from(it: ProductForm) -> Self {
        // Whole means without a description, too.
        let is_bare = it.description.is_none() && it.description_html.is_none();
        Self {
            slug: Some(it.slug),
            category_id: Some(it.category_id),
            name: Some(it.name),
            subtitle: Some(it.subtitle),
            badges: Some(it.badges),
            tags: Some(it.tags),
            options: Some(it.options),
            images: Some(it.images),
            variants: Some(it.variants),
            related: Some(it.related),
            description: if is_bare { Some(LongTextForm::default()) } else { it.description },
            description_html: it.description_html,
            reason: it.reason,
        }
    }
}

/// A list, where there is one, is no longer than this; what is in it is looked at beside.
fn at_most<T>(most: usize) -> impl FnOnce(&Option<Vec<T>>, &()) -> garde::Result {
    move |list, ()| match list {
        Some(list) if list.len() > most => {
            Err(garde::Error::new(format!("length is greater than {most}")))
        }
        _ => Ok(()),
    }
}

fn wrong(pointer: impl Into<String>, detail: impl Into<String>) -> Problem {
    Problem::new(ErrorCode::ValidationFailed).field(pointer, detail)
}

fn slug(text: &str) -> Result<Slug, Problem> {
    Slug::new(text).map_err(|_| wrong("/slug", "must be lower-case letters, digits and hyphens"))
}

impl ProductForm {
    /// A new product.
    pub fn into_product(self, clock: &dyn Clock, ids: &Ids) -> Result<Product, Problem> {
        let blank = Product {
            id: ids.next(clock),
            slug: slug(&self.slug)?,
            category_id: self.category_id,
            name: LocalizedText::default(),
            subtitle: LocalizedText::default(),
            description: Description::default(),
            badges: vec![],
            tags: vec![],
            options: vec![],
            status: catalog::ProductStatus::Draft,
            images: vec![],
            variants: vec![],
            related: vec![],
        };
        ProductPatch::from(self).apply(blank, clock, ids)
    }
}

impl ProductPatch {
    /// The product with what is another. What only the catalogue knows is not checked here.
    pub fn apply(
        self,
        mut product: Product,
        clock: &dyn Clock,
        ids: &Ids,
    ) -> Result<Product, Problem> {
        if let Some(text) = &self.slug {
            product.slug = slug(text)?;
        }
        product.category_id = self.category_id.unwrap_or(product.category_id);
        put(&mut product.name, self.name);
        put(&mut product.subtitle, self.subtitle);
        product.badges = self.badges.unwrap_or(product.badges);
        product.tags = self.tags.unwrap_or(product.tags);
        product.related = self.related.unwrap_or(product.related);
        match (self.description, self.description_html) {
            (Some(_), Some(_)) => {
                return Err(wrong("/description_html", "is there beside a description"));
            }
            (Some(text), None) => product.description = Description::plain(text.into()),
            (None, Some(html)) => product.description = Description::rich(&html.into()),
            (None, None) => {}
        }
        if let Some(options) = self.options {
            product.options = options.into_iter().map(option).collect();
        }
        if let Some(images) = self.images {
            product.images = self::images(images, &product.images);
        }
        if let Some(variants) = self.variants {
            product.variants = self::variants(variants, &product.variants, clock, ids)?;
        }
        Ok(product)
    }
}

fn put(place: &mut LocalizedText, text: Option<LineForm>) {
    if let Some(text) = text {
        *place = text.into();
    }
}

fn option(it: OptionForm) -> ProductOption {
    let values = it.values.into_iter().map(LocalizedText::from).collect();
    ProductOption { name: it.name.into(), values }
}

/// Pictures that the product has, and uploaded ones, of which the catalogue says whether they are there
/// and how large they are.
fn images(forms: Vec<ImageForm>, known: &[ImageRef]) -> Vec<ImageRef> {
    let read = |form: ImageForm| match known.iter().find(|image| image.key == form.key) {
        Some(image) => ImageRef { alt: form.alt.into(), ..image.clone() },
        None => ImageRef::of_upload(form.key, form.alt.into()),
    };
    forms.into_iter().map(read).collect()
}

fn variants(
    forms: Vec<VariantForm>,
    known: &[Variant],
    clock: &dyn Clock,
    ids: &Ids,
) -> Result<Vec<Variant>, Problem> {
    let known: HashSet<VariantId> = known.iter().map(|variant| variant.id).collect();
    let read = |(index, form): (usize, VariantForm)| {
        if form.id.is_some_and(|id| !known.contains(&id)) {
            return Err(wrong(
                format!("/variants/{index}/id"),
                "is not a variant of this product; leave it out to add one",
            ));
        }
        let barcode = form.barcode.map(Barcode::new).transpose().map_err(|_| {
            wrong(format!("/variants/{index}/barcode"), "is not a bar code: is a digit wrong?")
        })?;
        Ok(Variant {
            id: form.id.unwrap_or_else(|| ids.next(clock)),
            sku: form.sku,
            barcode,
            name: form.name.into(),
            options: form.options.into_iter().map(LocalizedText::from).collect(),
            price: form.price,
            compare_at: form.compare_at,
            weight_g: form.weight_g,
            image: form.image,
            purchase_limit: form.purchase_limit,
            active: form.active,
        })
    };
    forms.into_iter().enumerate().map(read).collect()
}
