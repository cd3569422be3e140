CREATE SCHEMA webhooks;
GRANT USAGE ON SCHEMA webhooks TO oxcart_app;

-- Whom to tell of events, and of which.
CREATE TABLE webhooks.endpoints (
    id uuid PRIMARY KEY,
    url text NOT NULL,
    description text NOT NULL,
    -- `*`, `order.*`, `order.paid`
    filters text[] NOT NULL CHECK (cardinality(filters) BETWEEN 1 AND 50),
    status text NOT NULL CHECK (status IN ('active', 'paused', 'disabled')),
    version bigint NOT NULL DEFAULT 1,
    created_by uuid NOT NULL,
    created_at timestamptz NOT NULL,
    -- since when nothing has arrived; null: the last one did
    failing_since timestamptz,
    -- attempts in a row that failed
    failures int NOT NULL DEFAULT 0 CHECK (failures >= 0),
    -- while it fails it is left in peace until then
    rests_until timestamptz,
    CHECK ((failures = 0) = (failing_since IS NULL))
) WITH (fillfactor = 50);

-- What its deliveries are signed with, sealed. Several while one follows another.
CREATE TABLE webhooks.secrets (
    id uuid PRIMARY KEY,
    endpoint_id uuid NOT NULL REFERENCES webhooks.endpoints ON DELETE CASCADE,
    sealed bytea NOT NULL,
    created_at timestamptz NOT NULL,
    ends_at timestamptz
);

CREATE INDEX secrets_endpoint_idx ON webhooks.secrets (endpoint_id);

-- Every move of an endpoint: append-only, and it outlives the endpoint.
CREATE TABLE webhooks.transitions (
    id uuid PRIMARY KEY,
    endpoint_id uuid NOT NULL,
    from_status text NOT NULL,
    to_status text NOT NULL,
    actor_kind text NOT NULL,
    actor_id uuid,
    reason text,
    at timestamptz NOT NULL
);

CREATE INDEX transitions_endpoint_idx ON webhooks.transitions (endpoint_id, id);

-- What is told: the bytes that are signed, once for all endpoints.
CREATE TABLE webhooks.messages (
    -- the event's; a test has one of its own
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    subject uuid NOT NULL,
    body text NOT NULL,
    occurred_at timestamptz NOT NULL
);

CREATE TABLE webhooks.deliveries (
    id uuid PRIMARY KEY,
    endpoint_id uuid NOT NULL REFERENCES webhooks.endpoints ON DELETE CASCADE,
    message_id uuid NOT NULL REFERENCES webhooks.messages,
    -- the message's, for lists
    kind text NOT NULL,
    occurred_at timestamptz NOT NULL,
    status text NOT NULL CHECK (status IN ('pending', 'delivered', 'failed')),
    attempts smallint NOT NULL DEFAULT 0,
    -- how many of them there were when it was begun anew
    attempts_before smallint NOT NULL DEFAULT 0,
    next_attempt_at timestamptz,
    -- while somebody is at it
    leased_until timestamptz,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    CONSTRAINT deliveries_once_key UNIQUE (endpoint_id, message_id),
    CHECK ((status = 'pending') = (next_attempt_at IS NOT NULL)),
    CHECK ((status = 'pending') = (finished_at IS NULL)),
    CHECK (attempts_before BETWEEN 0 AND attempts)
)
-- A queue at its young end.
WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

CREATE INDEX deliveries_due_idx ON webhooks.deliveries (endpoint_id, next_attempt_at)
    WHERE status = 'pending';
CREATE INDEX deliveries_list_idx ON webhooks.deliveries (endpoint_id, id);
CREATE INDEX deliveries_message_idx ON webhooks.deliveries (message_id);

-- Every attempt, and what came back: append-only, kept as long as its delivery.
CREATE TABLE webhooks.attempts (
    delivery_id uuid NOT NULL REFERENCES webhooks.deliveries ON DELETE CASCADE,
    number smallint NOT NULL CHECK (number > 0),
    at timestamptz NOT NULL,
    millis int NOT NULL CHECK (millis >= 0),
    -- of the answer; null: there was none
    status smallint,
    error text,
    -- the beginning of the answer's body
    reply text,
    PRIMARY KEY (delivery_id, number)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON webhooks.endpoints, webhooks.secrets, webhooks.deliveries
    TO oxcart_app;
GRANT SELECT, INSERT ON webhooks.transitions TO oxcart_app;
GRANT SELECT, INSERT, DELETE ON webhooks.messages, webhooks.attempts TO oxcart_app;
