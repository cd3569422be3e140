//! The table of all routes: who may call them, and which action of the policies that is. A test
//! walks the router and fails on a route that is not here.

use ::access::Action;
use axum::http::Method;

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Everybody; what it needs besides is proved by what is sent along (a signature, a token).
    Anybody,
    /// Whoever is signed in, about themselves.
    SignedIn,
    /// Whom the policies allow the action on the kind as a whole.
    Allowed,
    /// Whom the policies allow the action on the one thing that is asked for: the handler looks it
    /// up and asks.
    AllowedOne,
}

/// What a route declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteRule {
    /// The method.
    pub method: &'static str,
    /// The path, with the names of its parts.
    pub path: &'static str,
    /// Who may call it.
    pub who: Who,
    /// What it is in the words of the policies. An API key needs it among its scopes; without an
    /// action, a route is not for keys at all, unless it is for anybody.
    pub action: Option<Action>,
}

const fn rule(
    method: &'static str,
    path: &'static str,
    who: Who,
    action: Option<Action>,
) -> RouteRule {
    RouteRule { method, path, who, action }
}

use ::access::Action::{
    AccountRead, AccountWrite, AuditRead, CatalogRead, CatalogWrite, EventRead, EventWrite,
    MailboxRead, MessageRead, OrderRead, OrderWrite, PaymentConfirm, PaymentMethodWrite,
    PaymentRead, PolicyRead, PolicyWrite, RefundApprove, RefundRead, RefundRequest, ReturnApprove,
    ReturnWrite, RoleWrite, ShipmentWrite, StockApprove, StockRead, StockWrite, WebhookRead,
    WebhookWrite,
};
use Who::{Allowed, AllowedOne, Anybody, SignedIn};

/// Every route under `/api`.
pub const RULES: &[RouteRule] = &[
    // Accounts
    rule("POST", "/api/auth/register", Anybody, None),
    rule("POST", "/api/auth/login", Anybody, None),
    rule("POST", "/api/auth/refresh", Anybody, None),
    rule("POST", "/api/auth/logout", Anybody, None),
    rule("POST", "/api/auth/logout-all", SignedIn, None),
    rule("POST", "/api/auth/email/verify", Anybody, None),
    rule("POST", "/api/auth/email/verify/resend", SignedIn, None),
    rule("POST", "/api/auth/password/forgot", Anybody, None),
    rule("POST", "/api/auth/password/reset", Anybody, None),
    rule("GET", "/api/me", SignedIn, Some(AccountRead)),
    rule("PATCH", "/api/me", SignedIn, None),
    rule("DELETE", "/api/me", SignedIn, None),
    rule("GET", "/api/me/export", SignedIn, None),
    rule("POST", "/api/me/password", SignedIn, None),
    rule("GET", "/api/me/sessions", SignedIn, None),
    rule("DELETE", "/api/me/sessions/{id}", SignedIn, None),
    rule("GET", "/api/me/addresses", SignedIn, None),
    rule("POST", "/api/me/addresses", SignedIn, None),
    rule("PUT", "/api/me/addresses/{id}", SignedIn, None),
    rule("DELETE", "/api/me/addresses/{id}", SignedIn, None),
    rule("GET", "/api/me/second-factor", SignedIn, None),
    rule("POST", "/api/me/second-factor", SignedIn, None),
    rule("DELETE", "/api/me/second-factor", SignedIn, None),
    rule("POST", "/api/me/second-factor/confirm", SignedIn, None),
    rule("POST", "/api/me/second-factor/recovery-codes", SignedIn, None),
    rule("GET", "/api/me/api-keys", SignedIn, None),
    rule("POST", "/api/me/api-keys", SignedIn, None),
    rule("DELETE", "/api/me/api-keys/{id}", SignedIn, None),
    rule("GET", "/api/me/wishlist", SignedIn, None),
    rule("GET", "/api/me/wishlist/products", SignedIn, None),
    rule("POST", "/api/me/wishlist/items", SignedIn, None),
    rule("PUT", "/api/me/wishlist/items/{slug}", SignedIn, None),
    rule("DELETE", "/api/me/wishlist/items/{slug}", SignedIn, None),
    // What is on show
    rule("GET", "/api/categories", Anybody, None),
    rule("GET", "/api/categories/{slug}", Anybody, None),
    rule("GET", "/api/products", Anybody, None),
    rule("GET", "/api/products/{id}", Anybody, None),
    rule("POST", "/api/products/{id}/stock-notices", Anybody, None),
    rule("DELETE", "/api/stock-notices/{id}", Anybody, None),
    rule("POST", "/api/stock-notices/{id}", Anybody, None),
    rule("GET", "/api/search", Anybody, None),
    rule("GET", "/api/search/suggest", Anybody, None),
    rule("GET", "/api/shipping-methods", Anybody, None),
    rule("GET", "/api/payment-methods", Anybody, None),
    rule("GET", "/api/challenge", Anybody, None),
    // The cart, by its cookie or the session
    rule("GET", "/api/cart", Anybody, Some(OrderRead)),
    rule("POST", "/api/cart/items", Anybody, Some(OrderWrite)),
    rule("PATCH", "/api/cart/items/{id}", Anybody, Some(OrderWrite)),
    rule("DELETE", "/api/cart/items/{id}", Anybody, Some(OrderWrite)),
    rule("POST", "/api/cart/coupon", Anybody, Some(OrderWrite)),
    rule("DELETE", "/api/cart/coupon", Anybody, Some(OrderWrite)),
    // Orders
    rule("POST", "/api/checkout", Anybody, Some(OrderWrite)),
    rule("POST", "/api/orders", Anybody, Some(OrderWrite)),
    rule("GET", "/api/orders", SignedIn, Some(OrderRead)),
    rule("POST", "/api/orders/lookup", Anybody, None),
    rule("GET", "/api/orders/{id}", AllowedOne, Some(OrderRead)),
    rule("GET", "/api/orders/{id}/events", AllowedOne, Some(OrderRead)),
    rule("POST", "/api/orders/{id}/cancel", AllowedOne, Some(OrderWrite)),
    rule("POST", "/api/orders/{id}/payments", AllowedOne, Some(OrderWrite)),
    rule("GET", "/api/orders/{id}/returns", AllowedOne, Some(OrderRead)),
    rule("POST", "/api/orders/{id}/returns", AllowedOne, Some(OrderWrite)),
    rule("POST", "/api/orders/{id}/returns/{return_id}/cancel", AllowedOne, Some(OrderWrite)),
    rule("POST", "/api/orders/{id}/returns/{return_id}/pictures", AllowedOne, Some(OrderWrite)),
    rule(
        "GET",
        "/api/orders/{id}/returns/{return_id}/pictures/{position}",
        AllowedOne,
        Some(OrderRead),
    ),
    rule("GET", "/api/orders/{id}/refunds", AllowedOne, Some(OrderRead)),
    rule("POST", "/api/orders/{id}/refunds", AllowedOne, Some(RefundRequest)),
    rule("PUT", "/api/orders/{id}/refunds/{refund_id}/account", AllowedOne, Some(RefundRequest)),
    rule("GET", "/api/order-requests/{id}", Anybody, Some(OrderRead)),
    rule("GET", "/api/order-requests/{id}/events", Anybody, Some(OrderRead)),
    // The payment provider, by its signature
    rule("POST", "/api/payments/ecpay/notify", Anybody, None),
    rule("POST", "/api/payments/ecpay/info", Anybody, None),
    rule("POST", "/api/payments/ecpay/result", Anybody, None),
    // Carriers, by their signature
    rule("POST", "/api/carriers/events", Anybody, None),
    // The back office
    rule("GET", "/api/admin/orders", Allowed, Some(OrderRead)),
    rule("GET", "/api/admin/orders/{id}", Allowed, Some(OrderRead)),
    rule("PATCH", "/api/admin/orders/{id}", Allowed, Some(OrderWrite)),
    rule("POST", "/api/admin/orders/{id}/cancel", Allowed, Some(OrderWrite)),
    rule("POST", "/api/admin/orders/{id}/shipments", Allowed, Some(ShipmentWrite)),
    rule("GET", "/api/admin/carriers", Allowed, Some(OrderRead)),
    rule("GET", "/api/admin/shipments", Allowed, Some(OrderRead)),
    rule("GET", "/api/admin/shipments/pick-list", Allowed, Some(OrderRead)),
    rule("GET", "/api/admin/shipments/{id}", Allowed, Some(OrderRead)),
    rule("PATCH", "/api/admin/shipments/{id}", Allowed, Some(ShipmentWrite)),
    rule("GET", "/api/admin/shipments/{id}/packing-slip", Allowed, Some(OrderRead)),
    rule("GET", "/api/admin/returns", Allowed, Some(OrderRead)),
    rule("GET", "/api/admin/returns/{id}", Allowed, Some(OrderRead)),
    rule("GET", "/api/admin/returns/{id}/pictures/{position}", Allowed, Some(OrderRead)),
    rule("POST", "/api/admin/returns/{id}/approve", Allowed, Some(ReturnApprove)),
    rule("POST", "/api/admin/returns/{id}/reject", Allowed, Some(ReturnApprove)),
    rule("POST", "/api/admin/returns/{id}/cancel", Allowed, Some(ReturnApprove)),
    rule("POST", "/api/admin/returns/{id}/receive", Allowed, Some(ReturnWrite)),
    rule("POST", "/api/admin/returns/{id}/inspect", Allowed, Some(ReturnWrite)),
    rule("GET", "/api/admin/warehouses", Allowed, Some(StockRead)),
    rule("POST", "/api/admin/warehouses", Allowed, Some(StockWrite)),
    rule("GET", "/api/admin/warehouses/{id}", Allowed, Some(StockRead)),
    rule("PUT", "/api/admin/warehouses/{id}", Allowed, Some(StockWrite)),
    rule("POST", "/api/admin/sourcing/explain", Allowed, Some(StockRead)),
    rule("GET", "/api/admin/inventory/{variant_id}", Allowed, Some(StockRead)),
    rule("POST", "/api/admin/inventory/{variant_id}/receive", Allowed, Some(StockWrite)),
    rule("POST", "/api/admin/inventory/{variant_id}/adjust", Allowed, Some(StockWrite)),
    rule("PUT", "/api/admin/inventory/{variant_id}/safety-stock", Allowed, Some(StockWrite)),
    rule("GET", "/api/admin/inventory/{variant_id}/movements", Allowed, Some(StockRead)),
    rule("GET", "/api/admin/inventory/{variant_id}/explain", Allowed, Some(StockRead)),
    rule("GET", "/api/admin/inventory/replenishment", Allowed, Some(StockRead)),
    rule("GET", "/api/admin/inventory/export", Allowed, Some(StockRead)),
    rule("POST", "/api/admin/inventory/import", Allowed, Some(StockWrite)),
    rule("GET", "/api/admin/transfers", Allowed, Some(StockRead)),
    rule("POST", "/api/admin/transfers", Allowed, Some(StockWrite)),
    rule("GET", "/api/admin/transfers/suggestions", Allowed, Some(StockRead)),
    rule("POST", "/api/admin/transfers/suggest", Allowed, Some(StockRead)),
    rule("GET", "/api/admin/transfers/{id}", Allowed, Some(StockRead)),
    rule("PATCH", "/api/admin/transfers/{id}", Allowed, Some(StockWrite)),
    rule("POST", "/api/admin/transfers/{id}/dispatch", Allowed, Some(StockWrite)),
    rule("POST", "/api/admin/transfers/{id}/receive", Allowed, Some(StockWrite)),
    rule("POST", "/api/admin/transfers/{id}/close", Allowed, Some(StockWrite)),
    rule("POST", "/api/admin/transfers/{id}/cancel", Allowed, Some(StockWrite)),
    rule("GET", "/api/admin/stocktakes", Allowed, Some(StockRead)),
    rule("POST", "/api/admin/stocktakes", Allowed, Some(StockWrite)),
    rule("GET", "/api/admin/stocktakes/{id}", Allowed, Some(StockRead)),
    rule("GET", "/api/admin/stocktakes/{id}/lines", Allowed, Some(StockRead)),
    rule("POST", "/api/admin/stocktakes/{id}/counts", Allowed, Some(StockWrite)),
    rule("POST", "/api/admin/stocktakes/{id}/counts/csv", Allowed, Some(StockWrite)),
    rule("POST", "/api/admin/stocktakes/{id}/skip", Allowed, Some(StockWrite)),
    rule("POST", "/api/admin/stocktakes/{id}/review", Allowed, Some(StockWrite)),
    rule("POST", "/api/admin/stocktakes/{id}/recount", Allowed, Some(StockWrite)),
    rule("POST", "/api/admin/stocktakes/{id}/decide", Allowed, Some(StockApprove)),
    rule("POST", "/api/admin/stocktakes/{id}/post", Allowed, Some(StockApprove)),
    rule("POST", "/api/admin/stocktakes/{id}/cancel", Allowed, Some(StockWrite)),
    rule("POST", "/api/admin/stocktakes/{id}/extend", Allowed, Some(StockWrite)),
    rule("POST", "/api/admin/stocktakes/{id}/thaw", Allowed, Some(StockApprove)),
    rule("GET", "/api/admin/inventory/{variant_id}/backorders", Allowed, Some(StockRead)),
    rule("PUT", "/api/admin/inventory/{variant_id}/backorders", Allowed, Some(CatalogWrite)),
    rule("GET", "/api/admin/inventory/{variant_id}/reservation-time", Allowed, Some(CatalogRead)),
    rule("PUT", "/api/admin/inventory/{variant_id}/reservation-time", Allowed, Some(CatalogWrite)),
    rule("GET", "/api/admin/payment-methods", Allowed, Some(PaymentRead)),
    rule("GET", "/api/admin/payment-methods/{code}", Allowed, Some(PaymentRead)),
    rule("PUT", "/api/admin/payment-methods/{code}", Allowed, Some(PaymentMethodWrite)),
    rule("GET", "/api/admin/payments", Allowed, Some(PaymentRead)),
    rule("POST", "/api/admin/payments/{id}/receipts", Allowed, Some(PaymentConfirm)),
    rule("POST", "/api/admin/payments/{id}/ask", Allowed, Some(PaymentConfirm)),
    rule("GET", "/api/admin/categories", Allowed, Some(CatalogRead)),
    rule("POST", "/api/admin/categories", Allowed, Some(CatalogWrite)),
    rule("GET", "/api/admin/categories/{id}", Allowed, Some(CatalogRead)),
    rule("PUT", "/api/admin/categories/{id}", Allowed, Some(CatalogWrite)),
    rule("DELETE", "/api/admin/categories/{id}", Allowed, Some(CatalogWrite)),
    rule("POST", "/api/admin/pictures", Allowed, Some(CatalogWrite)),
    rule("GET", "/api/admin/promotions", Allowed, Some(CatalogRead)),
    rule("POST", "/api/admin/promotions", Allowed, Some(CatalogWrite)),
    rule("GET", "/api/admin/promotions/{id}", Allowed, Some(CatalogRead)),
    rule("PUT", "/api/admin/promotions/{id}", Allowed, Some(CatalogWrite)),
    rule("DELETE", "/api/admin/promotions/{id}", Allowed, Some(CatalogWrite)),
    rule("GET", "/api/admin/coupons", Allowed, Some(CatalogRead)),
    rule("POST", "/api/admin/coupons", Allowed, Some(CatalogWrite)),
    rule("GET", "/api/admin/coupons/{code}", Allowed, Some(CatalogRead)),
    rule("PUT", "/api/admin/coupons/{code}", Allowed, Some(CatalogWrite)),
    rule("DELETE", "/api/admin/coupons/{code}", Allowed, Some(CatalogWrite)),
    rule("GET", "/api/admin/price-lists", Allowed, Some(CatalogRead)),
    rule("POST", "/api/admin/price-lists", Allowed, Some(CatalogWrite)),
    rule("GET", "/api/admin/price-lists/{id}", Allowed, Some(CatalogRead)),
    rule("PUT", "/api/admin/price-lists/{id}", Allowed, Some(CatalogWrite)),
    rule("DELETE", "/api/admin/price-lists/{id}", Allowed, Some(CatalogWrite)),
    rule("GET", "/api/admin/price-lists/{id}/entries", Allowed, Some(CatalogRead)),
    rule("PATCH", "/api/admin/price-lists/{id}/entries", Allowed, Some(CatalogWrite)),
    rule("GET", "/api/admin/product-imports", Allowed, Some(CatalogRead)),
    rule("POST", "/api/admin/product-imports", Allowed, Some(CatalogWrite)),
    rule("GET", "/api/admin/product-imports/{id}", Allowed, Some(CatalogRead)),
    rule("POST", "/api/admin/product-imports/{id}/cancel", Allowed, Some(CatalogWrite)),
    rule("GET", "/api/admin/product-imports/{id}/rows", Allowed, Some(CatalogRead)),
    rule("GET", "/api/admin/product-imports/{id}/rows/export", Allowed, Some(CatalogRead)),
    rule("GET", "/api/admin/products", Allowed, Some(CatalogRead)),
    rule("POST", "/api/admin/products", Allowed, Some(CatalogWrite)),
    rule("GET", "/api/admin/products/export", Allowed, Some(CatalogRead)),
    rule("GET", "/api/admin/products/{id}", Allowed, Some(CatalogRead)),
    rule("PUT", "/api/admin/products/{id}", Allowed, Some(CatalogWrite)),
    rule("PATCH", "/api/admin/products/{id}", Allowed, Some(CatalogWrite)),
    rule("POST", "/api/admin/products/{id}/publish", Allowed, Some(CatalogWrite)),
    rule("POST", "/api/admin/products/{id}/schedule", Allowed, Some(CatalogWrite)),
    rule("POST", "/api/admin/products/{id}/withdraw", Allowed, Some(CatalogWrite)),
    rule("POST", "/api/admin/products/{id}/archive", Allowed, Some(CatalogWrite)),
    rule("GET", "/api/admin/bundles/{variant_id}", Allowed, Some(CatalogRead)),
    rule("PUT", "/api/admin/bundles/{variant_id}", Allowed, Some(CatalogWrite)),
    rule("GET", "/api/admin/refunds", Allowed, Some(RefundRead)),
    rule("GET", "/api/admin/refunds/{id}", Allowed, Some(RefundRead)),
    rule("POST", "/api/admin/refunds/{id}/approve", AllowedOne, Some(RefundApprove)),
    rule("POST", "/api/admin/refunds/{id}/reject", AllowedOne, Some(RefundApprove)),
    rule("POST", "/api/admin/refunds/{id}/retry", AllowedOne, Some(RefundApprove)),
    rule("POST", "/api/admin/refunds/{id}/confirm", AllowedOne, Some(RefundApprove)),
    rule("PUT", "/api/admin/refunds/{id}/account", AllowedOne, Some(RefundApprove)),
    rule("GET", "/api/admin/payment-tasks", Allowed, Some(PaymentRead)),
    rule("GET", "/api/admin/payment-tasks/{id}", Allowed, Some(PaymentRead)),
    rule("POST", "/api/admin/payment-tasks/{id}/resolve", Allowed, Some(PaymentConfirm)),
    rule("GET", "/api/admin/reconciliations", Allowed, Some(PaymentRead)),
    rule("GET", "/api/admin/reconciliations/{day}", Allowed, Some(PaymentRead)),
    rule("POST", "/api/admin/reconciliations/{day}", Allowed, Some(PaymentConfirm)),
    rule("GET", "/api/admin/users", Allowed, Some(AccountRead)),
    rule("GET", "/api/admin/users/{id}", AllowedOne, Some(AccountRead)),
    rule("PATCH", "/api/admin/users/{id}", AllowedOne, Some(RoleWrite)),
    rule("DELETE", "/api/admin/users/{id}/sessions", AllowedOne, Some(AccountWrite)),
    rule("GET", "/api/admin/policies", Allowed, Some(PolicyRead)),
    rule("POST", "/api/admin/policies", Allowed, Some(PolicyWrite)),
    rule("GET", "/api/admin/policies/{version}", Allowed, Some(PolicyRead)),
    rule("POST", "/api/admin/policies/{version}/try", Allowed, Some(PolicyRead)),
    rule("POST", "/api/admin/policies/{version}/activate", Allowed, Some(PolicyWrite)),
    rule("POST", "/api/admin/policies/explain", Allowed, Some(PolicyRead)),
    rule("GET", "/api/admin/audit-log", Allowed, Some(AuditRead)),
    rule("GET", "/api/admin/audit-log/export", Allowed, Some(AuditRead)),
    rule("GET", "/api/admin/events", Allowed, Some(EventRead)),
    rule("GET", "/api/admin/events/lag", Allowed, Some(EventRead)),
    rule("GET", "/api/admin/dead-letters", Allowed, Some(EventRead)),
    rule("POST", "/api/admin/dead-letters/replay", Allowed, Some(EventWrite)),
    rule("GET", "/api/admin/dead-letters/{id}", Allowed, Some(EventRead)),
    rule("POST", "/api/admin/dead-letters/{id}/replay", Allowed, Some(EventWrite)),
    rule("POST", "/api/admin/dead-letters/{id}/discard", Allowed, Some(EventWrite)),
    rule("GET", "/api/admin/jobs", Allowed, Some(EventRead)),
    rule("POST", "/api/admin/jobs/{name}/run", Allowed, Some(EventWrite)),
    rule("GET", "/api/admin/webhooks", Allowed, Some(WebhookRead)),
    rule("POST", "/api/admin/webhooks", Allowed, Some(WebhookWrite)),
    rule("GET", "/api/admin/webhooks/{id}", Allowed, Some(WebhookRead)),
    rule("PUT", "/api/admin/webhooks/{id}", Allowed, Some(WebhookWrite)),
    rule("DELETE", "/api/admin/webhooks/{id}", Allowed, Some(WebhookWrite)),
    rule("POST", "/api/admin/webhooks/{id}/pause", Allowed, Some(WebhookWrite)),
    rule("POST", "/api/admin/webhooks/{id}/resume", Allowed, Some(WebhookWrite)),
    rule("POST", "/api/admin/webhooks/{id}/secrets", Allowed, Some(WebhookWrite)),
    rule("POST", "/api/admin/webhooks/{id}/test", Allowed, Some(WebhookWrite)),
    rule("POST", "/api/admin/webhooks/{id}/redeliver", Allowed, Some(WebhookWrite)),
    rule("GET", "/api/admin/webhooks/{id}/deliveries", Allowed, Some(WebhookRead)),
    rule("GET", "/api/admin/webhooks/{id}/deliveries/{delivery_id}", Allowed, Some(WebhookRead)),
    rule(
        "POST",
        "/api/admin/webhooks/{id}/deliveries/{delivery_id}/redeliver",
        Allowed,
        Some(WebhookWrite),
    ),
    rule("GET", "/api/admin/messages/templates", Allowed, Some(MessageRead)),
    rule("GET", "/api/admin/messages/templates/{kind}/preview", Allowed, Some(MessageRead)),
    rule("GET", "/api/admin/messages/mailbox", Allowed, Some(MailboxRead)),
    rule("GET", "/api/admin/messages/mailbox/{id}", Allowed, Some(MailboxRead)),
    rule("GET", "/api/admin/messages/sms", Allowed, Some(MailboxRead)),
    // Development: only where the clock can be moved
    rule("GET", "/api/dev/clock", Anybody, None),
    rule("POST", "/api/dev/clock/advance", Anybody, None),
];

/// What the route with this method and path declares. `HEAD` is a `GET` without its body.
pub fn rule_of(method: &Method, path: &str) -> Option<&'static RouteRule> {
    let method = if *method == Method::HEAD { "GET" } else { method.as_str() };
    RULES.iter().find(|rule| rule.method == method && rule.path == path)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::openapi;

    #[test]
    fn every_route_is_in_the_table_and_every_row_is_a_route() {
        let description = openapi::routes(true).split_for_parts().1;
        let description = serde_json::to_value(description).unwrap();
        let mut routes = BTreeSet::new();
        for (path, methods) in description["paths"].as_object().unwrap() {
            for method in methods.as_object().unwrap().keys() {
                routes.insert(format!("{} {path}", method.to_uppercase()));
            }
        }
        let declared: BTreeSet<String> =
            RULES.iter().map(|rule| format!("{} {}", rule.method, rule.path)).collect();
        assert_eq!(declared.len(), RULES.len(), "a route is declared twice");
        let undeclared: Vec<_> = routes.difference(&declared).collect();
        assert!(undeclared.is_empty(), "routes without a rule: {undeclared:?}");
        let gone: Vec<_> = declared.difference(&routes).collect();
        assert!(gone.is_empty(), "rules without a route: {gone:?}");
    }

    #[test]
    fn the_back_office_is_by_policy_and_policies_need_an_action() {
        for rule in RULES {
            let by_policy = matches!(rule.who, Allowed | AllowedOne);
            assert!(!by_policy || rule.action.is_some(), "{rule:?}");
            if rule.path.starts_with("/api/admin/") {
                assert!(by_policy, "{rule:?}");
            }
        }
    }
}
