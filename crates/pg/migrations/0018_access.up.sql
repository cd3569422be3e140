CREATE SCHEMA access;
CREATE SCHEMA audit;
GRANT USAGE ON SCHEMA access, audit TO oxcart_app;

-- Sets of policies, as they were saved: never changed, never removed. Version 0 is in no table: it
-- is what the program ships with.
CREATE TABLE access.policy_sets (
    version int PRIMARY KEY CHECK (version > 0),
    -- [{"name": "warehouse.cedar", "text": "…"}]
    files jsonb NOT NULL CHECK (jsonb_typeof(files) = 'array'),
    comment text NOT NULL,
    author uuid NOT NULL,
    created_at timestamptz NOT NULL
);

-- Which set counted from when on: the last row counts now. Without a row, the shipped ones do.
CREATE TABLE access.activations (
    number int PRIMARY KEY CHECK (number > 0),
    version int NOT NULL CHECK (version >= 0),
    actor uuid NOT NULL,
    activated_at timestamptz NOT NULL
);

-- Questions that were asked lately, each once an hour, with how often: what a new set of policies is
-- tried with before it counts.
CREATE TABLE access.decisions (
    hour timestamptz NOT NULL,
    -- of the question and the answer
    digest bytea NOT NULL CHECK (length(digest) = 16),
    question jsonb NOT NULL,
    allowed boolean NOT NULL,
    times bigint NOT NULL CHECK (times > 0),
    PRIMARY KEY (hour, digest)
);

-- Every change made in the back office. Append-only: the server's role has no UPDATE or DELETE.
CREATE TABLE audit.entries (
    -- UUID v7: in the order of time
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    actor_kind text NOT NULL,
    actor_id uuid,
    -- how the actor came: session, api_key
    source text NOT NULL,
    action text NOT NULL,
    target_kind text NOT NULL,
    target_id text NOT NULL,
    before jsonb,
    after jsonb,
    reason text,
    ip inet,
    trace_id text NOT NULL
);

CREATE INDEX entries_target_idx ON audit.entries (target_kind, target_id, id);
CREATE INDEX entries_actor_idx ON audit.entries (actor_id, id);

GRANT SELECT, INSERT ON access.policy_sets, access.activations, audit.entries TO oxcart_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON access.decisions TO oxcart_app;
