//! A stand-in for ECPay's payment servers: the checkout page a buyer sees, the notices a shop
//! gets, the queries it asks, and every way in which these go wrong.
//!
//! It follows ECPay's manual, not Oxcart: it shares no code with the `ecpay` crate, and signs by
//! its own implementation, so that neither can hide the other's mistakes.
//!
//! # What it does
//!
//! | address | |
//! |---|---|
//! | `POST /Cashier/AioCheckOut/V5` | checks the form as ECPay does, then shows the payment page |
//! | `POST /Cashier/QueryTradeInfo/V5` | the state of an order; unencoded, signed |
//! | `POST /Cashier/QueryPaymentInfo` | the payment code of an order; unencoded, signed |
//! | `GET /_sim/trades`, `GET /_sim/trades/{merchant_trade_no}` | orders and their deliveries |
//! | `POST /_sim/trades/{merchant_trade_no}/pay` | pays without a browser |
//! | `POST /_sim/trades/{merchant_trade_no}/redeliver` | sends the last notice again |
//! | `GET`, `POST`, `DELETE /_sim/faults` | what goes wrong next, see [`Fault`] |
//! | `GET /_sim/health` | `ok` |
//!
//! Card payments go through a card form and a 3-D Secure page, prefilled with ECPay's public test
//! card. ATM, CVS and BARCODE issue a code, which is paid later by the control address. Other
//! methods are refused as not enabled.
//!
//! # Where it differs from ECPay
//!
//! - Notices go to any `http` port; ECPay calls 80 and 443 only. It has no TLS.
//! - A form that is refused is answered with status 400. Error codes that ECPay does not publish
//!   are numbers of the simulator's own, 9999xxxx.
//! - Retries wait [`Config::retry_delay`]; ECPay waits 5 to 15 minutes.
//! - A payment by card notifies at once; ECPay within half an hour.
//! - It forgets: everything is in memory, and bounded ([`Config::max_trades`]).
//!
//! # Use
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use ecpay_simulator::{Config, Simulator};
//!
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! let simulator = Simulator::start(Config::default(), listener)?;
//! println!("http://{}", simulator.local_addr());
//! simulator.stop().await;
//! # Ok(())
//! # }
//! ```

mod cashier;
mod config;
mod control;
mod delivery;
mod fault;
mod form;
mod messages;
mod pages;
mod payment;
mod query;
mod rules;
mod server;
mod signature;
mod store;
mod taipei;
mod trade;

pub use config::{Clock, Config, MerchantConfig};
pub use fault::{Fault, FaultKind};
pub use server::{Simulator, StartError};
pub use signature::sign;
