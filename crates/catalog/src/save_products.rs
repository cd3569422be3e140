//! Many products at once, as files bring them: found, held against what they should be, written and
//! told in a few statements, whatever their number.

use std::collections::{HashMap, HashSet};

use kernel::id::{CategoryId, ProductId, VariantId};
use pg::{Connection, DbResult};

use crate::{
    CatalogError, EditContext, events,
    model::{InvalidProduct, Product, ProductStatus},
    products::StoredProduct,
    put_product::write,
    sql_bundles, sql_many, sql_pictures, sql_skus, sql_write,
    state::{Move, ProductPhase},
};

/// A product as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// As it was found since [`hold`]; nothing: it is new.
    pub before: Option<StoredProduct>,
    /// As it should be, its state included. Variants that it has and that are not here turn inactive.
    pub product: Product,
}

/// What became of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// It is new.
    Added,
    /// It was another.
    Changed,
    /// It was so already: nothing was written, and nobody is told.
    Unchanged,
}

/// Why a product was left as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It breaks a rule of the model.
    Invalid(InvalidProduct),
    /// Another product has its id, here or among these.
    Twice,
    /// Another product has its slug.
    SlugTaken,
    /// Another variant has this SKU.
    SkuTaken(String),
    /// This variant belongs to another product.
    ForeignVariant(VariantId),
    /// Its category does not exist.
    UnknownCategory,
    /// This product, which should go with it, does not exist.
    UnknownRelated(ProductId),
}

/// Keeps everybody else from changing the catalogue until the end of the transaction. Before many
/// products are found, compared and saved.
pub async fn hold(conn: &mut Connection) -> DbResult<()> {
    sql_bundles::lock_revision(conn).await
}

/// The products with these ids, and those with these slugs, whoever may see them.
pub async fn find_products(
    conn: &mut Connection,
    ids: &[ProductId],
    slugs: &[String],
) -> DbResult<Vec<StoredProduct>> {
    sql_many::find(conn, ids, slugs).await
}

/// The next products behind this slug, in the order of their slugs; none: that was all.
pub async fn products_after(
    conn: &mut Connection,
    slug: &str,
    limit: u16,
) -> DbResult<Vec<StoredProduct>> {
    sql_many::after(conn, slug, limit).await
}

/// Of these products, those there are.
pub async fn existing_products(
    conn: &mut Connection,
    ids: &[ProductId],
) -> DbResult<HashSet<ProductId>> {
    sql_many::existing(conn, ids).await
}

/// Width and height of the pictures with these keys, as far as some product has them or somebody has
/// uploaded them. Under [`hold`] nobody removes them meanwhile.
pub async fn known_pictures(
    conn: &mut Connection,
    keys: &[String],
) -> DbResult<HashMap<String, (u32, u32)>> {
    let mut known = sql_pictures::sizes(conn, keys).await?;
    // What products say of one comes first: so they read as unchanged.
    known.extend(sql_many::known_images(conn, keys).await?);
    Ok(known)
}

/// Saves what is different, and answers for each wish in its place: a product that cannot be is refused
/// and its neighbours are not. Call it within a transaction, after [`hold`].
pub async fn save_products(
    conn: &mut Connection,
    wishes: &[Wish],
    context: &EditContext<'_>,
) -> Result<Vec<Result<Saved, Refusal>>, CatalogError> {
    let known = Known::read(conn, wishes).await?;
    let mut taken = Taken::default();
    let mut answers = Vec::with_capacity(wishes.len());
    let (mut added, mut changed) = (Vec::new(), Vec::new());
    for wish in wishes {
        let answer = decide(wish, &known, &mut taken);
        match answer {
            Ok(Saved::Added) => added.push(wish),
            Ok(Saved::Changed) => changed.push(wish),
            Ok(Saved::Unchanged) | Err(_) => {}
        }
        answers.push(answer);
    }
    if added.is_empty() && changed.is_empty() {
        return Ok(answers);
    }
    let now = context.clock.now();
    let all: Vec<&Product> = added.iter().chain(&changed).map(|wish| &wish.product).collect();
    write(conn, &all, now).await?;
    if !changed.is_empty() {
        let changed: Vec<&Product> = changed.iter().map(|wish| &wish.product).collect();
        sql_write::count_changes(conn, &changed).await?;
    }
    let told: Vec<_> = added.iter().chain(&changed).flat_map(|wish| told(wish, context)).collect();
    outbox::append(conn, &told).await?;
    Ok(answers)
}

/// What the catalogue knows of what the wishes name.
struct Known {
    slugs: HashMap<String, ProductId>,
    skus: HashMap<String, VariantId>,
    variants: HashMap<VariantId, ProductId>,
    categories: HashSet<CategoryId>,
    /// Of those that go with others, and of the new ones.
    products: HashSet<ProductId>,
}

impl Known {
    async fn read(conn: &mut Connection, wishes: &[Wish]) -> DbResult<Self> {
        // What is as it was names nothing that is not there.
        let products = || {
            let is_same =
                |wish: &&Wish| wish.before.as_ref().map(|it| &it.product) == Some(&wish.product);
            wishes.iter().filter(move |wish| !is_same(wish)).map(|wish| &wish.product)
        };
        let variants = || products().flat_map(|product| &product.variants);
        let slugs: Vec<String> = products().map(|it| it.slug.as_str().to_owned()).collect();
        let skus: Vec<String> = variants().map(|it| it.sku.clone()).collect();
        let ids: Vec<VariantId> = variants().map(|it| it.id).collect();
        let shelves: HashSet<CategoryId> = products().map(|it| it.category_id).collect();
        let shelves: Vec<CategoryId> = shelves.into_iter().collect();
        let related: Vec<ProductId> = products()
            .flat_map(|product| product.related.iter().copied().chain([product.id]))
            .collect();
        Ok(Self {
            slugs: sql_many::slug_owners(conn, &slugs).await?,
            skus: sql_skus::variants_by_sku(conn, &skus).await?,
            variants: sql_many::variant_owners(conn, &ids).await?,
            categories: sql_many::existing_categories(conn, &shelves).await?,
            products: sql_many::existing(conn, &related).await?,
        })
    }
}

/// What the wishes before have taken.
#[derive(Default)]
struct Taken<'a> {
    ids: HashSet<ProductId>,
    slugs: HashSet<&'a str>,
    skus: HashSet<&'a str>,
    variants: HashSet<VariantId>,
}

fn decide<'a>(wish: &'a Wish, known: &Known, taken: &mut Taken<'a>) -> Result<Saved, Refusal> {
    let product = &wish.product;
    if taken.ids.contains(&product.id) {
        return Err(Refusal::Twice);
    }
    if wish.before.as_ref().is_some_and(|before| before.product == *product) {
        taken.take(product);
        return Ok(Saved::Unchanged);
    }
    product.validate().map_err(Refusal::Invalid)?;
    if wish.before.is_none() && known.products.contains(&product.id) {
        return Err(Refusal::Twice);
    }
    let slug = product.slug.as_str();
    let owner = known.slugs.get(slug);
    if owner.is_some_and(|owner| *owner != product.id) || taken.slugs.contains(slug) {
        return Err(Refusal::SlugTaken);
    }
    for variant in &product.variants {
        if known.variants.get(&variant.id).is_some_and(|owner| *owner != product.id)
            || taken.variants.contains(&variant.id)
        {
            return Err(Refusal::ForeignVariant(variant.id));
        }
        let owner = known.skus.get(&variant.sku);
        // Two variants cannot exchange their SKUs at once, not even within a product.
        if owner.is_some_and(|owner| *owner != variant.id) || taken.skus.contains(&*variant.sku) {
            return Err(Refusal::SkuTaken(variant.sku.clone()));
        }
    }
    if !known.categories.contains(&product.category_id) {
        return Err(Refusal::UnknownCategory);
    }
    if let Some(id) = product.related.iter().find(|id| !known.products.contains(id)) {
        return Err(Refusal::UnknownRelated(*id));
    }
    taken.take(product);
    Ok(if wish.before.is_some() { Saved::Changed } else { Saved::Added })
}

impl<'a> Taken<'a> {
    fn take(&mut self, product: &'a Product) {
        self.ids.insert(product.id);
        self.slugs.insert(product.slug.as_str());
        self.skus.extend(product.variants.iter().map(|variant| variant.sku.as_str()));
        self.variants.extend(product.variants.iter().map(|variant| variant.id));
    }
}

/// What is told of a product that was written: what a person would have done one after the other.
fn told(wish: &Wish, context: &EditContext<'_>) -> Vec<outbox::NewEvent> {
    let now = context.clock.now();
    let product = wish.product.clone();
    let mut told = Vec::with_capacity(2);
    let (status, after) = match &wish.before {
        None => {
            let after = StoredProduct { product, version: 1, created_at: now, updated_at: now };
            told.push(events::created(&after, context));
            (ProductStatus::Draft, after)
        }
        Some(before) => {
            let (version, created_at) = (before.version + 1, before.created_at);
            let after = StoredProduct { product, version, created_at, updated_at: now };
            let former = &before.product.slug;
            let former = (*former != after.product.slug).then_some(former);
            let only_moved = Product { status: after.product.status, ..before.product.clone() };
            if only_moved != after.product {
                told.push(events::changed(&after, former, context));
            }
            (before.product.status, after)
        }
    };
    if status != after.product.status {
        let step = match (after.product.status.at(now), after.product.status) {
            (ProductPhase::Scheduled, ProductStatus::Published { at }) => Move::Schedule(at),
            (ProductPhase::Archived, _) => Move::Archive,
            (ProductPhase::Draft, _) => Move::Withdraw,
            (ProductPhase::Published | ProductPhase::Scheduled, _) => Move::Publish,
        };
        told.push(events::moved(&after, step, context));
    }
    told
}
