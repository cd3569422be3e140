-- Events become append-only: nothing is ever written on an event again. What has been taken of them
-- is known by a snapshot for each lane (crates/outbox/src/relay.rs says why that is enough), and the
-- few that are in trouble lie in a table of their own.
ALTER TABLE outbox.events RENAME TO events_before;
ALTER INDEX outbox.events_pkey RENAME TO events_before_pkey;
ALTER INDEX outbox.events_occurred_idx RENAME TO events_before_occurred_idx;
ALTER SEQUENCE outbox.events_position_seq RENAME TO events_before_position_seq;

CREATE TABLE outbox.events (
    shard smallint NOT NULL,
    -- the transaction that appended it
    tx xid8 NOT NULL DEFAULT pg_current_xact_id(),
    -- Orders the events of one subject: whoever appends one holds the subject's row lock, so that
    -- positions of one subject are handed out in the order of their commits. (Ids cannot do this:
    -- within a millisecond they are random.) The sequence must not be cached.
    position bigint GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME outbox.events_position_seq),
    id uuid NOT NULL,
    type text NOT NULL,
    -- the aggregate: an order, a stock row's variant, a payment; always on the same shard
    subject uuid NOT NULL,
    -- JSON, as the appender wrote it: nobody here looks into it
    data text NOT NULL,
    occurred_at timestamptz NOT NULL,
    PRIMARY KEY (shard, tx, position)
);

-- For forgetting: next to free to keep up, and rows lie in the order of time.
CREATE INDEX events_occurred_idx ON outbox.events USING brin (occurred_at);

-- One lane a shard. Taken of a lane is what is visible in `taken`, and what lies at or below
-- `floor` (see the relay about restored databases). Taken: handed over, wanted by nobody, or put
-- into outbox.deferred.
CREATE TABLE outbox.lanes (
    shard smallint PRIMARY KEY CHECK (shard BETWEEN 0 AND 63),
    taken pg_snapshot NOT NULL,
    -- no position up to this one was free any more when `taken` was made
    high bigint NOT NULL,
    floor bigint NOT NULL DEFAULT 0,
    -- the PostgreSQL cluster whose transactions `taken` speaks of
    cluster bigint NOT NULL
) WITH (fillfactor = 20);

-- Events taken but not handed over: they failed, or wait for one of their subject that failed, or
-- more came at once than one batch holds; and the dead. Self-contained: events may be forgotten.
CREATE TABLE outbox.deferred (
    shard smallint NOT NULL,
    position bigint NOT NULL,
    id uuid NOT NULL,
    type text NOT NULL,
    subject uuid NOT NULL,
    data text NOT NULL,
    occurred_at timestamptz NOT NULL,
    attempts smallint NOT NULL DEFAULT 0,
    -- not before this; null: as soon as nothing of its subject is before it
    next_attempt_at timestamptz,
    last_error text,
    dead boolean NOT NULL DEFAULT false,
    PRIMARY KEY (shard, position)
)
-- A queue: rows come and go.
WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

CREATE INDEX deferred_subject_idx ON outbox.deferred (shard, subject) WHERE NOT dead;
CREATE INDEX deferred_waiting_idx ON outbox.deferred (shard, next_attempt_at)
    WHERE NOT dead AND next_attempt_at IS NOT NULL;
CREATE INDEX deferred_dead_idx ON outbox.deferred (id) WHERE dead;

-- What `target` sees of a lane and `taken` did not. PostgreSQL puts it into the queries that use
-- it: two descents of the primary key for a lane that is idle.
CREATE FUNCTION outbox.untaken(lane smallint, taken pg_snapshot, floor bigint, target pg_snapshot)
    RETURNS SETOF outbox.events
    LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT e.shard, e.tx, e.position, e.id, e.type, e.subject, e.data, e.occurred_at
      FROM outbox.events AS e
     WHERE e.shard = untaken.lane AND e.tx = ANY (ARRAY(SELECT pg_snapshot_xip(untaken.taken)))
       AND e.position > untaken.floor AND pg_visible_in_snapshot(e.tx, untaken.target)
    UNION ALL
    SELECT e.shard, e.tx, e.position, e.id, e.type, e.subject, e.data, e.occurred_at
      FROM outbox.events AS e
     WHERE e.shard = untaken.lane AND e.tx >= pg_snapshot_xmax(untaken.taken)
       AND e.tx < pg_snapshot_xmax(untaken.target)
       AND e.position > untaken.floor AND pg_visible_in_snapshot(e.tx, untaken.target)
$$;

-- Transaction 1 is visible in every snapshot, and in '2:2:' nothing else is.
INSERT INTO outbox.lanes (shard, taken, high, cluster)
SELECT shard, '2:2:', (SELECT coalesce(max(position), 0) FROM outbox.events_before), system_identifier
  FROM generate_series(0, 63) AS shard CROSS JOIN pg_control_system();

INSERT INTO outbox.events (shard, tx, position, id, type, subject, data, occurred_at)
OVERRIDING SYSTEM VALUE
SELECT shard
     , CASE WHEN published_at IS NULL AND NOT dead AND next_attempt_at IS NULL
            THEN pg_current_xact_id() ELSE '1' END
     , position, id, type, subject, data::text, occurred_at
  FROM outbox.events_before ORDER BY position;

INSERT INTO outbox.deferred (shard, position, id, type, subject, data, occurred_at, attempts,
    next_attempt_at, last_error, dead)
SELECT shard, position, id, type, subject, data::text, occurred_at, attempts,
       CASE WHEN NOT dead THEN next_attempt_at END, last_error, dead
  FROM outbox.events_before
 WHERE published_at IS NULL AND (dead OR next_attempt_at IS NOT NULL);

SELECT setval('outbox.events_position_seq', last_value, is_called)
  FROM outbox.events_before_position_seq;

DROP TABLE outbox.events_before;

GRANT SELECT, INSERT, DELETE ON outbox.events TO oxcart_app;
GRANT SELECT ON SEQUENCE outbox.events_position_seq TO oxcart_app;
GRANT SELECT, UPDATE ON outbox.lanes TO oxcart_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON outbox.deferred TO oxcart_app;
