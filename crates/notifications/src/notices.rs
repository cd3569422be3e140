//! Who wants to be told when something sold out is back (到貨通知).
//!
//! What is waited for lies here until it is told: the row goes in the transaction that writes the
//! mail's job ([`tell`]), so that nobody is told twice and nobody is forgotten, wherever the program
//! dies. Whether something is back is not known here: a worker looks and says so.
//!
//! *Invariant:* an address waits for a variant once, and for [`NOTICES_MAX`] of them at most.
//! *Lock order:* the address' row, then its notices; telling locks notices only.

use jiff::Timestamp;
use kernel::{Clock, Ids, Locale, LocalizedText, id::VariantId};
use pg::{Connection, DbResult};
use uuid::Uuid;

use crate::{jobs, mails::stock::BackInStock, sql_notices as sql, templates::SEND_BACK_IN_STOCK};

/// The most that one address waits for. Whoever writes somebody else's address here brings them so
/// many mails, and no more.
pub const NOTICES_MAX: u16 = 20;

/// What somebody wants to be told.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Where.
    pub email: &'a str,
    /// Of what.
    pub variant: VariantId,
    /// In which language.
    pub locale: Locale,
}

/// Something that an address waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What.
    pub variant_id: VariantId,
    /// Since when.
    pub asked_at: Timestamp,
}

/// Something that is back, as people know it.
#[derive(Clone, Debug)]
pub struct Goods {
    /// Which.
    pub variant: VariantId,
    /// Stock keeping unit.
    pub sku: String,
    /// The product's name.
    pub name: LocalizedText,
    /// What tells the variant from its siblings; may be empty.
    pub variant_name: LocalizedText,
    /// The product's page, below the shop's address and the language.
    pub page: String,
}

/// Notes that somebody wants to be told; once, however often they ask. `false`: the address waits for
/// too much already. Call it within a transaction.
pub async fn ask(
    conn: &mut Connection,
    wanted: &Wanted<'_>,
    ids: &Ids,
    now: Timestamp,
) -> DbResult<bool> {
    let new = Uuid::from_bytes(ids.bytes());
    let address = sql::address(conn, new, &folded(wanted.email), now).await?;
    sql::insert(conn, wanted, address, now).await
}

/// What is waited for, in the order of the ids, after this one; at most `limit` variants.
pub async fn waiting(
    conn: &mut Connection,
    after: Option<VariantId>,
    limit: u16,
) -> DbResult<Vec<VariantId>> {
    sql::waiting(conn, after, i64::from(limit)).await
}

/// Tells those who have waited the longest for these goods, at most `limit` of them, and says how
/// many that were. Call it within a transaction. Who tells the same at this moment tells others.
pub async fn tell(
    conn: &mut Connection,
    goods: &Goods,
    shop: &str,
    limit: u16,
    (ids, clock): (&Ids, &dyn Clock),
) -> DbResult<usize> {
    let told = sql::take(conn, goods.variant, i64::from(limit)).await?;
    let mails = told.into_iter().map(|one| {
        let language = if one.locale == Locale::En { "/en" } else { "" };
        let mail = BackInStock {
            email: one.email,
            locale: one.locale,
            sku: goods.sku.clone(),
            name: goods.name.clone(),
            variant_name: goods.variant_name.clone(),
            product_url: format!("{shop}{language}{}", goods.page),
            stop_url: format!("{shop}{language}/stock-notices/{}", one.token),
            one_click_url: format!("{shop}/api/stock-notices/{}", one.token),
        };
        jobs::job(SEND_BACK_IN_STOCK, &mail, None, ids, clock)
    });
    let jobs: Vec<_> = mails.collect();
    outbox::enqueue(conn, &jobs).await?;
    Ok(jobs.len())
}

/// What an address waits for, the oldest first.
pub async fn of_email(conn: &mut Connection, email: &str) -> DbResult<Vec<Notice>> {
    sql::of_email(conn, &folded(email)).await
}

/// Forgets an address and all it waits for, by the name that its mails carry.
pub async fn forget_address(conn: &mut Connection, token: Uuid) -> DbResult<()> {
    sql::forget_address(conn, token).await
}

/// Forgets an address and all it waits for.
pub async fn forget_email(conn: &mut Connection, email: &str) -> DbResult<()> {
    sql::forget_email(conn, &folded(email)).await
}

/// Forgets up to `limit` of what was asked for before `before`, and of the addresses that have not
/// asked since; says how many rows that were.
#[tracing::instrument(name = "db.notifications.forget_notices", skip_all, err)]
pub async fn forget(conn: &mut Connection, before: Timestamp, limit: u32) -> DbResult<u64> {
    let notices = sql::forget_notices(conn, before, i64::from(limit)).await?;
    let addresses = sql::forget_addresses(conn, before, i64::from(limit)).await?;
    Ok(notices + addresses)
}

/// One mailbox is one address, whatever its case.
fn folded(email: &str) -> String {
    email.trim().to_lowercase()
}
