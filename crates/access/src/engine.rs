//! Asking the policies.

use std::collections::{HashMap, HashSet};

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request,
    RestrictedExpression,
};
use jiff::Timestamp;
use thiserror::Error;

use crate::{
    Circumstances, Policies, Question, Reason, Resource, Subject, Verdict, model::Effect,
    policies::SCHEMA_READ,
};

/// A question that cannot be put: a defect, and denied.
#[derive(Debug, Error)]
#[error("the question does not fit the schema: {0}")]
struct Unfit(String);

/// Policies, ready to be asked.
#[derive(Debug)]
pub struct Engine {
    policies: Policies,
    authorizer: Authorizer,
}

impl Engine {
    /// With these policies.
    pub fn new(policies: Policies) -> Self {
        Self { policies, authorizer: Authorizer::new() }
    }

    /// The policies.
    pub const fn policies(&self) -> &Policies {
        &self.policies
    }

    /// Whether it is allowed, and why. What nothing permits is denied, and so is what cannot be
    /// asked: a guest who would approve a refund.
    pub fn ask(&self, question: &Question) -> Verdict {
        match self.answer(question) {
            Ok(verdict) => verdict,
            Err(Unfit(why)) => Verdict { allowed: false, reasons: Vec::new(), errors: vec![why] },
        }
    }

    fn answer(&self, question: &Question) -> Result<Verdict, Unfit> {
        let (subject, resource) = (subject(&question.subject)?, thing(&question.resource)?);
        let action = uid("Action", question.action.as_str())?;
        let context = context(&question.circumstances)?;
        let schema = Some(&*SCHEMA_READ);
        let request = Request::new(subject.uid(), action, resource.uid(), context, schema)
            .map_err(|error| Unfit(error.to_string()))?;
        let entities = Entities::from_entities([subject, resource], schema).map_err(unfit)?;
        let response = self.authorizer.is_authorized(&request, &self.policies.set, &entities);
        let diagnostics = response.diagnostics();
        let mut reasons: Vec<Reason> =
            diagnostics.reason().filter_map(|id| self.reason(id)).collect();
        reasons.sort_by(|a, b| a.policy.cmp(&b.policy));
        Ok(Verdict {
            allowed: response.decision() == Decision::Allow,
            reasons,
            errors: diagnostics.errors().map(ToString::to_string).collect(),
        })
    }

    fn reason(&self, id: &cedar_policy::PolicyId) -> Option<Reason> {
        let policy = self.policies.set.policy(id)?;
        Some(Reason {
            policy: id.to_string(),
            effect: match policy.effect() {
                cedar_policy::Effect::Permit => Effect::Permit,
                cedar_policy::Effect::Forbid => Effect::Forbid,
            },
            description: policy.annotation("description").map(str::to_owned),
        })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unfit(error: impl ToString) -> Unfit {
    Unfit(error.to_string())
}

fn uid(kind: &str, id: &str) -> Result<EntityUid, Unfit> {
    let kind: EntityTypeName = kind.parse().map_err(unfit)?;
    Ok(EntityUid::from_type_name_and_id(kind, EntityId::new(id)))
}

fn text(value: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(value.to_owned())
}

fn subject(subject: &Subject) -> Result<Entity, Unfit> {
    let Some(user) = subject.user_id else {
        return Ok(Entity::new_no_attrs(uid("Guest", "guest")?, HashSet::new()));
    };
    let user = user.to_string();
    let roles = subject.roles.iter().map(|role| text(role));
    let mut attributes = HashMap::from([
        ("user_id".to_owned(), text(&user)),
        ("roles".to_owned(), RestrictedExpression::new_set(roles)),
        ("is_admin".to_owned(), RestrictedExpression::new_bool(subject.is_admin())),
        ("is_active".to_owned(), RestrictedExpression::new_bool(subject.is_active)),
    ]);
    if let Some(org) = &subject.org_id {
        attributes.insert("org_id".to_owned(), text(org));
    }
    let parents =
        subject.roles.iter().map(|role| uid("Role", role)).collect::<Result<_, Unfit>>()?;
    Entity::new(uid("User", &user)?, attributes, parents).map_err(unfit)
}

fn thing(resource: &Resource) -> Result<Entity, Unfit> {
    let deleted = RestrictedExpression::new_bool(resource.is_deleted);
    let mut attributes = HashMap::from([("is_deleted".to_owned(), deleted)]);
    let owner = resource.owner_id.map(|owner| owner.to_string());
    let given = [
        ("owner_id", owner.as_deref()),
        ("status", resource.status.as_deref()),
        ("visibility", resource.visibility.as_deref()),
    ];
    for (name, value) in given {
        if let Some(value) = value {
            attributes.insert(name.to_owned(), text(value));
        }
    }
    let id = resource.id.as_deref().unwrap_or("*");
    Entity::new(uid(resource.kind.as_str(), id)?, attributes, HashSet::new()).map_err(unfit)
}

fn context(circumstances: &Circumstances) -> Result<Context, Unfit> {
    let mut pairs = vec![
        (
            "time".to_owned(),
            RestrictedExpression::new_datetime(in_milliseconds(circumstances.time)),
        ),
        ("request_source".to_owned(), text(circumstances.source.as_str())),
        ("second_factor".to_owned(), RestrictedExpression::new_bool(circumstances.second_factor)),
    ];
    if let Some(amount) = circumstances.amount {
        pairs.push(("amount".to_owned(), RestrictedExpression::new_long(amount)));
    }
    if let Some(ip) = circumstances.ip {
        pairs.push(("ip".to_owned(), RestrictedExpression::new_ip(ip.to_string())));
    }
    Context::from_pairs(pairs).map_err(unfit)
}

/// Cedar reads times with exactly three digits of a second.
fn in_milliseconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}
