-- What consumers have seen of the events, each event once for each of them, whatever brings it again
-- (a replay, a restored dump, a queue). The rows of jobs come when a finished job is forgotten: until
-- then the job itself says it.
CREATE TABLE outbox.inbox (
    consumer text NOT NULL,
    event_id uuid NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (consumer, event_id)
);

-- For forgetting: next to free to keep up, and rows lie nearly in the order of time.
CREATE INDEX inbox_seen_idx ON outbox.inbox USING brin (seen_at);
CREATE INDEX jobs_finished_idx ON outbox.jobs (finished_at) WHERE finished_at IS NOT NULL;

-- What has to be done again and again, by one node at a time.
CREATE TABLE outbox.schedule (
    name text PRIMARY KEY,
    every_seconds bigint NOT NULL CHECK (every_seconds > 0),
    next_run_at timestamptz NOT NULL,
    -- the fencing token: counts the turns, so that whoever comes back late knows that it is not theirs
    token bigint NOT NULL DEFAULT 0,
    -- while a turn lasts
    owner text,
    leased_until timestamptz,
    started_at timestamptz,
    finished_at timestamptz,
    succeeded_at timestamptz,
    outcome text CHECK (outcome IN ('succeeded', 'failed', 'abandoned', 'interrupted')),
    message text,
    -- since the last success
    failures int NOT NULL DEFAULT 0 CHECK (failures >= 0),
    CHECK ((owner IS NULL) = (leased_until IS NULL))
) WITH (fillfactor = 50);

GRANT SELECT, INSERT, DELETE ON outbox.inbox TO oxcart_app;
GRANT SELECT, INSERT, UPDATE ON outbox.schedule TO oxcart_app;
