-- Refunds become a state machine of their own: requested → approved → processing → succeeded | failed;
-- requested → rejected; failed → processing. What the shop requests by itself is approved at once.
ALTER TABLE payments.refunds
    -- the optimistic lock: counts the changes
    ADD COLUMN version bigint NOT NULL DEFAULT 1,
    -- By itself, because money came late or twice. The default is for the previous version of the
    -- program, which knows no other refunds; they are adopted (approved) by the worker.
    ADD COLUMN automatic boolean NOT NULL DEFAULT true,
    ADD COLUMN requested_by_kind text NOT NULL DEFAULT 'system',
    ADD COLUMN requested_by uuid,
    -- the client's key for this request, and SHA-256 of what was asked with it
    ADD COLUMN idempotency_key uuid,
    ADD COLUMN fingerprint bytea,
    -- the provider cannot do it: somebody transfers the money
    ADD COLUMN by_hand boolean NOT NULL DEFAULT false,
    -- The provider may have been asked, and what came of it is not known. Set before it is asked.
    ADD COLUMN unclear boolean NOT NULL DEFAULT false,
    -- times the provider was asked, and when it is to be asked (again); null: not by itself
    ADD COLUMN attempts smallint NOT NULL DEFAULT 0,
    ADD COLUMN next_attempt_at timestamptz,
    -- why it failed, or what it waits for
    ADD COLUMN failure text,
    -- where a transfer goes
    ADD COLUMN bank_code text,
    ADD COLUMN bank_account text,
    ADD COLUMN bank_holder text,
    -- what shows that the money went: the provider's number, or that of the transfer
    ADD COLUMN reference text,
    ADD COLUMN ended_at timestamptz;

ALTER TABLE payments.refunds
    ADD CONSTRAINT refunds_version_check CHECK (version > 0) NOT VALID,
    ADD CONSTRAINT refunds_attempts_check CHECK (attempts >= 0) NOT VALID,
    ADD CONSTRAINT refunds_key_check
        CHECK ((idempotency_key IS NULL) = (fingerprint IS NULL)
               AND (fingerprint IS NULL OR length(fingerprint) = 32)) NOT VALID,
    ADD CONSTRAINT refunds_account_check
        CHECK ((bank_code IS NULL) = (bank_account IS NULL)
               AND (bank_code IS NULL) = (bank_holder IS NULL)) NOT VALID,
    ADD CONSTRAINT refunds_ended_check
        CHECK ((status IN ('succeeded', 'rejected')) = (ended_at IS NOT NULL)) NOT VALID;
ALTER TABLE payments.refunds VALIDATE CONSTRAINT refunds_version_check;
ALTER TABLE payments.refunds VALIDATE CONSTRAINT refunds_attempts_check;
ALTER TABLE payments.refunds VALIDATE CONSTRAINT refunds_key_check;
ALTER TABLE payments.refunds VALIDATE CONSTRAINT refunds_account_check;
ALTER TABLE payments.refunds VALIDATE CONSTRAINT refunds_ended_check;

CREATE INDEX refunds_payment_idx ON payments.refunds (shard, payment_id);
CREATE INDEX refunds_order_idx ON payments.refunds (shard, order_id);
CREATE UNIQUE INDEX refunds_key_idx ON payments.refunds (shard, order_id, idempotency_key);
-- What happened at the provider is told by what it has paid back in all: one at a time.
CREATE UNIQUE INDEX refunds_one_at_a_time_idx ON payments.refunds (shard, payment_id)
    WHERE status = 'processing' AND NOT by_hand;
-- What the workers look for.
CREATE INDEX refunds_due_idx ON payments.refunds (next_attempt_at)
    WHERE status IN ('approved', 'processing') AND next_attempt_at IS NOT NULL;
CREATE INDEX refunds_adopted_idx ON payments.refunds (created_at)
    WHERE status = 'requested' AND automatic;
-- What the back office lists, the newest first.
CREATE INDEX refunds_list_idx ON payments.refunds (id DESC);

-- What of which line is given back; none for a refund of an amount.
CREATE TABLE payments.refund_lines (
    shard smallint NOT NULL,
    refund_id uuid NOT NULL,
    line_no smallint NOT NULL,
    quantity int NOT NULL CHECK (quantity > 0),
    amount bigint NOT NULL CHECK (amount >= 0),
    PRIMARY KEY (shard, refund_id, line_no)
);

-- Every move of a refund, append-only.
CREATE TABLE payments.refund_transitions (
    shard smallint NOT NULL,
    refund_id uuid NOT NULL,
    seq smallint NOT NULL,
    from_status text NOT NULL,
    to_status text NOT NULL,
    actor_kind text NOT NULL,
    actor_id uuid,
    reason text,
    occurred_at timestamptz NOT NULL,
    PRIMARY KEY (shard, refund_id, seq)
);

-- What went back of an attempt's money: never more than came, and its status says the same.
ALTER TABLE payments.attempts ADD COLUMN refunded bigint NOT NULL DEFAULT 0;
ALTER TABLE payments.attempts
    ADD CONSTRAINT attempts_refunded_check
        CHECK (CASE status WHEN 'refunded' THEN refunded = amount
                           WHEN 'partially_refunded' THEN refunded > 0 AND refunded < amount
                           ELSE refunded = 0 END) NOT VALID;
ALTER TABLE payments.attempts VALIDATE CONSTRAINT attempts_refunded_check;

GRANT SELECT, INSERT ON payments.refund_lines, payments.refund_transitions TO oxcart_app;
