//! A set of policies: its files, and what is wrong with them.

use std::{collections::BTreeSet, sync::LazyLock};

use cedar_policy::{Policy, PolicyId, PolicySet, Schema, ValidationMode, Validator};
use miette::Diagnostic;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

/// The most files of a set, and the most bytes of all of them.
pub const MAX_FILES: usize = 50;
/// The most bytes of all files together.
pub const MAX_BYTES: usize = 256 * 1024;

/// The schema's text.
pub const SCHEMA: &str = include_str!("../policies/shop.cedarschema");

const SHIPPED: [(&str, &str); 4] = [
    ("customers.cedar", include_str!("../policies/customers.cedar")),
    ("operations.cedar", include_str!("../policies/operations.cedar")),
    ("warehouse.cedar", include_str!("../policies/warehouse.cedar")),
    ("administration.cedar", include_str!("../policies/administration.cedar")),
];

/// The schema, read once.
pub(crate) static SCHEMA_READ: LazyLock<Schema> = LazyLock::new(|| {
    let (schema, _warnings) = Schema::from_cedarschema_str(SCHEMA)
        .unwrap_or_else(|error| panic!("the shipped schema is broken: {error}"));
    schema
});

/// A file of policies, in the Cedar language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyFile {
    /// Its name, e.g. `warehouse.cedar`.
    #[schema(example = "warehouse.cedar")]
    pub name: String,
    /// Its text.
    pub text: String,
}

/// What is wrong with a policy, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema, Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct PolicyError {
    /// Which file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

/// Policies that were read and hold against the schema.
#[derive(Clone, Debug)]
pub struct Policies {
    files: Vec<PolicyFile>,
    pub(crate) set: PolicySet,
}

impl Policies {
    /// The policies that the program ships with.
    ///
    /// # Panics
    /// When they are broken: a test would have found it.
    pub fn shipped() -> Self {
        let file = |(name, text): (&str, &str)| PolicyFile { name: name.into(), text: text.into() };
        Self::read(SHIPPED.map(file).to_vec())
            .unwrap_or_else(|errors| panic!("the shipped policies are broken: {errors:?}"))
    }

    /// Reads policies and holds them against the schema. Every mistake is named, with its place.
    pub fn read(files: Vec<PolicyFile>) -> Result<Self, Vec<PolicyError>> {
        let size: usize = files.iter().map(|file| file.text.len()).sum();
        if files.len() > MAX_FILES || size > MAX_BYTES {
            let message = format!("at most {MAX_FILES} files and {MAX_BYTES} bytes of policies");
            return Err(vec![error_at("", "", 0, message)]);
        }
        let (mut set, mut errors) = (PolicySet::new(), Vec::new());
        let (mut names, mut ids) = (BTreeSet::new(), BTreeSet::new());
        for file in &files {
            if !is_file_name(&file.name) || !names.insert(file.name.as_str()) {
                let message = "a file is named once, like `warehouse.cedar`".to_owned();
                errors.push(error_at(&file.name, "", 0, message));
                continue;
            }
            match file.text.parse::<PolicySet>() {
                Ok(read) => errors.extend(add(&mut set, &mut ids, file, &read)),
                Err(broken) => errors.extend(broken.iter().map(|it| place(file, it))),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Self { files, set })
    }

    /// The files they are written in.
    pub fn files(&self) -> &[PolicyFile] {
        &self.files
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.set.policies().count()
    }
}

/// Adds the policies of one file; what is wrong with them is returned.
fn add(
    set: &mut PolicySet,
    ids: &mut BTreeSet<String>,
    file: &PolicyFile,
    read: &PolicySet,
) -> Vec<PolicyError> {
    let mut errors = Vec::new();
    if read.templates().next().is_some() {
        let message = "templates (`?principal`, `?resource`) are not supported".to_owned();
        errors.push(error_at(&file.name, &file.text, 0, message));
    }
    // Against the schema while the errors still tell their places.
    let found = Validator::new(SCHEMA_READ.clone()).validate(read, ValidationMode::Strict);
    errors.extend(found.validation_errors().map(|it| place(file, it)));
    if errors.is_empty() {
        // What can never apply is a mistake as well: somebody believes to have allowed something.
        errors.extend(found.validation_warnings().map(|it| place(file, it)));
    }
    for policy in in_order(read) {
        let Some(id) = policy.annotation("id").filter(|id| is_id(id)) else {
            let message = "every policy begins with its @id(\"small-letters-and-hyphens\")";
            errors.push(error_at(&file.name, &file.text, offset_of(file, policy), message.into()));
            continue;
        };
        if !ids.insert(id.to_owned()) {
            let message = format!("there is another policy with @id(\"{id}\")");
            errors.push(error_at(&file.name, &file.text, offset_of(file, policy), message));
            continue;
        }
        if let Err(error) = set.add(policy.new_id(PolicyId::new(id))) {
            errors.push(error_at(&file.name, &file.text, 0, error.to_string()));
        }
    }
    errors
}

/// Policies as they come in their file: they are numbered `policy0`, `policy1`, ….
fn in_order(set: &PolicySet) -> Vec<&Policy> {
    let number = |policy: &&Policy| {
        let id = policy.id().to_string();
        id.trim_start_matches("policy").parse::<usize>().unwrap_or(usize::MAX)
    };
    let mut policies: Vec<&Policy> = set.policies().collect();
    policies.sort_by_key(number);
    policies
}

/// Where a policy stands in its file.
fn offset_of(file: &PolicyFile, policy: &Policy) -> usize {
    policy.to_cedar().and_then(|text| file.text.find(text.trim())).unwrap_or(0)
}

fn is_file_name(name: &str) -> bool {
    let stem = name.strip_suffix(".cedar").unwrap_or_default();
    (1..=60).contains(&stem.len()) && is_id(stem)
}

fn is_id(id: &str) -> bool {
    let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    (1..=80).contains(&id.len()) && id.bytes().all(letter)
}

/// An error of Cedar's with its first place.
fn place(file: &PolicyFile, error: &impl Diagnostic) -> PolicyError {
    let label = error.labels().and_then(|mut labels| labels.next());
    let offset = label.as_ref().map_or(0, miette::LabeledSpan::offset);
    // Within a file, `policy0` is no name that anybody gave.
    let text = error.to_string();
    let named = text.strip_prefix("for policy `policy").and_then(|rest| rest.split_once("`, "));
    let mut message = named.map_or(text.as_str(), |(_, rest)| rest).to_owned();
    if let Some(help) = error.help() {
        message.push_str("; ");
        message.push_str(&help.to_string());
    }
    error_at(&file.name, &file.text, offset, message)
}

fn error_at(file: &str, text: &str, offset: usize, message: String) -> PolicyError {
    let before = text.get(..offset).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    PolicyError {
        file: file.to_owned(),
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> Vec<PolicyFile> {
        vec![PolicyFile { name: "test.cedar".into(), text: text.into() }]
    }

    fn first_error(text: &str) -> PolicyError {
        Policies::read(file(text)).unwrap_err().into_iter().next().unwrap()
    }

    #[test]
    fn the_shipped_policies_hold_against_the_schema_and_explain_themselves() {
        let shipped = Policies::shipped();
        assert_eq!(shipped.count(), 20);
        for policy in shipped.set.policies() {
            let described = policy.annotation("description").is_some_and(|it| it.len() > 20);
            assert!(described, "{} says what it is for", policy.id());
        }
    }

    #[test]
    fn the_schema_has_the_words_of_the_code() {
        let mut actions: Vec<String> = SCHEMA_READ
            .request_envs()
            .map(|env| env.action().id().unescaped().to_owned())
            .collect();
        actions.sort();
        actions.dedup();
        let mut known: Vec<&str> = crate::Action::ALL.iter().map(|it| it.as_str()).collect();
        known.sort_unstable();
        assert_eq!(actions, known);
        for env in SCHEMA_READ.request_envs() {
            let action = crate::Action::parse(env.action().id().unescaped()).unwrap();
            assert_eq!(env.resource().to_string(), action.kind().as_str(), "{action:?}");
        }
        for action in crate::Action::ALL {
            let for_guests = SCHEMA_READ.request_envs().any(|env| {
                env.action().id().unescaped() == action.as_str()
                    && env.principal().to_string() == "Guest"
            });
            assert_eq!(for_guests, action.is_open_to_guests(), "{action:?}");
        }
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        let broken = first_error("@id(\"a\")\npermit (principal, action, resource");
        assert_eq!((broken.file.as_str(), broken.line), ("test.cedar", 2));

        let unknown =
            "@id(\"a\")\npermit (\n  principal,\n  action == Action::\"steal\",\n  resource\n);";
        let unknown = first_error(unknown);
        assert!(unknown.message.contains("steal"), "{unknown}");

        let text = "@id(\"a\")\npermit (principal, action == Action::\"stock_read\", resource)\nwhen { resource.colour == \"red\" };";
        let attribute = first_error(text);
        assert!(attribute.message.contains("colour"), "{attribute}");
        assert_eq!(attribute.line, 3);

        let nameless = first_error("permit (principal, action, resource);");
        assert!(nameless.message.contains("@id"), "{nameless}");

        let policy = "@id(\"a\")\npermit (principal is User, action, resource);\n";
        let twice = first_error(&format!("{policy}{policy}"));
        assert!(twice.message.contains("another policy"), "{twice}");

        let template = "@id(\"a\") permit (principal == ?principal, action, resource);";
        assert!(Policies::read(file(template)).is_err());
    }

    #[test]
    fn there_is_an_end_to_policies() {
        let many = (0..=MAX_FILES)
            .map(|n| PolicyFile { name: format!("f{n}.cedar"), text: String::new() })
            .collect();
        assert!(Policies::read(many).is_err());
        assert!(Policies::read(file(&" ".repeat(MAX_BYTES + 1))).is_err());
        for name in ["", ".cedar", "x", "../x.cedar", "A.cedar"] {
            let bad = vec![PolicyFile { name: name.into(), text: String::new() }];
            assert!(Policies::read(bad).is_err(), "{name}");
        }
    }
}
