//! A product's own page.

use jiff::Timestamp;
use kernel::{LocalizedText, id::ProductId};
use pg::{Connection, DbResult};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{CategoryRef, ProductSummary, VariantView, priced, related, sql};
use crate::{Image, bundles, categories, corrupt::corrupt, image::ImageColumns};

/// What a product goes by in an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProductKey {
    /// Its id.
    Id(ProductId),
    /// Its slug, which never reads as an id.
    Slug(String),
}

impl From<&str> for ProductKey {
    fn from(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::Slug(text.to_owned()), Self::Id)
    }
}

/// Something to choose, such as colour or size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ProductOption)]
pub struct OptionView {
    /// What is chosen.
    pub name: LocalizedText,
    /// From what.
    pub values: Vec<LocalizedText>,
}

/// A product with everything about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Product)]
pub struct ProductView {
    /// What lists show of it.
    #[serde(flatten)]
    pub summary: ProductSummary,
    /// From the top of the shop down to its own category.
    pub category_path: Vec<CategoryRef>,
    /// Plain text; a blank line ends a paragraph.
    pub description: LocalizedText,
    /// The same with its formatting, when it has some: HTML that may stand in a page as it is.
    #[schema(required)]
    pub description_html: Option<LocalizedText>,
    /// Words the shop sorts it by.
    pub tags: Vec<String>,
    /// Every picture, its face first.
    pub images: Vec<Image>,
    /// What its variants differ in.
    pub options: Vec<OptionView>,
    /// What can be bought, in the order shown.
    pub variants: Vec<VariantView>,
    /// What goes with it: chosen by hand, then more of its category.
    pub related: Vec<ProductSummary>,
}

/// Where a product is that had this slug once, if shoppers may see it at `now`: the slug it has.
pub async fn moved_to(
    conn: &mut Connection,
    slug: &str,
    now: Timestamp,
) -> DbResult<Option<String>> {
    sql::moved_to(conn, slug, now).await
}

/// The product, if shoppers may see it at `now`.
pub async fn detail(
    conn: &mut Connection,
    key: &ProductKey,
    now: Timestamp,
) -> DbResult<Option<ProductView>> {
    let Some(id) = sql::visible_id(conn, key, now).await? else { return Ok(None) };
    let Some(head) = sql::heads(conn, &[id]).await?.pop() else { return Ok(None) };
    let variants = priced::variants(conn, &[id], now).await?;
    if variants.is_empty() {
        return Ok(None);
    }
    let page = sql::page(conn, id).await?;
    let images: Vec<Image> =
        sql::images(conn, id).await?.into_iter().filter_map(ImageColumns::into_image).collect();
    let options = serde_json::from_value(page.options)
        .map_err(|error| corrupt("catalog.products", "options", &error))?;
    let summary = ProductSummary::from_rows(head, &variants)?;
    let category_path = categories::path(conn, page.category_id).await?;
    let related = related::of(conn, id, page.category_id, now).await?;
    let html = LocalizedText::new(page.description_html_zh, page.description_html_en);
    let is_rich = !html.zh_tw.is_empty() || !html.en.is_empty();
    let bundles: Vec<_> = variants.iter().filter(|row| row.is_bundle).map(|row| row.id).collect();
    let parts = match bundles.as_slice() {
        [] => Vec::new(),
        bundles => bundles::of_variants(conn, bundles).await?,
    };
    let variants = variants.into_iter().map(|row| VariantView::from_row(row, &images, &parts));
    Ok(Some(ProductView {
        summary,
        category_path,
        description_html: is_rich.then_some(html),
        tags: page.tags,
        related,
        description: LocalizedText::new(page.description_zh, page.description_en),
        options,
        variants: variants.collect::<DbResult<_>>()?,
        images,
    }))
}
