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
//! | `POST /CreditDetail/QueryTrade/V2` | a card's money; JSON, unsigned |
//! | `POST /CreditDetail/DoAction` | captures, refunds, cancels; unencoded, unsigned |
//! | `POST /PaymentMedia/TradeNoAio` | the orders of a merchant as a file |
//! | `POST /CreditDetail/FundingReconDetail` | the payouts for cards as a file |
//! | `/simulator/…` | steers it; the crate's `README.md` is the manual |
//! | `GET /`, `GET /console/{trade_no}` | the same by hand |
//!
//! # Where it differs from ECPay
//!
//! - Notices go to any `http` port; ECPay calls 80 and 443 only. It has no TLS.
//! - A form that is refused is answered with status 400. Error codes that ECPay does not publish
//!   are numbers of the simulator's own, 9999xxxx.
//! - A payment notifies at once; ECPay within half an hour (cards), a day (ATM, CVS) or two.
//! - An order that is charged again and again (`Period…`) is charged once.
//! - It remembers so many orders and no more ([`Config::max_trades`]); a forgotten order's number
//!   could be used again.
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

mod action;
mod barcode;
mod card;
mod cashier;
mod code;
mod config;
mod control;
mod delivery;
mod fault;
mod files;
mod form;
mod gate;
mod journal;
mod messages;
mod method;
mod moment;
mod pages;
mod payment;
mod query;
mod question;
mod routes;
mod rules;
mod server;
mod signature;
mod store;
mod taipei;
mod trade;
mod view;

pub use config::{Clock, Config, MerchantConfig, RateLimit};
pub use fault::{Fault, FaultKind, FileName, NoticeKind};
pub use method::Method;
pub use server::{Simulator, StartError};
pub use signature::sign;
