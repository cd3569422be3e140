//! A cart as shoppers see it: its lines with today's names, prices and stock.

mod coupon;
mod sql;

use jiff::{Timestamp, civil::Date};
use kernel::{
    LocalizedText, Money,
    id::{CartId, CartItemId, UserId, VariantId},
};
use pg::{Connection, DbError, DbResult};
use pricing::{Coupon, Promotion, Promotions, Quote, QuoteError, QuoteLine};
use serde::Serialize;
use utoipa::ToSchema;

pub use self::coupon::{CartCoupon, CouponKind, CouponReason};
use crate::{AdjustmentView, Availability, Image, adjustment, corrupt::corrupt};

/// A line of a cart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CartItem)]
pub struct CartItemView {
    /// Its id, for changing or removing it.
    pub id: CartItemId,
    /// What would be bought.
    pub variant_id: VariantId,
    /// Its product's place in addresses.
    pub product_slug: String,
    /// Stock keeping unit.
    pub sku: String,
    /// Its product's name.
    pub name: LocalizedText,
    /// What tells it from its siblings; may be empty.
    pub variant_name: LocalizedText,
    /// A picture of it.
    #[schema(required)]
    pub image: Option<Image>,
    /// How many.
    #[schema(minimum = 1, maximum = 99)]
    pub quantity: u32,
    /// What one costs now.
    pub unit_price: Money,
    /// What they cost together.
    pub line_total: Money,
    /// What one costs without the price list that makes it cheaper.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usual_price: Option<Money>,
    /// The name of that price list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_list: Option<LocalizedText>,
    /// How many could be bought now, 99 at most; 0 as well when it is no longer sold.
    #[schema(maximum = 99)]
    pub available: u32,
    /// Whether it can be bought.
    pub availability: Availability,
    /// Of `quantity`, how many are not there and would be ordered ahead.
    #[serde(skip_serializing_if = "is_zero")]
    pub backordered: u32,
    /// From when on those are sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub available_from: Option<Date>,
}

/// A cart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Cart)]
pub struct CartView {
    /// Its id; `null` while nothing was ever put into it.
    #[schema(required)]
    pub id: Option<CartId>,
    /// Its lines, the first one added first.
    pub items: Vec<CartItemView>,
    /// Units in all lines.
    pub item_count: u32,
    /// The sum of the lines.
    pub subtotal: Money,
    /// What coupons and promotions take off.
    pub discount: Money,
    /// The same, one by one, in the order in which it is taken off.
    pub adjustments: Vec<AdjustmentView>,
    /// `null` until a shipping method is chosen.
    #[schema(required)]
    pub shipping_fee: Option<Money>,
    /// What would be paid, with what is known so far.
    pub total: Money,
    /// The tax (5 % VAT) that the total includes.
    pub vat_included: Money,
    /// The code of the coupon that was typed in, whether it applies or not.
    #[schema(required)]
    pub coupon_code: Option<String>,
    /// What that coupon does for this cart.
    #[schema(required)]
    pub coupon: Option<CartCoupon>,
    /// What is missing to the cheapest free shipping: 0 when it is reached, `null` when there is
    /// none.
    #[schema(required)]
    pub free_shipping_remaining: Option<Money>,
}

/// The cart as it is at `now`; the empty cart for a visitor who has none. `customer` is whose coupons
/// are counted, and who gets the prices of members.
pub async fn view(
    conn: &mut Connection,
    cart: Option<CartId>,
    customer: Option<UserId>,
    now: Timestamp,
) -> DbResult<CartView> {
    let mut items = match cart {
        Some(cart) => sql::items(conn, cart, now).await?,
        None => Vec::new(),
    };
    put_list_prices(conn, cart, &mut items, customer.is_some(), now).await?;
    let sql::Around { free_from, coupon_code } = sql::around(conn, cart).await?;
    let lines = items.iter().map(sql::Item::line).collect::<DbResult<Vec<_>>>()?;
    let (mut shown, usable) = match &coupon_code {
        Some(code) => {
            let (shown, usable) = coupon::look(conn, code, customer, &lines, now).await?;
            (Some(shown), usable)
        }
        None => (None, None),
    };
    let active = pricing::promotions::active(conn).await?;
    let valid: Vec<&Promotion> = active.iter().filter(|it| it.is_valid_at(now)).collect();
    let promotions = Promotions { valid: &valid, signed_in: customer.is_some() };
    let quote = price(cart, &lines, promotions, usable.as_ref())?;
    if let Some(coupon) = &mut shown {
        // As long as no way of shipping is chosen, nothing is taken off its fee.
        coupon.discount = quote.saved_by_coupon();
    }
    let ships_free = shown.as_ref().is_some_and(CartCoupon::ships_free);
    let items: Vec<CartItemView> = items.into_iter().map(|item| item.view).collect();
    Ok(CartView {
        id: cart,
        item_count: items.iter().map(|item| item.quantity).sum(),
        items,
        subtotal: quote.subtotal,
        discount: quote.discount,
        shipping_fee: None,
        total: quote.total,
        vat_included: quote.vat_included(),
        adjustments: quote.adjustments.into_iter().map(adjustment::of_quote).collect(),
        coupon_code,
        coupon: shown,
        free_shipping_remaining: if ships_free {
            Some(Money::ZERO)
        } else {
            free_from.map(|free_from| free_from.minus(quote.subtotal).unwrap_or(Money::ZERO))
        },
    })
}

/// Puts what price lists say into the lines, as an order of them would be priced.
async fn put_list_prices(
    conn: &mut Connection,
    cart: Option<CartId>,
    items: &mut [sql::Item],
    signed_in: bool,
    now: Timestamp,
) -> DbResult<()> {
    let variants: Vec<VariantId> = items.iter().map(|item| item.view.variant_id).collect();
    let prices = pricing::price_lists::prices(conn, &variants).await?;
    for sql::Item { view, .. } in items {
        let price = prices.unit_price(view.variant_id, view.unit_price, signed_in, now);
        let Some(list) = price.list else { continue };
        view.usual_price = Some(view.unit_price);
        view.price_list = Some(list.name.clone());
        view.unit_price = price.amount;
        view.line_total = price.amount.times(view.quantity).map_err(|_| too_large(cart))?;
    }
    Ok(())
}

/// What the lines cost as an order would, without the fee for shipping; nothing costs nothing.
fn price(
    cart: Option<CartId>,
    lines: &[QuoteLine<'_>],
    promotions: Promotions<'_>,
    coupon: Option<&Coupon>,
) -> DbResult<Quote> {
    match pricing::quote(lines, None, promotions, coupon.map(Coupon::terms)) {
        Ok(quote) => Ok(quote),
        Err(QuoteError::Empty) => Ok(Quote::nothing()),
        Err(QuoteError::Money(_)) => Err(too_large(cart)),
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
pub(crate) const fn is_zero(units: &u32) -> bool {
    *units == 0
}

/// Lines of at most 99 units keep every sum of realistic prices within bounds.
fn too_large(cart: Option<CartId>) -> DbError {
    corrupt("cart.items", "quantity", &cart.map(|cart| cart.to_string()).unwrap_or_default())
}
