-- One row an attempt. The provider's trade number is never used twice.
CREATE TABLE payments.attempts (
    shard smallint NOT NULL,
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    -- what the provider knows the attempt by; begins with the shard in two digits
    merchant_trade_no text NOT NULL,
    provider text NOT NULL,
    method text NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    currency text NOT NULL,
    status text NOT NULL CHECK (status IN ('created', 'pending', 'succeeded', 'failed',
        'cancelled', 'partially_refunded', 'refunded')),
    provider_trade_no text,
    failure_code text,
    failure_message text,
    -- false: a second success for an order that is paid already, or money that came when the
    -- stock was gone; it goes back
    kept boolean NOT NULL DEFAULT true,
    idempotency_key uuid NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    paid_at timestamptz,
    PRIMARY KEY (shard, id),
    CONSTRAINT attempts_merchant_trade_no_key UNIQUE (shard, merchant_trade_no),
    CONSTRAINT attempts_idempotency_key UNIQUE (shard, order_id, idempotency_key)
);

CREATE INDEX attempts_order_idx ON payments.attempts (shard, order_id);

-- At most one success an order is kept.
CREATE UNIQUE INDEX attempts_one_success_idx ON payments.attempts (shard, order_id)
    WHERE kept AND status IN ('succeeded', 'partially_refunded');

-- Money that came late or twice and has to go back.
CREATE TABLE payments.refunds (
    shard smallint NOT NULL,
    id uuid NOT NULL,
    payment_id uuid NOT NULL,
    order_id uuid NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    currency text NOT NULL,
    status text NOT NULL CHECK (status IN ('requested', 'approved', 'processing', 'succeeded',
        'failed', 'rejected')),
    reason text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (shard, id)
);

-- Every move of a payment, append-only.
CREATE TABLE payments.transitions (
    shard smallint NOT NULL,
    payment_id uuid NOT NULL,
    seq smallint NOT NULL,
    from_status text NOT NULL,
    to_status text NOT NULL,
    actor_kind text NOT NULL,
    actor_id uuid,
    reason text,
    occurred_at timestamptz NOT NULL,
    PRIMARY KEY (shard, payment_id, seq)
);

-- What the provider told us, word for word, append-only; also what was refused.
CREATE TABLE payments.notices (
    id uuid PRIMARY KEY,
    merchant_trade_no text,
    body text NOT NULL,
    verdict text NOT NULL,
    received_at timestamptz NOT NULL
);

GRANT SELECT, INSERT, UPDATE ON payments.attempts, payments.refunds TO oxcart_app;
GRANT SELECT, INSERT ON payments.transitions, payments.notices TO oxcart_app;
