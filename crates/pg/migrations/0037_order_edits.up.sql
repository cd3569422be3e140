-- What operations changed of orders after they were placed: who, why, from what to what. Append-only.
CREATE TABLE orders.edits (
    shard smallint NOT NULL,
    order_id uuid NOT NULL,
    seq smallint NOT NULL,
    actor_kind text NOT NULL,
    actor_id uuid,
    reason text NOT NULL,
    occurred_at timestamptz NOT NULL,
    -- address, and the lines that changed
    before jsonb NOT NULL,
    after jsonb NOT NULL,
    -- whole units of the currency; of the first edit these are what the order was placed with
    subtotal_before bigint NOT NULL,
    discount_before bigint NOT NULL,
    total_before bigint NOT NULL,
    total_after bigint NOT NULL,
    -- what of the difference was paid already, and goes back
    refunded bigint NOT NULL CHECK (refunded >= 0),
    PRIMARY KEY (shard, order_id, seq),
    -- never upward
    CONSTRAINT edits_total_check CHECK (total_after <= total_before
        AND refunded IN (0, total_before - total_after))
);

-- What is left of lines that were cut; 0: the line was removed. The line itself stays as it was sold.
CREATE TABLE orders.cut_lines (
    shard smallint NOT NULL,
    order_id uuid NOT NULL,
    line_no smallint NOT NULL,
    quantity int NOT NULL CHECK (quantity >= 0),
    PRIMARY KEY (shard, order_id, line_no)
);

-- The lines as they are now.
CREATE VIEW orders.current_lines AS
    SELECT l.shard, l.order_id, l.line_no, l.variant_id, l.sku, l.name_zh, l.name_en
         , l.variant_name_zh, l.variant_name_en, coalesce(c.quantity, l.quantity) AS quantity
         , l.unit_price, l.unit_price * coalesce(c.quantity, l.quantity) AS line_total
      FROM orders.lines AS l
      LEFT JOIN orders.cut_lines AS c
             ON c.shard = l.shard AND c.order_id = l.order_id AND c.line_no = l.line_no
     WHERE c.quantity IS DISTINCT FROM 0;

-- Units that were given back of reservations before they were paid, and what the reservation was at
-- first: a replay of the order's first answer tells that.
CREATE TABLE inventory.reservation_cuts (
    shard smallint NOT NULL,
    order_id uuid NOT NULL,
    line_no smallint NOT NULL,
    variant_id uuid NOT NULL,
    warehouse_id uuid NOT NULL,
    original int NOT NULL,
    cut int NOT NULL,
    PRIMARY KEY (shard, order_id, line_no, variant_id, warehouse_id),
    CONSTRAINT reservation_cuts_check CHECK (0 < cut AND cut <= original)
);

GRANT SELECT, INSERT ON orders.edits TO oxcart_app;
GRANT SELECT, INSERT, UPDATE ON orders.cut_lines, inventory.reservation_cuts TO oxcart_app;
GRANT SELECT ON orders.current_lines TO oxcart_app;
-- What a cut order counts for limits.
GRANT UPDATE ON orders.purchases TO oxcart_app;
