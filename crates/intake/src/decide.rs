//! Deciding one request against the batch's locked rows: pure.

use std::collections::HashMap;

use catalog::Offer;
use inventory::{
    Allocation, Cause, Demand, Ledger, Preference, Sourcing, Unfillable, allocate,
    backorders::Queues,
};
use jiff::{SignedDuration, Timestamp};
use kernel::{
    Clock, Ids, Money,
    id::{OrderId, VariantId},
};
use orders::{
    Adjustment, AdjustmentSource, AdjustmentTarget, Buyer, Holder, KnownKey, Line, LineComponent,
    Order, OrderStatus, Purchase, purchases,
};
use payments::MethodRefusal;
use pricing::{
    CouponCode, Prices, Promotion, Promotions, Quote, QuoteLine, Redeemer, Redemption,
    ShippingRate, Source, Target,
};
use shipping::Method;

use crate::{
    allowances::Allowances,
    backorders, bundles,
    request::{PlaceOrder, PriceChange, Refusal, RequestedLine, ShortLine},
};

/// Everything a batch knows besides its requests.
pub(crate) struct Facts<'a> {
    pub offers: &'a HashMap<VariantId, Offer>,
    /// What price lists say the variants cost.
    pub prices: &'a Prices,
    /// The promotions that count now.
    pub promotions: &'a [&'a Promotion],
    pub methods: &'a [Method],
    /// The ways of paying on offer.
    pub payment_methods: &'a [payments::Method],
    /// The warehouses that are open.
    pub sourcing: &'a Sourcing,
    /// Which warehouse is best for each postal code of the batch.
    pub preferences: &'a HashMap<&'a str, Preference>,
    pub reservation: SignedDuration,
    pub hold_limit: u32,
    pub now: Timestamp,
    pub clock: &'a dyn Clock,
    pub ids: &'a Ids,
}

/// An order that is right in everything but its stock, which has not been looked at.
pub(crate) struct Draft<'a> {
    pub key: KnownKey,
    pub order: Order,
    pub purchases: Vec<Purchase>,
    pub redemption: Option<Redemption>,
    pub holder: Option<Holder>,
    /// What the bundles of its lines are made of.
    pub components: Vec<LineComponent>,
    /// What is taken off it.
    pub adjustments: Vec<Adjustment>,
    demands: Vec<Demand>,
    preference: &'a Preference,
}

/// An accepted request: the order, and where its units come from.
pub(crate) struct Accepted<'a> {
    pub draft: Draft<'a>,
    pub allocations: Vec<Allocation>,
    /// Units that wait for stock, by line.
    pub backordered: Vec<(i16, i32)>,
}

/// Accepts a request, taking its units out of the ledger and its share out of the limits; or
/// refuses it and changes nothing.
pub(crate) fn decide<'a>(
    request: &PlaceOrder,
    facts: &Facts<'a>,
    ledger: &mut Ledger,
    queues: &mut Queues,
    allowances: &mut Allowances,
) -> Result<Accepted<'a>, Refusal> {
    let draft = draft(request, facts, allowances)?;
    let (allocations, backordered) = draft
        .take(ledger, queues, facts)
        .map_err(|unfillable| refusal(unfillable, request, &draft, facts, (&*ledger, &*queues)))?;
    draft.note(allowances);
    Ok(Accepted { draft, allocations, backordered })
}

/// Makes the order a request asks for, if there should be stock for it; or refuses it.
pub(crate) fn draft<'a>(
    request: &PlaceOrder,
    facts: &Facts<'a>,
    allowances: &Allowances,
) -> Result<Draft<'a>, Refusal> {
    let offers = offers_of(request, facts)?;
    allowances.check_purchases(request, facts.offers)?;
    let holder = allowances.check_holds(request)?;
    let demands = bundles::demands(request, &offers)?;
    let sold = sold(request, facts, &offers);
    let (mut quote, coupon) = price(request, facts, &sold, allowances)?;
    let held = time(request, facts, &offers, quote.total).map_err(Refusal::PaymentMethod)?;
    let id: OrderId = facts.ids.next_on(facts.clock, request.lines[0].variant.shard());
    let saved = quote.saved_by_coupon();
    let adjustments = adjustments(id, std::mem::take(&mut quote.adjustments));
    let mut order = order(request, facts, &sold, quote, id);
    order.reserved_until = facts.now + held;
    // A coupon that saves nothing is not used up.
    let redemption = coupon.filter(|_| saved > Money::ZERO).map(|coupon| {
        let Buyer { account, email } = Buyer::of(&order);
        let by = Redeemer { customer: account, email };
        Redemption { order: id, coupon, by, amount: saved }
    });
    order.coupon_code = redemption.as_ref().map(|used| used.coupon.as_str().to_owned());
    let limited =
        |variant| facts.offers.get(&variant).is_some_and(|it| it.purchase_limit.is_some());
    Ok(Draft {
        key: KnownKey { key: request.key, fingerprint: request.fingerprint, order: id },
        purchases: purchases::of_order(&order, limited),
        redemption,
        holder,
        components: bundles::components(id, request, &offers),
        adjustments,
        demands,
        preference: &facts.preferences[request.shipping_address.postal_code.as_str()],
        order,
    })
}

/// How many units of which line wait.
pub(crate) type Waiting = Vec<(i16, i32)>;

impl Draft<'_> {
    /// Notes what it takes of limits, for the requests after it.
    pub fn note(&self, allowances: &mut Allowances) {
        allowances.take(&self.purchases, self.redemption.as_ref(), self.holder);
    }

    /// Takes the units it wants out of the ledger: all of them, or none. What is not there joins the
    /// queue of its variant, where it may; returns that by line.
    pub fn take(
        &self,
        ledger: &mut Ledger,
        queues: &mut Queues,
        facts: &Facts<'_>,
    ) -> Result<(Vec<Allocation>, Waiting), Unfillable> {
        let (reference, at) = (Some(self.order.id.as_uuid()), facts.now);
        let cause = Cause { actor: self.order.buyer(), reference, reason: None, at };
        if queues.is_empty() {
            return Ok((allocate(ledger, &self.demands, self.preference, &cause)?, Vec::new()));
        }
        let sold = |line_no: i16| self.order.lines[usize::from(line_no.unsigned_abs()) - 1].variant;
        let free = |variant| inventory::free(ledger, variant, self.preference);
        let room = |variant| backorders::room(queues, facts.offers, variant);
        let plan = backorders::plan(&self.demands, sold, free, room);
        let allocations = match plan.demands.as_slice() {
            [] => Vec::new(),
            demands => allocate(ledger, demands, self.preference, &cause)?,
        };
        let until = self.order.reserved_until;
        for (line_no, variant, units) in &plan.waiting {
            queues.join((self.order.id, *line_no), *variant, *units, at, until);
        }
        let by_line = plan.waiting.into_iter().map(|(line_no, _, units)| (line_no, units));
        Ok((allocations, by_line.collect()))
    }
}

pub(crate) fn numbered(lines: &[RequestedLine]) -> impl Iterator<Item = (i16, &RequestedLine)> {
    (1_i16..).zip(lines)
}

fn offers_of<'a>(request: &PlaceOrder, facts: &Facts<'a>) -> Result<Vec<&'a Offer>, Refusal> {
    assert!(!request.lines.is_empty(), "requests without lines are refused where they come in");
    let offer = |(index, line): (usize, &RequestedLine)| {
        let offer = facts.offers.get(&line.variant).filter(|offer| offer.sellable);
        offer.ok_or(Refusal::VariantNotFound { index })
    };
    request.lines.iter().enumerate().map(offer).collect()
}

/// What each line is of, and what one of it costs this buyer now.
fn sold<'a>(
    request: &PlaceOrder,
    facts: &Facts<'_>,
    offers: &[&'a Offer],
) -> Vec<(&'a Offer, Money)> {
    let signed_in = request.customer.is_some();
    let price = |offer: &&'a Offer| {
        let price =
            facts.prices.unit_price(offer.variant_id, offer.price, signed_in, facts.now).amount;
        (*offer, price)
    };
    offers.iter().map(price).collect()
}

fn price(
    request: &PlaceOrder,
    facts: &Facts<'_>,
    sold: &[(&Offer, Money)],
    allowances: &Allowances,
) -> Result<(Quote, Option<CouponCode>), Refusal> {
    let method = facts.methods.iter().find(|method| *method.code == *request.shipping_method);
    let method = method.ok_or(Refusal::UnknownShippingMethod)?;
    let rate = ShippingRate { fee: method.fee, free_from: method.free_from };
    let lines: Vec<QuoteLine> = request
        .lines
        .iter()
        .zip(sold)
        .map(|(line, (offer, price))| QuoteLine {
            variant: line.variant,
            product: offer.product_id,
            categories: &offer.categories,
            unit_price: *price,
            quantity: line.quantity,
        })
        .collect();
    let coupon = allowances.coupon(request, &lines, facts.now).map_err(Refusal::CouponInvalid)?;
    let promotions = Promotions { valid: facts.promotions, signed_in: request.customer.is_some() };
    let quote = pricing::quote(&lines, Some(rate), promotions, coupon)
        .map_err(|_| Refusal::TotalOutOfRange)?;
    let changed: Vec<PriceChange> = request
        .lines
        .iter()
        .zip(sold)
        .enumerate()
        .filter(|(_, (line, (_, price)))| line.unit_price.is_some_and(|seen| seen != *price))
        .map(|(index, (line, (_, price)))| PriceChange {
            index,
            variant: line.variant,
            unit_price: *price,
        })
        .collect();
    if !changed.is_empty() || request.expected_total.is_some_and(|seen| seen != quote.total) {
        return Err(Refusal::PriceChanged { lines: changed, total: quote.total });
    }
    // Nothing to pay would mean nothing to confirm the order by.
    if quote.total == Money::ZERO {
        return Err(Refusal::TotalOutOfRange);
    }
    Ok((quote, coupon.map(|coupon| coupon.code.clone())))
}

/// What is taken off the order, as it is kept with it.
fn adjustments(order: OrderId, taken: Vec<pricing::Adjustment>) -> Vec<Adjustment> {
    let keep = |(position, it): (i16, pricing::Adjustment)| {
        let source = match it.source {
            Source::Coupon(code) => AdjustmentSource::Coupon(code.as_str().to_owned()),
            Source::Promotion { id, name } => AdjustmentSource::Promotion { id, name },
        };
        let amount = it.amount;
        match it.target {
            Target::Lines(shares) => {
                Adjustment::of_lines(order, position, source, amount, (1..).zip(shares))
            }
            Target::Shipping => {
                let target = AdjustmentTarget::Shipping;
                Adjustment { order, position, source, amount, target }
            }
        }
    };
    (1..).zip(taken).map(keep).collect()
}

/// For how long the order is held (BR-003), by how it is to be paid and by what of it is in a sale.
fn time(
    request: &PlaceOrder,
    facts: &Facts<'_>,
    offers: &[&Offer],
    total: Money,
) -> Result<SignedDuration, MethodRefusal> {
    let method = facts.payment_methods.iter().find(|it| *it.code == *request.payment_method);
    let method = method.ok_or(MethodRefusal::Unknown)?;
    let sale = offers.iter().filter_map(|offer| offer.reservation).min();
    let time = method.time(facts.reservation, sale);
    method.check(total, time)?;
    Ok(time)
}

fn order(
    request: &PlaceOrder,
    facts: &Facts<'_>,
    sold: &[(&Offer, Money)],
    quote: Quote,
    id: OrderId,
) -> Order {
    let lines = numbered(&request.lines)
        .zip(sold)
        .zip(quote.line_totals)
        .map(|(((line_no, line), (offer, price)), line_total)| Line {
            line_no,
            variant: line.variant,
            sku: offer.sku.clone(),
            name: offer.name.clone(),
            variant_name: offer.variant_name.clone(),
            quantity: line.quantity,
            unit_price: *price,
            line_total,
        })
        .collect();
    Order {
        id,
        status: OrderStatus::PendingPayment,
        customer: request.customer,
        locale: request.locale,
        contact: request.contact.clone(),
        shipping_address: request.shipping_address.clone(),
        shipping_method: request.shipping_method.clone(),
        payment_method: request.payment_method.clone(),
        coupon_code: None,
        note: request.note.clone(),
        lines,
        subtotal: quote.subtotal,
        discount: quote.discount,
        shipping_fee: quote.shipping_fee.unwrap_or(Money::ZERO),
        total: quote.total,
        reserved_until: facts.now + facts.reservation,
        created_at: facts.now,
        paid_at: None,
    }
}

fn refusal(
    unfillable: Unfillable,
    request: &PlaceOrder,
    draft: &Draft<'_>,
    facts: &Facts<'_>,
    (ledger, queues): (&Ledger, &Queues),
) -> Refusal {
    let offers = facts.offers;
    let room = |variant| backorders::room(queues, offers, variant);
    if !draft.components.is_empty() {
        let free = |variant| inventory::free(ledger, variant, draft.preference);
        return bundles::refusal(&unfillable, request, &draft.demands, offers, free, room);
    }
    let shortages = match unfillable {
        Unfillable::Frozen(variants) => return Refusal::Frozen(variants),
        Unfillable::Shortage(shortages) => shortages,
    };
    let mut short = Vec::new();
    for (index, line) in request.lines.iter().enumerate() {
        if let Some(shortage) = shortages.iter().find(|s| s.variant == line.variant) {
            short.push(ShortLine {
                index,
                variant: line.variant,
                sku: offers.get(&line.variant).map(|o| o.sku.clone()).unwrap_or_default(),
                requested: shortage.requested,
                available: shortage.available + room(line.variant),
            });
        }
    }
    Refusal::Shortage(short)
}
