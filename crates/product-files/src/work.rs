//! One transaction's worth of products: held against the catalogue, and saved where they are different.

use std::collections::{HashMap, HashSet};

use catalog::{CatalogError, EditContext, Product, Saved, StoredProduct, Wish};
use kernel::id::{CategoryId, ProductId};
use pg::{Connection, DbResult};

use crate::{
    fault::{BadRow, Fault, Note},
    import::Rules,
    json_merge,
    merged::{Around, Merged, Places},
    reader::{Content, Item},
    report::Tally,
    sheet_merge,
    shelves::Shelves,
};

/// What every transaction of an import needs.
pub struct Work<'a> {
    pub rules: Rules,
    pub context: EditContext<'a>,
}

/// What became of some products.
#[derive(Debug, Default)]
pub struct Outcome {
    pub tally: Tally,
    pub bad: Vec<BadRow>,
    pub notes: Vec<Note>,
    pub later: Vec<Later>,
    /// Products that go with others now, and were otherwise as they should be.
    pub related: u64,
}

/// A product that goes with others which are not there yet: they may be further down in the file.
#[derive(Clone, Debug)]
pub struct Later {
    pub line: u64,
    pub product: ProductId,
    pub related: Vec<ProductId>,
}

/// What the catalogue has of what the items name.
struct Found {
    by_id: HashMap<ProductId, StoredProduct>,
    by_slug: HashMap<String, ProductId>,
    pictures: HashMap<String, (u32, u32)>,
    related: HashSet<ProductId>,
}

impl Found {
    async fn read(conn: &mut Connection, items: &[Item]) -> DbResult<Self> {
        let ids: Vec<ProductId> = items.iter().filter_map(Item::id).collect();
        let slugs: Vec<String> = items.iter().map(|item| item.slug.clone()).collect();
        let keys: HashSet<&str> = items.iter().flat_map(Item::pictures).collect();
        let keys: Vec<String> = keys.into_iter().map(str::to_owned).collect();
        let related: Vec<ProductId> = items.iter().flat_map(Item::related).copied().collect();
        let products = catalog::find_products(conn, &ids, &slugs).await?;
        let by_slug = products
            .iter()
            .map(|it| (it.product.slug.as_str().to_owned(), it.product.id))
            .collect();
        Ok(Self {
            by_id: products.into_iter().map(|it| (it.product.id, it)).collect(),
            by_slug,
            pictures: catalog::known_pictures(conn, &keys).await?,
            related: catalog::existing_products(conn, &related).await?,
        })
    }

    /// The product an item is about: by its id, else by its slug.
    fn before(&self, item: &Item) -> Option<&StoredProduct> {
        let by_id = item.id().and_then(|id| self.by_id.get(&id));
        by_id.or_else(|| self.by_slug.get(&item.slug).and_then(|id| self.by_id.get(id)))
    }
}

impl Work<'_> {
    /// Holds products against the catalogue and saves them, in the caller's transaction.
    pub async fn attempt(
        &self,
        conn: &mut Connection,
        items: &[Item],
    ) -> Result<Outcome, CatalogError> {
        let mut outcome = Outcome::default();
        catalog::hold(conn).await?;
        let shelves = self.shelves(conn, items, &mut outcome.tally).await?;
        let found = Found::read(conn, items).await?;
        let (mut wishes, mut places) = (Vec::new(), Vec::new());
        for item in items {
            match self.merge(item, &shelves, &found) {
                Ok(merged) => {
                    outcome.notes.extend(merged.notes);
                    outcome.later.extend(Self::later(item, &merged.product, &found));
                    let before = found.before(item).cloned();
                    wishes.push(Wish { before, product: merged.product });
                    places.push(merged.places);
                }
                Err(mut faults) => {
                    outcome.tally.refused += 1;
                    outcome.bad.append(&mut faults);
                }
            }
        }
        let answers = catalog::save_products(conn, &wishes, &self.context).await?;
        let mut refused = HashSet::new();
        for ((wish, places), answer) in wishes.iter().zip(&places).zip(answers) {
            match answer {
                Ok(Saved::Added) => outcome.tally.added += 1,
                Ok(Saved::Changed) => outcome.tally.changed += 1,
                Ok(Saved::Unchanged) => outcome.tally.unchanged += 1,
                Err(refusal) => {
                    outcome.tally.refused += 1;
                    outcome.bad.push(Places::bad_row(places, &refusal, &wish.product));
                    refused.insert(wish.product.id);
                }
            }
        }
        outcome.later.retain(|later| !refused.contains(&later.product));
        Ok(outcome)
    }

    /// The categories, with those that are made for these items.
    async fn shelves(
        &self,
        conn: &mut Connection,
        items: &[Item],
        tally: &mut Tally,
    ) -> Result<Shelves, CatalogError> {
        let mut shelves = Shelves::read(conn).await?;
        if !self.rules.create_categories {
            return Ok(shelves);
        }
        let named = items.iter().filter_map(Item::category);
        for called in named.chain(self.rules.category.as_deref()) {
            if shelves.find(called).is_none() && shelves.add(conn, called, &self.context).await? {
                tally.categories_added += 1;
            }
        }
        Ok(shelves)
    }

    fn merge(&self, item: &Item, shelves: &Shelves, found: &Found) -> Result<Merged, Vec<BadRow>> {
        let before = found.before(item);
        let around = Around {
            language: self.rules.language,
            context: &self.context,
            category: self.category(item, before, shelves)?,
            pictures: &found.pictures,
            related: &found.related,
        };
        match &item.content {
            Content::Sheet(sheet) => {
                sheet_merge::merge(sheet, (item.line, &item.slug), before, &around)
            }
            Content::Json(json) => json_merge::merge(json, item.line, before, &around),
        }
    }

    /// Where it is shelved: where the file says, else where it is, else where products go of which
    /// nobody says it.
    fn category(
        &self,
        item: &Item,
        before: Option<&StoredProduct>,
        shelves: &Shelves,
    ) -> Result<Option<CategoryId>, Vec<BadRow>> {
        let unknown = |column: &str| {
            vec![BadRow {
                line: item.line,
                column: column.to_owned(),
                code: Fault::Unknown,
                message: "there is no such category".into(),
                product: item.slug.clone(),
            }]
        };
        if let Some(called) = item.category() {
            let column =
                if matches!(item.content, Content::Sheet(_)) { "Type" } else { "/category" };
            return shelves.find(called).map(Some).ok_or_else(|| unknown(column));
        }
        if let Content::Json(json) = &item.content
            && let Some(id) = json.category_id
        {
            return if shelves.has(id) { Ok(Some(id)) } else { Err(unknown("/category_id")) };
        }
        let otherwise = || self.rules.category.as_deref().and_then(|called| shelves.find(called));
        Ok(before.map(|it| it.product.category_id).or_else(otherwise))
    }

    fn later(item: &Item, product: &Product, found: &Found) -> Option<Later> {
        let related = item.related();
        let is_whole = related.iter().all(|id| found.related.contains(id));
        let (line, product) = (item.line, product.id);
        (!is_whole).then(|| Later { line, product, related: related.to_vec() })
    }

    /// Sets what goes with products whose others were not there before, in the caller's transaction. The
    /// products were counted when they were saved; those of which only this is different are not counted
    /// again, but told as `related`.
    pub async fn relate(
        &self,
        conn: &mut Connection,
        later: &[Later],
    ) -> Result<Outcome, CatalogError> {
        catalog::hold(conn).await?;
        let ids: Vec<ProductId> = later.iter().map(|it| it.product).collect();
        let all: Vec<ProductId> = later.iter().flat_map(|it| it.related.iter().copied()).collect();
        let there = catalog::existing_products(conn, &all).await?;
        let stored = catalog::find_products(conn, &ids, &[]).await?;
        let mut stored: HashMap<ProductId, StoredProduct> =
            stored.into_iter().map(|it| (it.product.id, it)).collect();
        let (mut outcome, mut wishes) = (Outcome::default(), Vec::new());
        for it in later {
            let Some(before) = stored.remove(&it.product) else { continue };
            let (known, unknown): (Vec<ProductId>, Vec<ProductId>) =
                it.related.iter().copied().partition(|id| there.contains(id));
            if !unknown.is_empty() {
                let message = "names a product that is not in the shop: left out";
                outcome.notes.push(Note::new(it.line, "/related", message));
            }
            let product = Product { related: known, ..before.product.clone() };
            wishes.push(Wish { before: Some(before), product });
        }
        // Nothing is refused any more: how many they are, and that each is another one, was looked at when
        // the product was saved, and that they are there under this lock.
        let answers = catalog::save_products(conn, &wishes, &self.context).await?;
        let changed = answers.iter().filter(|answer| matches!(answer, Ok(Saved::Changed))).count();
        outcome.related = u64::try_from(changed).unwrap_or(u64::MAX);
        Ok(outcome)
    }
}
