//! The keys: one table that declares, documents, reads and shows them.

use std::{net::IpAddr, path::PathBuf};

use inventory::Strategy;
use kernel::Networks;
use ports::{ObjectRoute, mail::MailRoute, sms::SmsRoute};
use serde::Deserialize;

use super::value::{self, EcpayMode, Secret, Value};

/// What `oxcart config` says about a key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name in the file.
    pub name: &'static str,
    /// Its environment variable.
    pub variable: &'static str,
    /// What it does.
    pub doc: &'static str,
}

macro_rules! keys {
    ($($(#[doc = $doc:literal])+ $variable:literal $name:ident: $type:ty = $default:expr;)+) => {
        /// The configuration, every key with its value. Environment variables go before the file.
        #[derive(Clone, Debug, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Config {
            $($(#[doc = $doc])+ #[serde(deserialize_with = "value::parse")] pub $name: $type,)+
        }

        impl Default for Config {
            fn default() -> Self {
                Self { $($name: $default,)+ }
            }
        }

        /// Every key.
        pub const KEYS: &[Key] = &[$(Key {
            name: stringify!($name),
            variable: $variable,
            doc: concat!($($doc,)+),
        },)+];

        impl Config {
            /// Every key with its value; secrets are masked.
            pub fn shown(&self) -> Vec<(&'static Key, String)> {
                KEYS.iter().zip([$(Value::show(&self.$name),)+]).collect()
            }
        }
    };
}

keys! {
    /// The port of the shop.
    "PORT" port: u16 = 8080;
    /// The address to listen on. 0.0.0.0 lets other machines in; put a reverse proxy with TLS
    /// before it.
    "OXCART_BIND" bind: IpAddr = IpAddr::from([127, 0, 0, 1]);
    /// The shop's address as browsers see it. Default: `http://localhost:PORT`.
    "OXCART_PUBLIC_URL" public_url: Option<String> = None;
    /// Where everything is kept: the private PostgreSQL, pictures, mails.
    "OXCART_DATA" data: PathBuf = PathBuf::from("./data");
    /// Where pictures are kept: directory (`OXCART_DATA/objects`), or
    /// `s3://KEY:SECRET@BUCKET?region=REGION&endpoint=URL` for S3 and what speaks like it (`endpoint`
    /// only for others than AWS; without KEY and SECRET the machine's role is taken). What is special in
    /// KEY or SECRET is percent-encoded.
    "OXCART_OBJECTS" objects: ObjectRoute = ObjectRoute::Directory;
    /// The PostgreSQL (15 or newer) to use, as the owner of the schema. Default: a private one in
    /// `OXCART_DATA`.
    "DATABASE_URL" database_url: Option<Secret> = None;
    /// The most connections to PostgreSQL, besides one for each batcher and one more.
    "OXCART_DB_CONNECTIONS" db_connections: u32 = 20;
    /// E-mail address of the first administrator.
    "OXCART_ADMIN_EMAIL" admin_email: String = "admin@oxcart.example".to_owned();
    /// Password of the first administrator. Default: one is made and printed once.
    "OXCART_ADMIN_PASSWORD" admin_password: Option<Secret> = None;
    /// Where payments go: simulator, stage (ECPay's sandbox) or production (real money).
    "OXCART_ECPAY_MODE" ecpay_mode: EcpayMode = EcpayMode::Simulator;
    /// Merchant number at ECPay. Default outside production: ECPay's public test merchant.
    "OXCART_ECPAY_MERCHANT_ID" ecpay_merchant_id: Option<String> = None;
    /// The `HashKey` of the merchant.
    "OXCART_ECPAY_HASH_KEY" ecpay_hash_key: Option<Secret> = None;
    /// The `HashIV` of the merchant.
    "OXCART_ECPAY_HASH_IV" ecpay_hash_iv: Option<Secret> = None;
    /// The merchant's check code (商家檢查碼), to ask for the details of card payments: without it, refunds
    /// of cards are made by hand.
    "OXCART_ECPAY_CHECK_CODE" ecpay_check_code: Option<Secret> = None;
    /// Questions to ECPay in a minute, on each server. ECPay locks out who asks too often, for half an
    /// hour; how often that is, it does not say.
    "OXCART_ECPAY_CALLS_PER_MINUTE" ecpay_calls_per_minute: u32 = 60;
    /// Seconds that ECPay may take to answer a question.
    "OXCART_ECPAY_TIMEOUT_SECONDS" ecpay_timeout_seconds: u16 = 15;
    /// The bank account for transfers: the bank's three digits. Without all four, there are no bank
    /// transfers.
    "OXCART_BANK_CODE" bank_code: Option<String> = None;
    /// The bank's name.
    "OXCART_BANK_NAME" bank_name: Option<String> = None;
    /// The account's number.
    "OXCART_BANK_ACCOUNT" bank_account: Option<String> = None;
    /// Whose account it is.
    "OXCART_BANK_HOLDER" bank_holder: Option<String> = None;
    /// The port of the ECPay simulator. Default: `PORT + 1`.
    "OXCART_SIMULATOR_PORT" simulator_port: Option<u16> = None;
    /// The simulator's address as browsers see it. Default: `OXCART_PUBLIC_URL` with the simulator's
    /// port.
    "OXCART_SIMULATOR_URL" simulator_url: Option<String> = None;
    /// The storefront: a directory with server.js and build/.
    "OXCART_WEB_DIR" web_dir: PathBuf = PathBuf::from("./web");
    /// `oxcart serve` only: the address of the storefront's server.
    "OXCART_WEB_URL" web_url: Option<String> = None;
    /// What the storefront's server proves itself with when it asks on behalf of a browser; its
    /// environment has to hold the same. Without it, all its requests count as one client's.
    /// `oxcart up` makes one by itself.
    "OXCART_WEB_SECRET" web_secret: Option<Secret> = None;
    /// Node.js (22.17 or newer). Default: .tools/node/bin/node when it is there, else node.
    "OXCART_NODE" node: Option<PathBuf> = None;
    /// Hours for which an unpaid order is held beyond its time because its payment provider cannot be
    /// asked whether it was paid; then it ends all the same, and a person is told. 0: orders end
    /// unasked.
    "OXCART_PAYMENT_UNANSWERED_HOURS" payment_unanswered_hours: u16 = 24;
    /// Minutes for which an unpaid order holds its stock, unless its method of payment, or a sale,
    /// says otherwise.
    "OXCART_RESERVATION_MINUTES" reservation_minutes: u16 = 30;
    /// How the warehouses of an order are chosen: `nearest_whole` (the nearest that has everything,
    /// else as few as possible), nearest (the nearest gives what it has, then the next), fewest (as
    /// few as possible, wherever they are) or priority (by priority alone). Abroad by priority.
    "OXCART_SOURCING" sourcing: Strategy = Strategy::default();
    /// Days in which customers may send goods back after the day they got them, for whatever reason. In
    /// Taiwan the law gives them seven.
    "OXCART_RETURN_DAYS" return_days: u16 = 7;
    /// What carriers' systems sign their messages about parcels with, as Standard Webhooks writes it:
    /// whsec_ and at least 24 bytes in base64. Default: no messages are taken.
    "OXCART_SHIPPING_WEBHOOK_SECRET" shipping_webhook_secret: Option<Secret> = None;
    /// Days for which reservations lie at hand after they were closed; then they are moved to the
    /// archive.
    "OXCART_ARCHIVE_DAYS" archive_days: u16 = 30;
    /// Orders that may wait to be placed; more are answered with 503.
    "OXCART_INTAKE_QUEUE" intake_queue: usize = 10_000;
    /// The most orders in one transaction.
    "OXCART_INTAKE_BATCH" intake_batch: usize = 2_000;
    /// Transactions with orders at the same time.
    "OXCART_INTAKE_BATCHERS" intake_batchers: usize = 2;
    /// Clients connected at the same time. Beyond that, whoever asks nothing makes room, and when
    /// everybody is busy newcomers are answered with 503.
    "OXCART_HTTP_CONNECTIONS" http_connections: usize = 10_000;
    /// Seconds for which a connection may ask nothing. A reverse proxy before Oxcart should let go
    /// of idle connections a little sooner.
    "OXCART_HTTP_IDLE_SECONDS" http_idle_seconds: u16 = 75;
    /// Seconds that a request may take to arrive: its head, and then its body (large ones a little
    /// more).
    "OXCART_HTTP_READ_SECONDS" http_read_seconds: u16 = 10;
    /// Seconds that a client may take to read its answer (large ones a little more).
    "OXCART_HTTP_WRITE_SECONDS" http_write_seconds: u16 = 20;
    /// MiB of memory for pages that look the same to everybody, on each server; 0: none is kept, and
    /// a page is rendered for each request.
    "OXCART_PAGE_CACHE_MIB" page_cache_mib: u32 = 64;
    /// Whether this server makes the sizes of pictures (AVIF and WebP), which takes up to half of one
    /// processor for some seconds a picture. Where there are several servers, one is enough.
    "OXCART_RENDITIONS" renditions: bool = true;
    /// Whether this server takes files of products in the background, one at a time. Where there are
    /// several servers, one is enough.
    "OXCART_PRODUCT_IMPORTS" product_imports: bool = true;
    /// Which way mails go: folder (nowhere, but into `OXCART_DATA/mail`, readable in the back office),
    /// `smtps://USER:PASSWORD@HOST` (TLS, port 465), `smtp://USER:PASSWORD@HOST` (STARTTLS, port 587),
    /// `smtp://HOST?tls=none` (port 25, for a server on the same machine), with `?ca=FILE` for a
    /// certificate authority of one's own; or `sendgrid://KEY@api.sendgrid.com`. What is special in
    /// USER, PASSWORD or KEY is percent-encoded.
    "OXCART_MAIL" mail: MailRoute = MailRoute::Folder;
    /// Which way short messages go: off (none are written), folder (`OXCART_DATA/sms`), or
    /// `mitake://USER:PASSWORD@smsapi.mitake.com.tw` (Mitake 三竹簡訊).
    "OXCART_SMS" sms: SmsRoute = SmsRoute::Folder;
    /// Minutes before the end of an order's time to pay at which its buyer is reminded; 0: never.
    /// Orders that have less than twice that time are not.
    "OXCART_REMINDER_MINUTES" reminder_minutes: u16 = 10;
    /// Who mails come from.
    "OXCART_MAIL_FROM" mail_from: String = "牛車選物 <shop@oxcart.example>".to_owned();
    /// Where operations are told that stock is low. Default: nobody is.
    "OXCART_OPS_EMAIL" ops_email: Option<String> = None;
    /// Networks (CIDR, separated by commas) of one's own that webhooks may be sent to, also by plain
    /// http and on any port, e.g. 10.1.0.0/16. Everything else has to be a public address with https.
    "OXCART_WEBHOOK_ALLOW" webhook_allow: Networks = Networks::default();
    /// Days for which nothing may arrive at a webhook until it is disabled.
    "OXCART_WEBHOOK_DISABLE_DAYS" webhook_disable_days: u16 = 5;
    /// Days for which it is kept what was sent to webhooks, and what came back.
    "OXCART_WEBHOOK_LOG_DAYS" webhook_log_days: u16 = 30;
    /// Hours from one audit of all books to the next, on whichever server; 0: none but `oxcart audit`.
    "OXCART_AUDIT_HOURS" audit_hours: u16 = 1;
    /// Networks (CIDR, separated by commas) that rate and hold limits spare.
    "OXCART_RATE_LIMIT_EXEMPT" rate_limit_exempt: Networks = Networks::default();
    /// Networks (CIDR, separated by commas) of the reverse proxies before Oxcart. Only what they say
    /// in `X-Forwarded-For` about who is asking is believed.
    "OXCART_TRUSTED_PROXIES" trusted_proxies: Networks = Networks::default();
    /// Unpaid orders that one customer, or one telephone number, may have open; 0: any number.
    "OXCART_HOLD_LIMIT" hold_limit: u32 = 5;
    /// Bits of work (a hash to be found) that whoever orders has to show, for days when machines do
    /// most of the asking; 0: none. 18 is about half a second of a telephone.
    "OXCART_ORDER_CHALLENGE" order_challenge: u32 = 0;
    /// Where several servers count together what clients ask, e.g. `redis://127.0.0.1/`. Default: each
    /// server counts for itself.
    "REDIS_URL" redis_url: Option<Secret> = None;
    /// For development and tests: a clock that POST /api/dev/clock/advance moves.
    "OXCART_DEV_CLOCK" dev_clock: bool = false;
    /// What is logged, e.g. info,inventory=debug.
    "OXCART_LOG" log: String = telemetry::logs::DEFAULT_FILTER.to_owned();
    /// human, or json for machines.
    "OXCART_LOG_FORMAT" log_format: String = "human".to_owned();
}
