-- What somebody has to look at: a difference between our books and the provider's, money that has to
-- be transferred by hand, a provider that cannot be reached. A few a day: no shard.
CREATE TABLE payments.tasks (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('reconciliation_difference', 'bank_transfer_refund',
        'refund_failed', 'provider_unreachable')),
    -- what it is about, in words of its kind: the same is not opened twice
    reference text NOT NULL,
    order_id uuid,
    payment_id uuid,
    refund_id uuid,
    details jsonb NOT NULL,
    status text NOT NULL CHECK (status IN ('open', 'resolved')),
    -- the optimistic lock: counts the changes
    version bigint NOT NULL CHECK (version > 0),
    resolution text CHECK (resolution IN ('taken_as_paid', 'refunded', 'accepted', 'done')),
    note text,
    resolved_by_kind text,
    resolved_by uuid,
    created_at timestamptz NOT NULL,
    resolved_at timestamptz,
    CONSTRAINT tasks_resolved_check CHECK (CASE status WHEN 'open'
        THEN resolution IS NULL AND resolved_at IS NULL AND resolved_by_kind IS NULL
        ELSE resolution IS NOT NULL AND resolved_at IS NOT NULL AND resolved_by_kind IS NOT NULL END)
);

-- The same thing waits for people once.
CREATE UNIQUE INDEX tasks_open_idx ON payments.tasks (kind, reference) WHERE status = 'open';
CREATE INDEX tasks_reference_idx ON payments.tasks (kind, reference);
CREATE INDEX tasks_refund_idx ON payments.tasks (refund_id) WHERE status = 'open';

-- One row a day and provider: the daily comparison with its statements.
CREATE TABLE payments.reconciliations (
    provider text NOT NULL,
    -- the day in Taipei
    day date NOT NULL,
    status text NOT NULL CHECK (status IN ('asked', 'running', 'done', 'failed')),
    -- Who began last; only they write the outcome. The others were thought dead.
    fence bigint NOT NULL CHECK (fence > 0),
    leased_until timestamptz NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    -- times it could not be done, and the last reason
    failures smallint NOT NULL DEFAULT 0,
    failure text,
    -- payments of the day that were compared: at ours, at theirs
    ours int NOT NULL DEFAULT 0,
    theirs int NOT NULL DEFAULT 0,
    -- what differs: {"kind", "merchant_trade_no", …}, as of the last time it was done
    differences jsonb NOT NULL DEFAULT '[]',
    PRIMARY KEY (provider, day)
);

-- What the provider takes for a payment, in ten-thousandths of a TWD, as its statement had it first.
ALTER TABLE payments.attempts ADD COLUMN provider_fee bigint;

-- Ours of a day.
CREATE INDEX attempts_paid_idx ON payments.attempts (paid_at) WHERE paid_at IS NOT NULL;

GRANT SELECT, INSERT, UPDATE ON payments.tasks, payments.reconciliations TO oxcart_app;
