//! The policies that count on this server, taken anew when others are activated anywhere.

use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use pg::Connection;

use crate::{AccessError, Decisions, Engine, Policies, Question, Verdict, versions};

/// Answers questions by the policies that count.
#[derive(Clone, Debug)]
pub struct Guardian(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    current: RwLock<(i32, Arc<Engine>)>,
    decisions: Decisions,
}

impl Guardian {
    /// With the policies that count now. A version that this program cannot read is an error: to
    /// go on with others would give or take rights nobody decided about.
    pub async fn open(conn: &mut Connection) -> Result<Self, AccessError> {
        let version = versions::active(conn).await?;
        let engine = Engine::new(versions::load(conn, version).await?);
        Ok(Self::with(version, engine))
    }

    /// With the policies that the program ships with.
    pub fn shipped() -> Self {
        Self::with(versions::SHIPPED_VERSION, Engine::new(Policies::shipped()))
    }

    fn with(version: i32, engine: Engine) -> Self {
        let current = RwLock::new((version, Arc::new(engine)));
        Self(Arc::new(Inner { current, decisions: Decisions::default() }))
    }

    /// Whether it is allowed, and why; remembered for trying other policies out.
    pub fn ask(&self, question: &Question) -> Verdict {
        let verdict = self.engine().ask(question);
        self.0.decisions.note(question, verdict.allowed);
        verdict
    }

    /// The same for something that only lists or explains: not remembered.
    pub fn would_allow(&self, question: &Question) -> bool {
        self.engine().ask(question).allowed
    }

    /// The policies that count.
    pub fn engine(&self) -> Arc<Engine> {
        Arc::clone(&self.read().1)
    }

    /// Their version.
    pub fn version(&self) -> i32 {
        self.read().0
    }

    /// Takes the policies that count now, if they are others. Those that cannot be read leave the
    /// ones of before in place.
    pub async fn refresh(&self, conn: &mut Connection) -> Result<(), AccessError> {
        let version = versions::active(conn).await?;
        if version == self.version() {
            return Ok(());
        }
        let policies = versions::load(conn, version).await?;
        self.take(version, policies);
        tracing::info!(version, "new policies count from now on");
        Ok(())
    }

    /// Takes policies that were activated here.
    pub fn take(&self, version: i32, policies: Policies) {
        let new = (version, Arc::new(Engine::new(policies)));
        *self.0.current.write().unwrap_or_else(PoisonError::into_inner) = new;
    }

    /// Writes down which questions were asked.
    pub async fn write_decisions(&self, conn: &mut Connection, now: Timestamp) -> pg::DbResult<()> {
        self.0.decisions.write(conn, now).await
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, (i32, Arc<Engine>)> {
        self.0.current.read().unwrap_or_else(PoisonError::into_inner)
    }
}
