//! The scenario language: a small shop, and what people do in it. One language for both depths.
//!
//! Everything is named by small numbers: variant 0 is the hot one; order 3 is the order that key 3
//! makes; attempt 3/1 is the payment attempt that order 3 makes with its payment key 1. A step that
//! names what does not exist is skipped, so any subset of a scenario's steps is a scenario: that is
//! what lets a failing one shrink.

use std::fmt;

/// A variant, by its place in the world.
pub type Variant = u8;
/// A warehouse, by its place in the world.
pub type House = u8;
/// An idempotency key, and the order it makes.
pub type Key = u8;
/// A key of a payment attempt, within its order.
pub type Attempt = u8;
/// Somebody who buys, with an e-mail address of one's own.
pub type Buyer = u8;
/// A coupon, by its place in the world.
pub type Coupon = u8;

/// The shop before anything happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct World {
    /// Warehouses, at most three: Taipei, Taichung, Kaohsiung.
    pub houses: u8,
    /// What each variant costs, in whole dollars.
    pub prices: Vec<i64>,
    /// How many units of each variant one buyer may have.
    pub limits: Vec<Option<u32>>,
    /// The coupons.
    pub coupons: Vec<Terms>,
    /// Units at the beginning. A variant has no stock row where it is not mentioned.
    pub stock: Vec<(Variant, House, u32)>,
}

/// The terms of a coupon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// What it gives.
    pub off: Off,
    /// The goods have to cost this.
    pub minimum: i64,
    /// How many orders may use it.
    pub total: Option<u32>,
    /// How many orders of one buyer may use it.
    pub each: Option<u32>,
}

/// What a coupon gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Off {
    /// So many percent off the goods.
    Percent(u8),
    /// So many dollars off the goods.
    Dollars(i64),
    /// No shipping fee.
    Shipping,
}

/// A scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// What it was generated from; schedules and ids are drawn from it too.
    pub seed: u64,
    /// The shop.
    pub world: World,
    /// What happens.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its number in the scenario as generated; kept when others are taken out.
    pub no: u32,
    /// It begins while the one before may still be going on. Otherwise everything has ended first.
    pub beside: bool,
    /// It does not end well.
    pub cut: Option<Cut>,
    /// What is done.
    pub act: Act,
}

/// How a command is cut short. Requests are round trips to the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The caller goes away after so many requests; the program goes on.
    CallerGone(u8),
    /// The program dies with this many requests answered: the next one never reaches the database.
    Crash(u8),
    /// The program dies when the database has carried out this request and before the answer comes.
    CrashUnanswered(u8),
}

/// What somebody does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// A buyer places an order under a key.
    Place {
        /// The key.
        key: Key,
        /// The request.
        basket: Basket,
    },
    /// A buyer begins to pay.
    Pay {
        /// The order.
        key: Key,
        /// The attempt's key.
        attempt: Attempt,
    },
    /// The provider tells what became of an attempt.
    Notice {
        /// The order.
        key: Key,
        /// The attempt.
        attempt: Attempt,
        /// What it says.
        says: Says,
    },
    /// A buyer cancels, before or after paying.
    Cancel {
        /// The order.
        key: Key,
    },
    /// The worker looks for orders whose time is over.
    Expire,
    /// Time passes.
    Wait {
        /// This much of it.
        minutes: u32,
    },
    /// Goods arrive.
    Receive {
        /// What.
        variant: Variant,
        /// Where.
        house: House,
        /// How much.
        units: u32,
    },
    /// A stocktake begins to count a row.
    Freeze {
        /// What.
        variant: Variant,
        /// Where.
        house: House,
    },
    /// A stocktake ends without a difference.
    Thaw {
        /// What.
        variant: Variant,
        /// Where.
        house: House,
    },
    /// Operations set the level below which they want to be told.
    SafetyStock {
        /// What.
        variant: Variant,
        /// Where.
        house: House,
        /// The level.
        units: u32,
    },
    /// The warehouse ships a paid order. In the models only: the flow is not built yet.
    Ship {
        /// The order.
        key: Key,
    },
    /// The relay hands over a batch of events. In the flows only.
    Relay,
}

/// A request to place an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basket {
    /// What and how many, 1 to 3 lines.
    pub lines: Vec<(Variant, u32)>,
    /// The price the buyer saw.
    pub price: PriceSeen,
    /// Near which warehouse the buyer lives.
    pub near: House,
    /// Who buys.
    pub buyer: Buyer,
    /// With which coupon.
    pub coupon: Option<Coupon>,
}

/// What the buyer's page said about prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceSeen {
    /// Nothing.
    None,
    /// The truth.
    Right,
    /// A dollar too little on the first line.
    Wrong,
}

/// What a notice says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// The money is there.
    Success,
    /// The card was refused.
    Failure,
    /// A success fired by hand, without money.
    Simulated,
    /// A success over another amount.
    WrongAmount,
    /// A success that somebody else has signed.
    Forged,
    /// A success for a number nobody has given out.
    Stranger,
}

impl Act {
    /// Whether it changes the world at once, and so never runs beside anything.
    pub const fn is_alone(&self) -> bool {
        matches!(self, Self::Wait { .. })
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}", self.seed)?;
        write!(f, "  {} warehouses; stock", self.world.houses)?;
        for (variant, house, units) in &self.world.stock {
            write!(f, ", {units} × v{variant} in w{house}")?;
        }
        for (variant, limit) in self.world.limits.iter().enumerate() {
            if let Some(limit) = limit {
                write!(f, "; at most {limit} × v{variant} a buyer")?;
            }
        }
        for (coupon, terms) in self.world.coupons.iter().enumerate() {
            write!(f, "; coupon c{coupon}: {terms}")?;
        }
        writeln!(f)?;
        for step in &self.steps {
            writeln!(f, "  {step}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let beside = if self.beside { "&" } else { " " };
        write!(f, "{:>3} {beside} {}", self.no, self.act)?;
        match self.cut {
            None => Ok(()),
            Some(Cut::CallerGone(n)) => write!(f, "  ✂ the caller goes away after {n} requests"),
            Some(Cut::Crash(n)) => write!(f, "  ✂ crash before request {}", n + 1),
            Some(Cut::CrashUnanswered(n)) => {
                write!(f, "  ✂ crash with request {} carried out but not answered", n + 1)
            }
        }
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Place { key, basket } => write!(f, "place order {key}: {basket}"),
            Self::Pay { key, attempt } => write!(f, "begin payment {key}/{attempt}"),
            Self::Notice { key, attempt, says } => {
                let says = match says {
                    Says::Success => "success",
                    Says::Failure => "failure",
                    Says::Simulated => "simulated success",
                    Says::WrongAmount => "success over a wrong amount",
                    Says::Forged => "forged success",
                    Says::Stranger => "success of a stranger",
                };
                write!(f, "notice for payment {key}/{attempt}: {says}")
            }
            Self::Cancel { key } => write!(f, "cancel order {key}"),
            Self::Expire => write!(f, "expire what is due"),
            Self::Wait { minutes } => write!(f, "{minutes} minutes pass"),
            Self::Receive { variant, house, units } => {
                write!(f, "receive {units} × v{variant} in w{house}")
            }
            Self::Freeze { variant, house } => write!(f, "freeze v{variant} in w{house}"),
            Self::Thaw { variant, house } => write!(f, "thaw v{variant} in w{house}"),
            Self::SafetyStock { variant, house, units } => {
                write!(f, "safety stock of v{variant} in w{house}: {units}")
            }
            Self::Ship { key } => write!(f, "ship order {key}"),
            Self::Relay => write!(f, "relay a batch of events"),
        }
    }
}

impl fmt::Display for Basket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> =
            self.lines.iter().map(|(variant, units)| format!("{units} × v{variant}")).collect();
        write!(f, "b{} wants {}, near w{}", self.buyer, lines.join(" + "), self.near)?;
        if let Some(coupon) = self.coupon {
            write!(f, ", with coupon c{coupon}")?;
        }
        match self.price {
            PriceSeen::None => Ok(()),
            PriceSeen::Right => write!(f, ", price seen"),
            PriceSeen::Wrong => write!(f, ", wrong price seen"),
        }
    }
}

impl fmt::Display for Terms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.off {
            Off::Percent(percent) => write!(f, "{percent} % off"),
            Off::Dollars(dollars) => write!(f, "{dollars} dollars off"),
            Off::Shipping => write!(f, "free shipping"),
        }?;
        write!(f, " from {}", self.minimum)?;
        if let Some(total) = self.total {
            write!(f, ", {total} in all")?;
        }
        if let Some(each) = self.each {
            write!(f, ", {each} a buyer")?;
        }
        Ok(())
    }
}
