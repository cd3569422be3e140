//! What handlers do after they ended somebody's sessions.

use crate::AppState;

/// Looks at once which access tokens are refused from now on, instead of a fraction of a second
/// later with the worker that looks for all. Call it after the commit.
///
/// What was asked for has been done by then: when the database is away now, the worker finds it.
pub async fn look(state: &AppState) {
    let looked = async {
        let mut conn = state.db.acquire().await?;
        state.revocations.refresh(&mut conn, state.clock.now()).await
    };
    if let Err(error) = looked.await {
        tracing::warn!(%error, "the denylist could not be read");
    }
}
