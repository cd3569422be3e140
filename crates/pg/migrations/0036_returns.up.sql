-- Returns 退貨: goods a customer sends back, on the order's shard. Written under the lock of the
-- order's row.
CREATE TABLE shipping.returns (
    shard smallint NOT NULL CHECK (shard BETWEEN 0 AND 63),
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    -- 1, 2, 3, … of its order
    number smallint NOT NULL CHECK (number > 0),
    status text NOT NULL CONSTRAINT returns_status_check CHECK (status IN ('requested', 'approved',
        'rejected', 'received', 'inspected', 'cancelled')),
    cause text NOT NULL CHECK (cause IN ('changed_mind', 'damaged', 'wrong_item',
        'not_as_described', 'undelivered', 'other')),
    -- in the customer's words
    reason text NOT NULL,
    -- what the customer is told about the decision
    answer text,
    -- what goes back for it, once it is inspected
    refund_id uuid,
    -- the optimistic lock: counts the changes
    version bigint NOT NULL CHECK (version > 0),
    requested_at timestamptz NOT NULL,
    closed_at timestamptz,
    PRIMARY KEY (shard, id),
    CONSTRAINT returns_number_key UNIQUE (shard, order_id, number),
    CHECK ((status IN ('rejected', 'inspected', 'cancelled')) = (closed_at IS NOT NULL)),
    CHECK (refund_id IS NULL OR status = 'inspected')
);

-- One at a time: what is under way is decided before more is asked for.
CREATE UNIQUE INDEX returns_one_open_idx ON shipping.returns (shard, order_id)
    WHERE status IN ('requested', 'approved', 'received');

-- Units of the order's lines; of a bundle's line, whole bundles.
CREATE TABLE shipping.return_lines (
    shard smallint NOT NULL,
    return_id uuid NOT NULL,
    line_no smallint NOT NULL,
    -- what is to come back
    quantity int NOT NULL CHECK (quantity > 0),
    -- what came
    received int NOT NULL DEFAULT 0,
    -- of these: in good order, on sale again
    restocked int NOT NULL DEFAULT 0,
    -- accepted, and not to be sold
    written_off int NOT NULL DEFAULT 0,
    -- not accepted: they go back to the customer
    refused int NOT NULL DEFAULT 0,
    -- what the inspection found
    finding text,
    PRIMARY KEY (shard, return_id, line_no),
    CONSTRAINT return_lines_sum_check CHECK (least(restocked, written_off, refused) >= 0
        AND restocked + written_off + refused IN (0, received)
        AND received BETWEEN 0 AND quantity)
);

CREATE TABLE shipping.return_pictures (
    shard smallint NOT NULL,
    return_id uuid NOT NULL,
    position smallint NOT NULL CHECK (position > 0),
    object_key text NOT NULL,
    width int NOT NULL,
    height int NOT NULL,
    added_at timestamptz NOT NULL,
    PRIMARY KEY (shard, return_id, position)
);

-- Every move of a return, append-only; the first one comes from nowhere.
CREATE TABLE shipping.return_transitions (
    shard smallint NOT NULL,
    return_id uuid NOT NULL,
    seq smallint NOT NULL,
    from_status text,
    to_status text NOT NULL,
    actor_kind text NOT NULL,
    actor_id uuid,
    reason text,
    occurred_at timestamptz NOT NULL,
    PRIMARY KEY (shard, return_id, seq),
    CHECK ((seq = 1) = (from_status IS NULL))
);

GRANT SELECT, INSERT, UPDATE ON shipping.returns, shipping.return_lines TO oxcart_app;
GRANT SELECT, INSERT ON shipping.return_pictures, shipping.return_transitions TO oxcart_app;
