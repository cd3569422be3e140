//! The statements about promotions.

use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use kernel::{
    LocalizedText, Money,
    id::{CategoryId, ProductId, PromotionId},
};
use pg::{Affected as _, Connection, DbError, DbResult};
use uuid::Uuid;

use crate::{
    promotion::{Off, Promotion, Rule, SetPart, SetTerms, Tier},
    promotions::StoredPromotion,
    scope::Scope,
};

struct Row {
    id: Uuid,
    name_zh: String,
    name_en: String,
    kind: String,
    percent: Option<i16>,
    amount: Option<i64>,
    buy_units: Option<i16>,
    free_units: Option<i16>,
    tier_spends: Option<Vec<i64>>,
    tier_percents: Option<Vec<i16>>,
    tier_amounts: Option<Vec<i64>>,
    set_products: Option<Vec<Uuid>>,
    set_units: Option<Vec<i16>>,
    product_ids: Vec<Uuid>,
    category_ids: Vec<Uuid>,
    priority: i16,
    stackable: bool,
    valid_from: Option<SqlTimestamp>,
    valid_until: Option<SqlTimestamp>,
    active: bool,
    version: i64,
}

impl Row {
    fn rule(&self) -> Option<Rule> {
        let percent = || u8::try_from(self.percent?).ok();
        let units = |units: Option<i16>| u32::try_from(units?).ok();
        Some(match self.kind.as_str() {
            "percentage" => Rule::Percentage(percent()?),
            "member" => Rule::Member(percent()?),
            "amount" => Rule::Amount(Money::twd(self.amount?).ok()?),
            "buy_get" => {
                Rule::BuyGet { buy: units(self.buy_units)?, free: units(self.free_units)? }
            }
            "tiered" => {
                let offs = self.tier_percents.as_ref()?.iter().zip(self.tier_amounts.as_ref()?);
                let tiers = self.tier_spends.as_ref()?.iter().zip(offs);
                let tier = |(spend, (percent, amount)): (&i64, (&i16, &i64))| {
                    let spend = Money::twd(*spend).ok()?;
                    let off = match percent {
                        0 => Off::Amount(Money::twd(*amount).ok()?),
                        percent => Off::Percentage(u8::try_from(*percent).ok()?),
                    };
                    Some(Tier { spend, off })
                };
                Rule::Tiers(tiers.map(tier).collect::<Option<_>>()?)
            }
            "set" => {
                let units = self.set_units.as_ref()?;
                let parts = self.set_products.as_ref()?.iter().zip(units);
                let part = |(product, units): (&Uuid, &i16)| {
                    let units = u32::try_from(*units).ok()?;
                    Some(SetPart { product: ProductId::from(*product), units })
                };
                let terms = match self.amount {
                    Some(price) => SetTerms::Price(Money::twd(price).ok()?),
                    None => SetTerms::Percentage(percent()?),
                };
                Rule::Set { parts: parts.map(part).collect::<Option<_>>()?, terms }
            }
            _ => return None,
        })
    }
}

impl TryFrom<Row> for StoredPromotion {
    type Error = DbError;

    fn try_from(row: Row) -> DbResult<Self> {
        let rule = row.rule().ok_or_else(|| DbError::Corrupt {
            table: "pricing.promotions",
            column: "kind",
            value: row.kind.clone(),
        })?;
        let promotion = Promotion {
            id: row.id.into(),
            name: LocalizedText::new(row.name_zh, row.name_en),
            rule,
            scope: Scope {
                products: row.product_ids.into_iter().map(ProductId::from).collect(),
                categories: row.category_ids.into_iter().map(CategoryId::from).collect(),
            },
            priority: row.priority,
            stackable: row.stackable,
            valid_from: row.valid_from.map(SqlTimestamp::to_jiff),
            valid_until: row.valid_until.map(SqlTimestamp::to_jiff),
            active: row.active,
        };
        Ok(Self { promotion, version: row.version })
    }
}

/// All of them, or only those that are switched on.
pub(crate) async fn all(
    conn: &mut Connection,
    only_active: bool,
) -> DbResult<Vec<StoredPromotion>> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT id, name_zh, name_en, kind, percent, amount, buy_units, free_units, tier_spends
             , tier_percents, tier_amounts, set_products, set_units, product_ids, category_ids
             , priority, stackable, valid_from AS "valid_from: _", valid_until AS "valid_until: _"
             , active, version
          FROM pricing.promotions
         WHERE active OR NOT $1
         ORDER BY priority, id
        "#,
        only_active,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(StoredPromotion::try_from).collect()
}

pub(crate) async fn find(
    conn: &mut Connection,
    id: PromotionId,
) -> DbResult<Option<StoredPromotion>> {
    let row = sqlx::query_as!(
        Row,
        r#"
        SELECT id, name_zh, name_en, kind, percent, amount, buy_units, free_units, tier_spends
             , tier_percents, tier_amounts, set_products, set_units, product_ids, category_ids
             , priority, stackable, valid_from AS "valid_from: _", valid_until AS "valid_until: _"
             , active, version
          FROM pricing.promotions
         WHERE id = $1
        "#,
        id.as_uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(StoredPromotion::try_from).transpose()
}

pub(crate) async fn count_active(conn: &mut Connection) -> DbResult<i64> {
    Ok(sqlx::query_scalar!(r#"SELECT count(*) AS "n!" FROM pricing.promotions WHERE active"#)
        .fetch_one(conn)
        .await?)
}

/// A rule as columns.
#[derive(Default)]
struct Columns {
    percent: Option<i16>,
    amount: Option<i64>,
    buy_units: Option<i16>,
    free_units: Option<i16>,
    tier_spends: Option<Vec<i64>>,
    tier_percents: Option<Vec<i16>>,
    tier_amounts: Option<Vec<i64>>,
    set_products: Option<Vec<Uuid>>,
    set_units: Option<Vec<i16>>,
}

impl From<&Rule> for Columns {
    fn from(rule: &Rule) -> Self {
        let units = |units: &u32| i16::try_from(*units).ok();
        match rule {
            Rule::Percentage(percent) | Rule::Member(percent) => {
                Self { percent: Some((*percent).into()), ..Self::default() }
            }
            Rule::Amount(amount) => Self { amount: Some(amount.amount()), ..Self::default() },
            Rule::BuyGet { buy, free } => {
                Self { buy_units: units(buy), free_units: units(free), ..Self::default() }
            }
            Rule::Tiers(tiers) => {
                let split = |tier: &Tier| match tier.off {
                    Off::Percentage(percent) => (percent.into(), 0),
                    Off::Amount(amount) => (0, amount.amount()),
                };
                let (percents, amounts): (Vec<i16>, Vec<i64>) = tiers.iter().map(split).unzip();
                Self {
                    tier_spends: Some(tiers.iter().map(|tier| tier.spend.amount()).collect()),
                    tier_percents: Some(percents),
                    tier_amounts: Some(amounts),
                    ..Self::default()
                }
            }
            Rule::Set { parts, terms } => {
                let (percent, amount) = match terms {
                    SetTerms::Percentage(percent) => (Some((*percent).into()), None),
                    SetTerms::Price(price) => (None, Some(price.amount())),
                };
                Self {
                    percent,
                    amount,
                    set_products: Some(parts.iter().map(|part| part.product.as_uuid()).collect()),
                    set_units: parts.iter().map(|part| units(&part.units)).collect(),
                    ..Self::default()
                }
            }
        }
    }
}

pub(crate) async fn insert(conn: &mut Connection, it: &Promotion, now: Timestamp) -> DbResult<()> {
    let rule = Columns::from(&it.rule);
    let products: Vec<Uuid> = it.scope.products.iter().map(|id| id.as_uuid()).collect();
    let categories: Vec<Uuid> = it.scope.categories.iter().map(|id| id.as_uuid()).collect();
    sqlx::query!(
        r#"
        INSERT INTO pricing.promotions (id, name_zh, name_en, kind, percent, amount, buy_units
             , free_units, tier_spends, tier_percents, tier_amounts, product_ids, category_ids
             , priority, stackable, valid_from, valid_until, active, created_at, updated_at
             , set_products, set_units)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18
             , $19, $19, $20, $21)
        "#,
        it.id.as_uuid(),
        &*it.name.zh_tw,
        &*it.name.en,
        it.rule.kind(),
        rule.percent,
        rule.amount,
        rule.buy_units,
        rule.free_units,
        rule.tier_spends.as_deref(),
        rule.tier_percents.as_deref(),
        rule.tier_amounts.as_deref(),
        &products,
        &categories,
        it.priority,
        it.stackable,
        it.valid_from.map(jiff_sqlx::ToSqlx::to_sqlx) as _,
        it.valid_until.map(jiff_sqlx::ToSqlx::to_sqlx) as _,
        it.active,
        now.to_sqlx() as _,
        rule.set_products.as_deref(),
        rule.set_units.as_deref(),
    )
    .execute(conn)
    .await?
    .one_row("insert a promotion")
}

/// Whether it still had this version.
pub(crate) async fn update(
    conn: &mut Connection,
    it: &Promotion,
    seen: i64,
    now: Timestamp,
) -> DbResult<bool> {
    let rule = Columns::from(&it.rule);
    let products: Vec<Uuid> = it.scope.products.iter().map(|id| id.as_uuid()).collect();
    let categories: Vec<Uuid> = it.scope.categories.iter().map(|id| id.as_uuid()).collect();
    let done = sqlx::query!(
        r#"
        UPDATE pricing.promotions
           SET name_zh = $3, name_en = $4, kind = $5, percent = $6, amount = $7, buy_units = $8
             , free_units = $9, tier_spends = $10, tier_percents = $11, tier_amounts = $12
             , product_ids = $13, category_ids = $14, priority = $15, stackable = $16
             , valid_from = $17, valid_until = $18, active = $19, version = version + 1
             , updated_at = $20, set_products = $21, set_units = $22
         WHERE id = $1 AND version = $2
        "#,
        it.id.as_uuid(),
        seen,
        &*it.name.zh_tw,
        &*it.name.en,
        it.rule.kind(),
        rule.percent,
        rule.amount,
        rule.buy_units,
        rule.free_units,
        rule.tier_spends.as_deref(),
        rule.tier_percents.as_deref(),
        rule.tier_amounts.as_deref(),
        &products,
        &categories,
        it.priority,
        it.stackable,
        it.valid_from.map(jiff_sqlx::ToSqlx::to_sqlx) as _,
        it.valid_until.map(jiff_sqlx::ToSqlx::to_sqlx) as _,
        it.active,
        now.to_sqlx() as _,
        rule.set_products.as_deref(),
        rule.set_units.as_deref(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether it still had this version.
pub(crate) async fn delete(conn: &mut Connection, id: PromotionId, seen: i64) -> DbResult<bool> {
    let done = sqlx::query!(
        "DELETE FROM pricing.promotions WHERE id = $1 AND version = $2",
        id.as_uuid(),
        seen,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
