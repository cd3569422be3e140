//! The jobs: write one message, hand it to whoever carries it.
//!
//! A message's id is that of its job, of which there is one for each event and kind. A job that is
//! done is marked done by one statement; a worker that dies between handing a message over and that
//! mark leaves the job to another one, which hands over the same message with the same id.
//! `docs/messages.md` says what becomes of the second copy on each way out.

use std::sync::Arc;

use jiff::Timestamp;
use kernel::{
    Clock, Ids, SharedClock,
    id::{EventId, JobId},
};
use outbox::{BoxFuture, Job, JobError, JobHandler, NewJob};
use ports::{
    mail::{Mail, MailError, Mailer},
    redact,
    sms::{Sms, SmsError, SmsSender},
};
use serde::Serialize;

use crate::{
    render::Renderer,
    templates::{ComposeError, MAILS, MailTemplate, TEXTS, TextTemplate},
};

/// How often a message is tried: for about eleven hours, in which a mail server that is down, a wrong
/// password or an account without credit can be mended. After that a person has to say whether it is
/// still worth sending.
pub const ATTEMPTS: u16 = 100;

/// The job that sends a message, for [`outbox::enqueue`]. `kind` is the kind of the job, one of
/// [`crate::templates`]; `payload` is what that kind needs to know. With an event there is at most one
/// job of a kind.
///
/// # Panics
/// When `payload` cannot be JSON: a defect, whatever it holds.
pub fn job(
    kind: &'static str,
    payload: &impl Serialize,
    event: Option<EventId>,
    ids: &Ids,
    clock: &dyn Clock,
) -> NewJob {
    NewJob {
        id: ids.next::<JobId>(clock),
        kind,
        payload: serde_json::to_value(payload).expect("a message's payload is JSON"),
        event_id: event,
        run_at: clock.now(),
    }
}

/// The handlers of all jobs of this module. Without `sms` no short messages are sent: jobs that
/// were written for them before are done without. So are those that came too late to be of use: a
/// reminder is no help after the time it reminds of.
pub fn job_handlers(
    mailer: &Arc<dyn Mailer>,
    sms: Option<&Arc<dyn SmsSender>>,
    clock: &SharedClock,
) -> Vec<Arc<dyn JobHandler>> {
    let renderer = Arc::new(Renderer::new());
    let mails = MAILS.iter().map(|template| {
        let (mailer, renderer) = (Arc::clone(mailer), Arc::clone(&renderer));
        let clock = Arc::clone(clock);
        Arc::new(SendMail { template, mailer, renderer, clock }) as Arc<dyn JobHandler>
    });
    let texts = TEXTS.iter().map(|template| {
        let (sender, renderer) = (sms.cloned(), Arc::clone(&renderer));
        let clock = Arc::clone(clock);
        Arc::new(SendText { template, sender, renderer, clock }) as Arc<dyn JobHandler>
    });
    mails.chain(texts).collect()
}

struct SendMail {
    template: &'static MailTemplate,
    mailer: Arc<dyn Mailer>,
    renderer: Arc<Renderer>,
    clock: SharedClock,
}

/// A message that cannot be written. What is wrong with its payload may repeat whom it is about.
fn unwritable(error: ComposeError) -> JobError {
    match JobError::fail(error) {
        JobError::Fail(words) => JobError::Fail(redact::contacts(&words)),
        other @ JobError::Retry(_) => other,
    }
}

/// Whether a message came too late.
fn is_stale(job: &Job, good_until: Option<Timestamp>, clock: &dyn Clock) -> bool {
    let stale = good_until.is_some_and(|until| until <= clock.now());
    if stale {
        tracing::info!(job.id = %job.id, job.kind = job.kind, "a message came too late to be sent");
    }
    stale
}

impl JobHandler for SendMail {
    fn kind(&self) -> &'static str {
        let MailTemplate { job, .. } = self.template;
        job
    }

    fn attempts(&self) -> u16 {
        ATTEMPTS
    }

    fn run<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<(), JobError>> {
        Box::pin(async move {
            // A mail that cannot be written today cannot be written tomorrow either.
            let composed = self.template.compose(&self.renderer, job.payload.clone());
            let composed = composed.map_err(unwritable)?;
            if is_stale(job, composed.good_until, &*self.clock) {
                return Ok(());
            }
            let mail = Mail {
                id: job.id.as_uuid(),
                to: composed.to,
                subject: composed.words.subject,
                text: composed.words.text,
                html: composed.words.html,
                inline: composed.words.inline,
                headers: composed.headers,
            };
            self.mailer.send(&mail).await.map_err(|error| match error {
                MailError::Invalid(_) | MailError::Refused(_) => JobError::fail(error),
                MailError::Unavailable(_) => JobError::retry(error),
            })
        })
    }
}

struct SendText {
    template: &'static TextTemplate,
    sender: Option<Arc<dyn SmsSender>>,
    renderer: Arc<Renderer>,
    clock: SharedClock,
}

impl JobHandler for SendText {
    fn kind(&self) -> &'static str {
        let TextTemplate { job, .. } = self.template;
        job
    }

    fn attempts(&self) -> u16 {
        ATTEMPTS
    }

    fn run<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<(), JobError>> {
        Box::pin(async move {
            let Some(sender) = &self.sender else { return Ok(()) };
            let composed = self.template.compose(&self.renderer, job.payload.clone());
            let composed = composed.map_err(unwritable)?;
            if is_stale(job, composed.good_until, &*self.clock) {
                return Ok(());
            }
            let sms = Sms { id: job.id.as_uuid(), to: composed.to, text: composed.text };
            sender.send(&sms).await.map_err(|error| match error {
                SmsError::Invalid(_) | SmsError::Refused(_) => JobError::fail(error),
                SmsError::Unavailable(_) => JobError::retry(error),
            })
        })
    }
}
