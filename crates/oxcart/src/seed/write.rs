//! Warehouses, shipping methods and the catalogue.

use anyhow::{Context as _, Result, ensure};
use catalog::{BundlePart, Category, Description, ImageRef, Product, ProductStatus, Slug, Variant};
use inventory::Warehouse;
use jiff::Timestamp;
use kernel::{LocalizedText, Money};
use pg::Connection;
use pricing::{Benefit, Coupon, CouponCode, Scope};

use super::{
    ids::id,
    pictures::Pictures,
    shop_file::{self, CouponKind, ShopFile, years_before},
};

pub async fn warehouses(conn: &mut Connection, shop: &ShopFile) -> Result<()> {
    for it in &shop.warehouses {
        let warehouse = Warehouse {
            id: id("warehouse", &it.code),
            code: it.code.clone(),
            name: it.name.clone(),
            postal_code: it.postal_code.clone(),
            city: it.city.clone(),
            district: it.district.clone(),
            address1: it.address1.clone(),
            latitude: it.latitude,
            longitude: it.longitude,
            priority: it.priority,
            active: true,
            version: 1,
        };
        inventory::put_warehouse(conn, &warehouse).await?;
    }
    Ok(())
}

pub async fn shipping_methods(conn: &mut Connection, shop: &ShopFile) -> Result<()> {
    for (position, it) in (1..).zip(&shop.shipping_methods) {
        let method = shipping::Method {
            code: it.code.clone(),
            name: it.name.clone(),
            description: it.description.clone(),
            fee: Money::twd(it.fee)?,
            free_from: it.free_from.map(Money::twd).transpose()?,
            position,
            active: true,
        };
        shipping::put_method(conn, &method).await?;
    }
    Ok(())
}

/// Adds the coupons that are not there yet.
pub async fn coupons(conn: &mut Connection, shop: &ShopFile, now: Timestamp) -> Result<()> {
    for it in &shop.coupons {
        let code = CouponCode::parse(&it.code)
            .with_context(|| format!("{} is no code of a coupon", it.code))?;
        if pricing::find_coupon(conn, &code).await?.is_some() {
            continue;
        }
        let coupon = Coupon {
            code,
            benefit: match it.kind {
                CouponKind::Percentage => Benefit::Percentage(it.value.try_into()?),
                CouponKind::Amount => Benefit::Amount(Money::twd(it.value)?),
                CouponKind::FreeShipping => Benefit::FreeShipping,
            },
            scope: scope(shop, it).with_context(|| it.code.clone())?,
            minimum_spend: Money::twd(it.minimum_spend)?,
            valid_from: None,
            valid_until: None,
            total_limit: it.total_limit,
            per_customer_limit: it.per_customer_limit,
            active: true,
            redeemed: 0,
        };
        pricing::put_coupon(conn, &coupon, now).await.with_context(|| it.code.clone())?;
    }
    Ok(())
}

/// What a coupon is for: things that the file has.
fn scope(shop: &ShopFile, coupon: &shop_file::Coupon) -> Result<Scope> {
    for slug in &coupon.products {
        let known = shop.products.iter().any(|product| product.slug == *slug);
        ensure!(known, "there is no product {slug}");
    }
    for slug in &coupon.categories {
        let known = shop.categories.iter().any(|category| category.slug == *slug);
        ensure!(known, "there is no category {slug}");
    }
    Ok(Scope {
        products: coupon.products.iter().map(|slug| id("product", slug)).collect(),
        categories: coupon.categories.iter().map(|slug| id("category", slug)).collect(),
    })
}

pub async fn catalog(
    conn: &mut Connection,
    shop: &ShopFile,
    pictures: &Pictures,
    now: Timestamp,
) -> Result<()> {
    for it in &shop.categories {
        let slug = Slug::new(&*it.slug)?;
        let id = id("category", &it.slug);
        let parent = it.parent.as_ref().map(|slug| self::id("category", slug));
        let category = Category { id, slug, name: it.name.clone(), parent, position: it.sort };
        catalog::put_category(conn, &category, now).await?;
    }
    let years = shop.years_ahead(now);
    for it in &shop.products {
        let at = years_before(it.published_at, years);
        let product = product(it, at, pictures).with_context(|| it.slug.clone())?;
        // Written "at" its publication, so that loading twice changes nothing at all.
        catalog::put_product(conn, &product, at).await.with_context(|| it.slug.clone())?;
    }
    Ok(())
}

/// Makes bundles of what the file says is one, unless it has stock of its own by now.
pub async fn bundles(conn: &mut Connection, shop: &ShopFile) -> Result<()> {
    for it in shop.products.iter().flat_map(|product| &product.variants) {
        let variant = id("variant", &it.sku);
        let own = inventory::balances(conn, variant).await?;
        if it.components.is_empty() || own.iter().any(|row| row.balance.total > 0) {
            continue;
        }
        let part = |(sku, quantity): (&String, &u32)| BundlePart {
            variant: id("variant", sku),
            quantity: *quantity,
        };
        let parts: Vec<BundlePart> = it.components.iter().map(part).collect();
        catalog::put_bundle(conn, variant, &parts).await.with_context(|| it.sku.clone())?;
    }
    Ok(())
}

fn product(it: &shop_file::Product, at: Timestamp, pictures: &Pictures) -> Result<Product> {
    Ok(Product {
        id: id("product", &it.slug),
        slug: Slug::new(&*it.slug)?,
        category_id: id("category", &it.category),
        name: it.name.clone(),
        subtitle: it.subtitle.clone(),
        description: Description::plain(trimmed(&it.description)),
        badges: it.badges.clone(),
        tags: it.tags.clone(),
        options: it.options.clone(),
        status: ProductStatus::Published { at },
        images: it.images.iter().map(|it| image(it, pictures)).collect::<Result<_>>()?,
        variants: it
            .variants
            .iter()
            .map(|variant| self::variant(it, variant))
            .collect::<Result<_>>()?,
        related: vec![],
    })
}

fn image(it: &shop_file::Image, pictures: &Pictures) -> Result<ImageRef> {
    let picture = pictures
        .get(it.file.as_str())
        .with_context(|| format!("there is no picture {}", it.file))?;
    Ok(ImageRef {
        key: picture.key.clone(),
        alt: it.alt.clone(),
        width: picture.width,
        height: picture.height,
    })
}

fn variant(product: &shop_file::Product, it: &shop_file::Variant) -> Result<Variant> {
    let options = product.values(it)?;
    Ok(Variant {
        id: id("variant", &it.sku),
        sku: it.sku.clone(),
        barcode: None,
        name: joined(&options),
        options,
        price: Money::twd(it.price)?,
        compare_at: it.compare_at.map(Money::twd).transpose()?,
        weight_g: it.weight_g,
        image: it.image,
        purchase_limit: it.purchase_limit,
        active: true,
    })
}

/// `Blue / L`: what tells a variant from its siblings.
fn joined(values: &[LocalizedText]) -> LocalizedText {
    let join =
        |text: fn(&LocalizedText) -> &str| values.iter().map(text).collect::<Vec<_>>().join(" / ");
    LocalizedText::new(join(|value| &value.zh_tw), join(|value| &value.en))
}

fn trimmed(text: &LocalizedText) -> LocalizedText {
    LocalizedText::new(text.zh_tw.trim(), text.en.trim())
}
