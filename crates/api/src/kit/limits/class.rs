//! Classes of routes, and how often each may be asked.

use axum::http::Method;
use ports::rate_limit::Quota;

/// What a request costs whom: the classes that limits tell apart.
///
/// The numbers for an address are many times what one person does. In Taiwan, as elsewhere, mobile
/// networks and many homes are behind carrier NAT: dozens to hundreds of subscribers share one IPv4
/// address, and in the minute when a sale opens a good part of them presses "buy". Limits by address
/// stop machines, not crowds. What one person takes is limited by account, by purchase limits and by
/// the number of unpaid orders, and none of that knows addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Where secrets can be guessed: sign-in, registration, passwords, second factors.
    SignIn,
    /// Placing orders.
    Order,
    /// Every other change.
    Write,
    /// Reading.
    Read,
    /// Messages of the payment provider and of carriers, and browsers the former sends back.
    Hook,
}

impl Class {
    /// All of them, in their order.
    pub const ALL: [Self; 5] = [Self::SignIn, Self::Order, Self::Write, Self::Read, Self::Hook];

    /// The class of a request; nothing when it is not limited: what watches over the shop has to get
    /// through always.
    pub fn of(method: &Method, path: &str) -> Option<Self> {
        let rest = path.strip_prefix("/api/")?;
        if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
            return Some(Self::Read);
        }
        if crate::hooks::is_hook(path) {
            return Some(Self::Hook);
        }
        let (first, more) = rest.split_once('/').unwrap_or((rest, ""));
        Some(match (first, more) {
            ("orders" | "checkout", "") => Self::Order,
            // It brings somebody a mail.
            ("products", more) if more.ends_with("/stock-notices") => Self::SignIn,
            ("auth", "refresh" | "logout" | "logout-all") => Self::Write,
            // An order's number is no secret; what opens it could be guessed. Whatever comes later
            // under `auth` guards an account, until it is said that it does not.
            ("orders", "lookup") | ("auth", _) => Self::SignIn,
            // Closing the account asks for the password.
            ("me", "") if *method == Method::DELETE => Self::SignIn,
            ("me", _) if guards_an_account(more) => Self::SignIn,
            _ => Self::Write,
        })
    }

    /// Its name, in headers and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Order => "order",
            Self::Write => "write",
            Self::Read => "read",
            Self::Hook => "hook",
        }
    }

    /// The name of its limit for accounts.
    pub const fn account_name(self) -> &'static str {
        match self {
            Self::SignIn => "account-sign-in",
            Self::Order => "account-order",
            Self::Write => "account-write",
            Self::Read => "account-read",
            Self::Hook => "account-hook",
        }
    }

    /// What one address may ask.
    pub const fn per_address(self) -> Quota {
        match self {
            // Each try costs a password hash, some 50 ms of a core. Sessions last for weeks, so that
            // few behind one address sign in within the same minute.
            Self::SignIn => Quota::per_minute(10, 10),
            // A crowd of sixty presses at once, and two a second keep on trying.
            Self::Order => Quota::per_minute(120, 60),
            Self::Write => Quota::per_minute(300, 150),
            // A page asks the API three to six times on behalf of its reader: a hundred and more
            // pages at once, five or more a second.
            Self::Read => Quota::per_minute(1_800, 600),
            // The provider's few servers bring everybody's payments.
            Self::Hook => Quota::per_minute(6_000, 2_000),
        }
    }

    /// What one account may ask, from wherever.
    pub const fn per_account(self) -> Option<Quota> {
        match self {
            Self::SignIn => Some(Quota::per_minute(10, 10)),
            Self::Order => Some(Quota::per_minute(30, 20)),
            Self::Write => Some(Quota::per_minute(120, 60)),
            Self::Read => Some(Quota::per_minute(900, 300)),
            Self::Hook => None,
        }
    }
}

/// What asks for a password or a code, below `/api/me/`.
fn guards_an_account(path: &str) -> bool {
    let first = path.split('/').next().unwrap_or_default();
    matches!(first, "password" | "second-factor")
}
