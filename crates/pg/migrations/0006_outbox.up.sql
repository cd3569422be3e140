-- Events are written in the transaction that made them true, and published at least once.
CREATE TABLE outbox.events (
    shard smallint NOT NULL,
    id uuid NOT NULL,
    -- Orders the events of one subject: whoever appends one holds the subject's row lock, so that
    -- positions of one subject are handed out in the order of their commits. (Ids cannot do this:
    -- within a millisecond they are random.)
    position bigint GENERATED ALWAYS AS IDENTITY,
    type text NOT NULL,
    -- the aggregate: an order, a stock row's variant, a payment; always on the same shard
    subject uuid NOT NULL,
    data jsonb NOT NULL,
    occurred_at timestamptz NOT NULL,
    published_at timestamptz,
    attempts smallint NOT NULL DEFAULT 0,
    next_attempt_at timestamptz,
    last_error text,
    dead boolean NOT NULL DEFAULT false,
    PRIMARY KEY (shard, id)
)
-- A queue: most rows are updated once soon after they were written.
WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

-- Two disjoint indexes: new events, and those that failed and wait for another try, with which all
-- events of their subject wait.
CREATE INDEX events_pending_idx ON outbox.events (position)
    WHERE published_at IS NULL AND NOT dead AND next_attempt_at IS NULL;
CREATE INDEX events_failing_idx ON outbox.events (position)
    WHERE published_at IS NULL AND NOT dead AND next_attempt_at IS NOT NULL;
CREATE INDEX events_dead_idx ON outbox.events (id) WHERE dead;
-- For forgetting: next to free to keep up, and rows lie in the order of time.
CREATE INDEX events_occurred_idx ON outbox.events USING brin (occurred_at);

-- Work to do later: mails and everything else that reaches outside.
CREATE TABLE outbox.jobs (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    payload jsonb NOT NULL,
    -- the event it came from: a job is made once an event
    event_id uuid,
    run_at timestamptz NOT NULL,
    attempts smallint NOT NULL DEFAULT 0,
    last_error text,
    -- while somebody works on it
    leased_until timestamptz,
    finished_at timestamptz,
    dead boolean NOT NULL DEFAULT false,
    CONSTRAINT jobs_once_an_event_key UNIQUE (event_id, kind)
);

CREATE INDEX jobs_due_idx ON outbox.jobs (run_at) WHERE finished_at IS NULL AND NOT dead;
CREATE INDEX jobs_dead_idx ON outbox.jobs (id) WHERE dead;

GRANT SELECT, INSERT, UPDATE, DELETE ON outbox.events, outbox.jobs TO oxcart_app;
