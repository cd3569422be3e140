ALTER TABLE outbox.events RENAME TO events_after;
ALTER INDEX outbox.events_pkey RENAME TO events_after_pkey;
ALTER INDEX outbox.events_occurred_idx RENAME TO events_after_occurred_idx;
ALTER SEQUENCE outbox.events_position_seq RENAME TO events_after_position_seq;

-- As migration 0006 made it.
CREATE TABLE outbox.events (
    shard smallint NOT NULL,
    id uuid NOT NULL,
    position bigint GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME outbox.events_position_seq),
    type text NOT NULL,
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
WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

INSERT INTO outbox.events (shard, id, position, type, subject, data, occurred_at, attempts,
    next_attempt_at, last_error, dead)
OVERRIDING SYSTEM VALUE
SELECT shard, id, position, type, subject, data::jsonb, occurred_at, attempts, next_attempt_at,
       last_error, dead
  FROM outbox.deferred;

-- Pending is what its lane has not taken; everything else was published.
INSERT INTO outbox.events (shard, id, position, type, subject, data, occurred_at, published_at)
OVERRIDING SYSTEM VALUE
SELECT e.shard, e.id, e.position, e.type, e.subject, e.data::jsonb, e.occurred_at,
       CASE WHEN e.position <= l.floor OR (pg_visible_in_snapshot(e.tx, l.taken)
                AND (l.cluster = here.system_identifier OR e.position <= l.high))
            THEN e.occurred_at END
  FROM outbox.events_after AS e
  LEFT JOIN outbox.lanes AS l USING (shard)
 CROSS JOIN pg_control_system() AS here
 ORDER BY e.position
    ON CONFLICT (shard, id) DO NOTHING;

SELECT setval('outbox.events_position_seq', last_value, is_called)
  FROM outbox.events_after_position_seq;

CREATE INDEX events_pending_idx ON outbox.events (position)
    WHERE published_at IS NULL AND NOT dead AND next_attempt_at IS NULL;
CREATE INDEX events_failing_idx ON outbox.events (position)
    WHERE published_at IS NULL AND NOT dead AND next_attempt_at IS NOT NULL;
CREATE INDEX events_dead_idx ON outbox.events (id) WHERE dead;
CREATE INDEX events_occurred_idx ON outbox.events USING brin (occurred_at);

DROP FUNCTION outbox.untaken(smallint, pg_snapshot, bigint, pg_snapshot);
DROP TABLE outbox.events_after, outbox.lanes, outbox.deferred;

GRANT SELECT, INSERT, UPDATE, DELETE ON outbox.events TO oxcart_app;
