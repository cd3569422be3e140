//! The audit log: searched, and exported.

pub mod export;
pub mod list;

use audit::Filter;
use jiff::Timestamp;
use kernel::{ErrorCode, id::UserId};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{AppState, kit::Problem};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list::handler)).routes(routes!(export::handler))
}

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditParams {
    /// Of this person.
    actor_id: Option<UserId>,
    /// This action, e.g. `stock_write`.
    #[param(max_length = 100)]
    action: Option<String>,
    /// Done to this kind of thing, e.g. `Stock`.
    #[param(max_length = 100)]
    target_kind: Option<String>,
    /// Done to this one.
    #[param(max_length = 100)]
    target_id: Option<String>,
    /// Not before.
    from: Option<Timestamp>,
    /// Before.
    until: Option<Timestamp>,
    /// With these letters in its reason, its target's id, or what was or is.
    #[param(max_length = 100)]
    q: Option<String>,
    /// Entries on a page, 24 unless asked; less than 1 counts as 1, and more than 100 as 100.
    #[param(format = "uint32")]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl AuditParams {
    /// What is asked for, checked.
    pub fn filter(&self) -> Result<Filter, Problem> {
        let texts = [
            ("#action", &self.action),
            ("#target_kind", &self.target_kind),
            ("#target_id", &self.target_id),
            ("#q", &self.q),
        ];
        for (name, text) in texts {
            let usable = |text: &String| text.chars().count() <= 100 && !text.contains('\0');
            if !text.as_ref().is_none_or(usable) {
                let problem = Problem::new(ErrorCode::ValidationFailed);
                return Err(problem.field(name, "has at most 100 characters"));
            }
        }
        Ok(Filter {
            actor_id: self.actor_id,
            action: self.action.clone(),
            target_kind: self.target_kind.clone(),
            target_id: self.target_id.clone(),
            from: self.from,
            until: self.until,
            q: self.q.clone(),
        })
    }
}
