//! `make bench`: what the shop can do on this machine, held against what the machine can do.
//!
//! One process conducts: it starts a private PostgreSQL, and for each measurement a fresh database,
//! the shop (always the real program) or a server it is compared with, and the load generator, each
//! in a process of its own. Rounds go over all rows, so that rows that are compared were measured
//! minutes apart at most, and a machine that changes its speed changes it for all of them.
//!
//! *Invariant:* an order counts when it was answered `201`, and a run whose orders are not all in
//! the database, or that finds others there, is an error.

pub mod children;
pub mod cli;
pub mod limit_sql;
pub mod limits;
pub mod load;
pub mod machine;
pub mod measure;
pub mod plan;
pub mod report;
pub mod run;
pub mod samples;
pub mod search_shop;
pub mod seed;
pub mod servers;
pub mod sql;
pub mod stage;
