//! All products, as a file that comes back.

use std::collections::HashMap;

use bytes::Bytes;
use catalog::{
    ImageRef, Product, ProductPhase, ProductStatus, StoredCategory, StoredProduct, Variant,
};
use futures::{Stream, stream};
use jiff::Timestamp;
use kernel::{Locale, id::CategoryId};
use pg::{Db, DbResult};

use crate::{
    columns::EXPORTED,
    json::{JsonImage, JsonOption, JsonProduct, JsonState, JsonVariant},
    reader::Format,
    sheet_export,
};

/// Products that are read at a time.
const BATCH: u16 = 250;

/// Where an export has got to.
enum Place {
    Head,
    After(String),
    End,
}

/// All products in the order of their slugs: as Shopify's CSV in one language, or as JSON lines. Each
/// piece is read for itself: what changes meanwhile is told as it is when its turn comes. What is
/// scheduled is scheduled or shown as seen at `now`.
pub fn export(
    db: Db,
    format: Format,
    language: Locale,
    now: Timestamp,
) -> impl Stream<Item = DbResult<Bytes>> + Send {
    stream::try_unfold(Place::Head, move |place| {
        let db = db.clone();
        async move {
            let after = match place {
                Place::Head if format == Format::Csv => {
                    return Ok(Some((csv_text::head(EXPORTED), Place::After(String::new()))));
                }
                Place::Head => String::new(),
                Place::After(after) => after,
                Place::End => return Ok(None),
            };
            let mut conn = db.acquire().await?;
            let products = catalog::products_after(&mut conn, &after, BATCH).await?;
            let Some(last) = products.last() else { return Ok(None) };
            let next = if products.len() < usize::from(BATCH) {
                Place::End
            } else {
                Place::After(last.product.slug.as_str().to_owned())
            };
            let shelves: HashMap<CategoryId, String> = catalog::categories(&mut conn)
                .await?
                .into_iter()
                .map(|StoredCategory { category, .. }| {
                    (category.id, category.slug.as_str().to_owned())
                })
                .collect();
            let mut text = Vec::new();
            for StoredProduct { product, .. } in products {
                let shelf = shelves.get(&product.category_id).map_or("", String::as_str);
                match format {
                    Format::Csv => sheet_export::rows(&mut text, &product, shelf, language, now),
                    Format::Jsonl => line(&mut text, product, shelf, now),
                }
            }
            Ok(Some((Bytes::from(text), next)))
        }
    })
}

/// Adds the product's line.
fn line(text: &mut Vec<u8>, product: Product, shelf: &str, now: Timestamp) {
    // Writing to memory cannot fail, and nothing in it is refused by JSON.
    serde_json::to_writer(&mut *text, &json(product, shelf, now)).ok();
    text.push(b'\n');
}

fn json(product: Product, shelf: &str, now: Timestamp) -> JsonProduct {
    let state = match product.status.at(now) {
        ProductPhase::Draft => JsonState::Draft,
        ProductPhase::Scheduled => JsonState::Scheduled,
        ProductPhase::Published => JsonState::Published,
        ProductPhase::Archived => JsonState::Archived,
    };
    let publish_at = match product.status {
        ProductStatus::Published { at } => Some(at),
        ProductStatus::Draft | ProductStatus::Archived => None,
    };
    let html = product.description.html().cloned();
    let text = html.is_none().then(|| product.description.text().clone());
    let options = product.options.into_iter();
    JsonProduct {
        id: Some(product.id),
        slug: product.slug.as_str().to_owned(),
        category: Some(shelf.to_owned()),
        category_id: None,
        name: product.name,
        subtitle: product.subtitle,
        description: text,
        description_html: html,
        badges: product.badges,
        tags: product.tags,
        options: options.map(|it| JsonOption { name: it.name, values: it.values }).collect(),
        images: product.images.into_iter().map(image).collect(),
        variants: product.variants.into_iter().map(variant).collect(),
        related: product.related,
        state: Some(state),
        publish_at,
        reason: None,
    }
}

fn image(it: ImageRef) -> JsonImage {
    JsonImage { key: it.key, alt: it.alt, width: None, height: None }
}

fn variant(it: Variant) -> JsonVariant {
    JsonVariant {
        id: Some(it.id),
        sku: it.sku,
        barcode: it.barcode.map(|it| it.as_str().to_owned()),
        name: it.name,
        options: it.options,
        price: it.price,
        compare_at: it.compare_at,
        weight_g: it.weight_g,
        image: it.image,
        purchase_limit: it.purchase_limit,
        active: it.active,
    }
}
