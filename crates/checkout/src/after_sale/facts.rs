//! What events about an order's goods tell besides.

use orders::{LineComponent, Order, OrderNumber};
use pg::{Connection, DbResult};
use shipping::events::{Named, Told};

use crate::Checkout;

/// An order's number, its page, and what is in its bundles.
pub(super) struct Facts {
    number: String,
    url: String,
    /// What the order's bundles are made of.
    pub components: Vec<LineComponent>,
}

impl Checkout {
    /// What events about this order tell.
    pub(super) async fn facts(&self, conn: &mut Connection, order: &Order) -> DbResult<Facts> {
        let guest = order.customer.is_none();
        Ok(Facts {
            number: OrderNumber::of(order.id).to_string(),
            url: self.order_url(order.id, order.locale, "", guest),
            components: orders::components::of_orders(conn, &[order.id]).await?,
        })
    }
}

impl Facts {
    /// In the words of the events.
    pub(super) fn told<'a>(&'a self, order: &'a Order) -> Told<'a> {
        let lines = order.lines.iter().map(|line| Named {
            line_no: line.line_no,
            variant: line.variant,
            sku: &line.sku,
            name: &line.name,
            variant_name: &line.variant_name,
        });
        let parts = self.components.iter().map(|part| Named {
            line_no: part.line_no,
            variant: part.variant,
            sku: &part.sku,
            name: &part.name,
            variant_name: &part.variant_name,
        });
        Told {
            number: &self.number,
            email: &order.contact.email,
            locale: order.locale,
            order_url: &self.url,
            names: lines.chain(parts).collect(),
        }
    }
}
