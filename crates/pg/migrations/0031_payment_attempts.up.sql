-- What an attempt to pay needs beyond being written down: until when it can be paid, the code that was
-- issued for it, and when the provider is asked about it.
ALTER TABLE payments.attempts
    -- until when the buyer can pay by it, as they are told
    ADD COLUMN pay_until timestamptz,
    -- the code to pay by (virtual account, store code, barcodes), as crates/payments/src/code.rs writes it
    ADD COLUMN code jsonb,
    -- the provider's number of the card authorisation: card details and refunds need it
    ADD COLUMN card_auth_no bigint,
    -- of a method that is confirmed by hand: what has come so far, whole TWD
    ADD COLUMN received bigint NOT NULL DEFAULT 0,
    -- whether the provider can be asked what became of it; then its order is not expired unasked
    ADD COLUMN askable boolean NOT NULL DEFAULT false,
    -- when it is asked next; null: not again
    ADD COLUMN next_poll_at timestamptz,
    -- when the provider last said that it has no money for it
    ADD COLUMN answered_at timestamptz,
    ADD CONSTRAINT attempts_received_check CHECK (received BETWEEN 0 AND amount);

CREATE INDEX attempts_poll_idx ON payments.attempts (next_poll_at) WHERE next_poll_at IS NOT NULL;

-- Money that operations saw come in, for a method that is confirmed by hand; append-only.
CREATE TABLE payments.receipts (
    shard smallint NOT NULL,
    payment_id uuid NOT NULL,
    seq smallint NOT NULL,
    -- of whoever entered it: entered twice with one key, it came once
    idempotency_key uuid NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    currency text NOT NULL,
    -- what the bank's statement calls it
    reference text NOT NULL,
    actor_id uuid,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (shard, payment_id, seq),
    CONSTRAINT receipts_idempotency_key UNIQUE (shard, payment_id, idempotency_key)
);

-- What was posted to us as a notice and is not one: forged, or for somebody else. Anybody can write
-- here, so it is bounded and forgotten after a month.
CREATE TABLE payments.refused_notices (
    id uuid PRIMARY KEY,
    verdict text NOT NULL,
    body text NOT NULL,
    received_at timestamptz NOT NULL
);

CREATE INDEX refused_notices_received_idx ON payments.refused_notices (received_at);

GRANT SELECT, INSERT ON payments.receipts TO oxcart_app;
GRANT SELECT, INSERT, DELETE ON payments.refused_notices TO oxcart_app;

ALTER TABLE orders.orders
    -- null: it expires when its time is over. Else somebody may have money for it, and has to be asked
    -- first, not before this time.
    ADD COLUMN ask_at timestamptz,
    -- what the buyer was told when the order was placed, if its time was lengthened since
    ADD COLUMN first_reserved_until timestamptz;

CREATE INDEX orders_ask_idx ON orders.orders (ask_at)
    WHERE ask_at IS NOT NULL AND status IN ('pending_payment', 'payment_failed');

-- For how many minutes orders of a variant hold its stock, where that is shorter than the method of
-- payment allows: a variant in a flash sale.
ALTER TABLE catalog.variants
    ADD COLUMN reservation_minutes int CHECK (reservation_minutes BETWEEN 1 AND 43200);

-- What was begun before is asked about, too.
UPDATE payments.attempts
   SET askable = true
     , next_poll_at = CASE WHEN status IN ('created', 'pending', 'failed') THEN now() END
 WHERE provider = 'ecpay' AND status IN ('created', 'pending', 'failed', 'cancelled');
UPDATE orders.orders AS o
   SET ask_at = o.reserved_until
 WHERE o.status IN ('pending_payment', 'payment_failed')
   AND EXISTS (SELECT FROM payments.attempts AS a WHERE a.shard = o.shard AND a.order_id = o.id);
