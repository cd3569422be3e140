-- Selling beyond stock 預購, off unless somebody says how many units: what is available goes first, the
-- rest waits in the variant's queue until stock comes in. Stock rows know nothing of it.
ALTER TABLE catalog.variants
    ADD COLUMN backorder_limit int NOT NULL DEFAULT 0
        CONSTRAINT variants_backorder_limit_check CHECK (backorder_limit BETWEEN 0 AND 1000000),
    -- what buyers are told: ships from …
    ADD COLUMN available_from date;

-- How many units of a variant wait, with the variant. The row is the lock of the variant's queue: it
-- is taken after the stock rows, in the order of the variants.
CREATE TABLE inventory.backorder_counts (
    shard smallint NOT NULL CHECK (shard BETWEEN 0 AND 63),
    variant_id uuid NOT NULL,
    waiting int NOT NULL DEFAULT 0 CONSTRAINT backorder_counts_waiting_check CHECK (waiting >= 0),
    -- the number of the last one in the queue
    last_seq bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (shard, variant_id)
) WITH (fillfactor = 50);

-- Units of a line that were sold beyond stock, on the order's shard, beside its reservations. Written
-- under the lock of the variant's queue.
CREATE TABLE inventory.backorders (
    shard smallint NOT NULL,
    order_id uuid NOT NULL,
    line_no smallint NOT NULL,
    variant_id uuid NOT NULL,
    -- its place in the variant's queue
    seq bigint NOT NULL,
    quantity int NOT NULL CHECK (quantity > 0),
    -- of these, how many have got nothing yet
    waiting int NOT NULL,
    status text NOT NULL CHECK (status IN ('waiting', 'filled', 'released', 'expired')),
    -- whether what it gets is sold at once
    paid boolean NOT NULL DEFAULT false,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    closed_at timestamptz,
    PRIMARY KEY (shard, order_id, line_no, variant_id),
    CHECK (waiting BETWEEN 0 AND quantity),
    CHECK ((status = 'filled') = (waiting = 0)),
    CHECK ((status = 'waiting') = (closed_at IS NULL))
);

CREATE INDEX backorders_queue_idx ON inventory.backorders (variant_id, seq) WHERE status = 'waiting';

-- What reservations got after their order was placed: the rest of them is what its buyer was told.
CREATE TABLE inventory.backorder_fills (
    shard smallint NOT NULL,
    order_id uuid NOT NULL,
    line_no smallint NOT NULL,
    variant_id uuid NOT NULL,
    warehouse_id uuid NOT NULL,
    quantity int NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (shard, order_id, line_no, variant_id, warehouse_id)
);

GRANT SELECT, INSERT, UPDATE ON inventory.backorder_counts, inventory.backorders
    , inventory.backorder_fills TO oxcart_app;
