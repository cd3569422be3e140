//! A permit: the caller was allowed what the route declares.

use std::net::IpAddr;

use ::access::{Action, Circumstances, Question, Resource, Source, Subject};
use axum::{
    extract::{FromRef, FromRequestParts, MatchedPath},
    http::request::Parts,
};
use identity::AccessClaims;
use kernel::{Actor, ErrorCode, Money};
use pg::{Connection, DbResult};
use serde_json::Value;

use super::rules::{RouteRule, Who, rule_of};
use crate::{
    AppState,
    kit::{ClientIp, Problem, SignedIn, trace_id},
};

/// Somebody who is allowed what the route declares: on the kind as a whole where the route says
/// [`Who::Allowed`]; where it says [`Who::AllowedOne`], the handler still has to ask [`Permit::of`]
/// about the one thing. Others get 401 or 403.
#[derive(Clone, Debug)]
pub struct Permit {
    claims: AccessClaims,
    action: Action,
    ip: Option<IpAddr>,
    state: AppState,
}

/// A change that goes into the audit log.
#[derive(Clone, Debug, Default)]
pub struct Change<'a> {
    /// As it was.
    pub before: Option<Value>,
    /// As it is now.
    pub after: Option<Value>,
    /// Why, in the person's words.
    pub reason: Option<&'a str>,
}

impl Permit {
    /// The caller, as the author of a change.
    pub const fn actor(&self) -> Actor {
        Actor::Staff(self.claims.user_id)
    }

    /// The caller, as whoever sends something that is worked on later.
    pub fn sender(&self) -> catalog::Sender {
        catalog::Sender {
            user: self.claims.user_id,
            source: source(&self.claims).as_str().to_owned(),
            ip: self.ip,
            trace_id: trace_id(),
        }
    }

    /// What is known of the caller.
    pub const fn claims(&self) -> &AccessClaims {
        &self.claims
    }

    /// What would be asked about the caller.
    pub fn question(&self, action: Action, resource: Resource) -> Question {
        question(&self.claims, action, resource, self.ip, &self.state)
    }

    /// Asks the policies about one thing: 403 if they deny it.
    pub fn of(&self, resource: Resource) -> Result<(), Problem> {
        let question = self.question(self.action, resource);
        let allowed = self.state.guardian.ask(&question).allowed;
        if allowed { Ok(()) } else { Err(ErrorCode::Forbidden.into()) }
    }

    /// The same about an action with money: policies may limit how much.
    pub fn of_amount(
        &self,
        action: Action,
        resource: Resource,
        amount: Money,
    ) -> Result<(), Problem> {
        let mut question = self.question(action, resource);
        question.circumstances.amount = Some(amount.amount());
        let allowed = self.state.guardian.ask(&question).allowed;
        if allowed { Ok(()) } else { Err(ErrorCode::Forbidden.into()) }
    }

    /// Of a list, what the caller may see.
    pub fn filter<T>(&self, items: Vec<T>, resource: impl Fn(&T) -> Resource) -> Vec<T> {
        let may_see =
            |item: &T| self.state.guardian.would_allow(&self.question(self.action, resource(item)));
        items.into_iter().filter(may_see).collect()
    }

    /// Writes a change into the audit log, in its transaction.
    pub async fn record(
        &self,
        conn: &mut Connection,
        target: &Resource,
        change: Change<'_>,
    ) -> DbResult<()> {
        let entry = audit::NewEntry {
            id: self.state.ids.next(&*self.state.clock),
            at: self.state.clock.now(),
            actor: self.actor(),
            source: source(&self.claims).as_str(),
            action: self.action.as_str(),
            target_kind: target.kind.as_str(),
            target_id: target.id.clone().unwrap_or_else(|| "*".to_owned()),
            before: change.before,
            after: change.after,
            reason: change.reason,
            ip: self.ip,
            trace_id: trace_id(),
        };
        audit::append(conn, &entry).await
    }
}

impl<S> FromRequestParts<S> for Permit
where
    AppState: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let SignedIn(claims) = SignedIn::from_request_parts(parts, state).await?;
        let state = AppState::from_ref(state);
        // A route that declares nothing allows nothing.
        let rule = declared(parts).ok_or(ErrorCode::Forbidden)?;
        let action = rule.action.ok_or(ErrorCode::Forbidden)?;
        let Ok(ClientIp(ip)) = ClientIp::from_request_parts(parts, &state).await;
        let permit = Self { claims, action, ip, state };
        if rule.who == Who::Allowed {
            permit.of(Resource::any(action.kind()))?;
        }
        Ok(permit)
    }
}

/// What the route of this request declares.
pub fn declared(parts: &Parts) -> Option<&'static RouteRule> {
    let path = parts.extensions.get::<MatchedPath>()?;
    rule_of(&parts.method, path.as_str())
}

/// Refuses a key that does not have the route's action among its scopes. Sessions have no scopes:
/// they may whatever their owner may.
pub fn check_scopes(parts: &Parts, claims: &AccessClaims) -> Result<(), Problem> {
    let Some(scopes) = &claims.scopes else { return Ok(()) };
    let rule = declared(parts);
    let needed = rule.and_then(|rule| rule.action);
    match needed {
        Some(action) if scopes.iter().any(|scope| scope == action.as_str()) => Ok(()),
        Some(action) => Err(Problem::new(ErrorCode::Forbidden)
            .detail(format!("this API key does not have the scope {}", action.as_str()))),
        None if rule.is_some_and(|rule| rule.who == Who::Anybody) => Ok(()),
        None => Err(Problem::new(ErrorCode::Forbidden).detail("this is not for API keys")),
    }
}

/// What is asked about a caller.
pub fn question(
    claims: &AccessClaims,
    action: Action,
    resource: Resource,
    ip: Option<IpAddr>,
    state: &AppState,
) -> Question {
    Question {
        // Tokens of people who were deactivated are refused before anything is asked.
        subject: Subject::person(claims.user_id, claims.roles.iter().map(|role| role.as_str())),
        action,
        resource,
        circumstances: Circumstances {
            ip,
            time: state.clock.now(),
            source: source(claims),
            second_factor: claims.second_factor,
            amount: None,
        },
    }
}

const fn source(claims: &AccessClaims) -> Source {
    if claims.scopes.is_some() { Source::ApiKey } else { Source::Session }
}
