//! The actions that policies decide about, and the kinds of things they are done to. The same
//! words as in `policies/shop.cedarschema`; a test compares them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $word:tt,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        pub enum $name { $($(#[$each])* #[serde(rename = $word)] $variant,)+ }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word in policies, in the schema and on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// What a word stands for.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|it| it.as_str() == word)
            }
        }
    };
}

words! {
    /// What somebody wants to do.
    Action {
        /// See an order.
        OrderRead = "order_read",
        /// Cancel an order, pay it.
        OrderWrite = "order_write",
        /// Ask for the money of an order.
        RefundRequest = "refund_request",
        /// See refunds.
        RefundRead = "refund_read",
        /// Give it back.
        RefundApprove = "refund_approve",
        /// Plan parcels, pack and send them.
        ShipmentWrite = "shipment_write",
        /// Take in what comes back, and look at it.
        ReturnWrite = "return_write",
        /// Decide whether goods may be sent back.
        ReturnApprove = "return_approve",
        /// See attempts to pay, and the ways of paying.
        PaymentRead = "payment_read",
        /// Confirm money that came in, ask the provider about an attempt.
        PaymentConfirm = "payment_confirm",
        /// Change the ways of paying.
        PaymentMethodWrite = "payment_method_write",
        /// See a product.
        CatalogRead = "catalog_read",
        /// Edit products, prices, categories.
        CatalogWrite = "catalog_write",
        /// See stock.
        StockRead = "stock_read",
        /// Receive, count, move stock.
        StockWrite = "stock_write",
        /// Post what a stocktake found, decide between counts, end it by force.
        StockApprove = "stock_approve",
        /// See an account.
        AccountRead = "account_read",
        /// Change an account, end its sessions.
        AccountWrite = "account_write",
        /// Give and take roles, deactivate accounts.
        RoleWrite = "role_write",
        /// See policies, and try them out.
        PolicyRead = "policy_read",
        /// Save and activate policies.
        PolicyWrite = "policy_write",
        /// Read the audit log.
        AuditRead = "audit_read",
        /// See events, dead letters, and what the shop does by itself.
        EventRead = "event_read",
        /// Replay and discard dead letters, have recurring jobs run now.
        EventWrite = "event_write",
        /// See which other systems are told of events, and what became of it.
        WebhookRead = "webhook_read",
        /// Say which other systems are told of events; send them again.
        WebhookWrite = "webhook_write",
        /// See what mails and short messages say.
        MessageRead = "message_read",
        /// Read the mails in the folder, which may open accounts.
        MailboxRead = "mailbox_read",
    }
}

words! {
    /// What it is done to.
    Kind {
        /// An order.
        Order = "Order",
        /// An attempt to pay, or a way of paying.
        Payment = "Payment",
        /// Money that is to go back.
        Refund = "Refund",
        /// A parcel of an order.
        Shipment = "Shipment",
        /// Goods that are sent back.
        Return = "Return",
        /// A product with its variants.
        Product = "Product",
        /// The stock of a variant, warehouses.
        Stock = "Stock",
        /// Somebody's account.
        Account = "Account",
        /// The policies themselves.
        Policy = "Policy",
        /// The audit log.
        AuditLog = "AuditLog",
        /// Events, dead letters, recurring jobs.
        Event = "Event",
        /// Another system that is told of events.
        Webhook = "Webhook",
        /// What people are told by mail and by short message.
        Message = "Message",
    }
}

impl Action {
    /// The one kind of thing that it is done to.
    pub const fn kind(self) -> Kind {
        match self {
            Self::OrderRead | Self::OrderWrite | Self::RefundRequest => Kind::Order,
            Self::ShipmentWrite => Kind::Shipment,
            Self::ReturnWrite | Self::ReturnApprove => Kind::Return,
            Self::RefundRead | Self::RefundApprove => Kind::Refund,
            Self::PaymentRead | Self::PaymentConfirm | Self::PaymentMethodWrite => Kind::Payment,
            Self::CatalogRead | Self::CatalogWrite => Kind::Product,
            Self::StockRead | Self::StockWrite | Self::StockApprove => Kind::Stock,
            Self::AccountRead | Self::AccountWrite | Self::RoleWrite => Kind::Account,
            Self::PolicyRead | Self::PolicyWrite => Kind::Policy,
            Self::AuditRead => Kind::AuditLog,
            Self::EventRead | Self::EventWrite => Kind::Event,
            Self::WebhookRead | Self::WebhookWrite => Kind::Webhook,
            Self::MessageRead | Self::MailboxRead => Kind::Message,
        }
    }

    /// Whether a guest can ask at all; the schema knows these actions for people only otherwise.
    pub const fn is_open_to_guests(self) -> bool {
        matches!(self, Self::OrderRead | Self::OrderWrite | Self::RefundRequest | Self::CatalogRead)
    }
}
