-- An order lies on the shard of its first variant, and its id carries that shard.
CREATE TABLE orders.orders (
    shard smallint NOT NULL CHECK (shard BETWEEN 0 AND 63),
    id uuid NOT NULL,
    status text NOT NULL CONSTRAINT orders_status_check CHECK (status IN ('pending_payment',
        'payment_failed', 'paid', 'preparing_shipment', 'shipped', 'completed', 'cancelled',
        'refund_requested', 'refund_rejected', 'refunded', 'return_requested', 'returned')),
    customer_id uuid,
    locale text NOT NULL,
    contact_email text NOT NULL,
    contact_phone text NOT NULL,
    -- {"name", "phone", "postal_code", "city", "district", "address1", "address2"}
    shipping_address jsonb NOT NULL,
    shipping_method text NOT NULL,
    payment_method text NOT NULL,
    coupon_code text,
    note text,
    currency text NOT NULL,
    -- whole units of the currency
    subtotal bigint NOT NULL CHECK (subtotal >= 0),
    discount bigint NOT NULL CHECK (discount >= 0),
    shipping_fee bigint NOT NULL CHECK (shipping_fee >= 0),
    total bigint NOT NULL,
    reserved_until timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    paid_at timestamptz,
    PRIMARY KEY (shard, id),
    CONSTRAINT orders_total_check CHECK (total = subtotal - discount + shipping_fee AND total >= 0)
) WITH (fillfactor = 90);

-- Expiry looks only at what is waiting for money.
CREATE INDEX orders_waiting_idx ON orders.orders (reserved_until)
    WHERE status IN ('pending_payment', 'payment_failed');
CREATE INDEX orders_customer_idx ON orders.orders (customer_id, id DESC)
    WHERE customer_id IS NOT NULL;

-- A line keeps the names and prices of the moment of sale: the catalogue may change afterwards.
CREATE TABLE orders.lines (
    shard smallint NOT NULL,
    order_id uuid NOT NULL,
    line_no smallint NOT NULL,
    variant_id uuid NOT NULL,
    sku text NOT NULL,
    name_zh text NOT NULL,
    name_en text NOT NULL,
    variant_name_zh text NOT NULL,
    variant_name_en text NOT NULL,
    quantity int NOT NULL CHECK (quantity > 0),
    unit_price bigint NOT NULL CHECK (unit_price >= 0),
    line_total bigint NOT NULL,
    PRIMARY KEY (shard, order_id, line_no),
    CONSTRAINT lines_total_check CHECK (line_total = unit_price * quantity)
);

-- Every move of the state machine, append-only.
CREATE TABLE orders.transitions (
    shard smallint NOT NULL,
    order_id uuid NOT NULL,
    seq smallint NOT NULL,
    from_status text NOT NULL,
    to_status text NOT NULL,
    actor_kind text NOT NULL,
    actor_id uuid,
    reason text,
    occurred_at timestamptz NOT NULL,
    PRIMARY KEY (shard, order_id, seq)
);

-- Keys of accepted orders. The key comes first (not the shard) so that its re-use with another
-- body, whose first variant may lie elsewhere, is seen on whatever shard it lies (ADR 0004).
CREATE TABLE orders.idempotency_keys (
    key uuid NOT NULL,
    shard smallint NOT NULL,
    -- SHA-256 of the caller and the body
    fingerprint bytea NOT NULL CHECK (length(fingerprint) = 32),
    order_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (key, shard)
);

GRANT SELECT, INSERT, UPDATE ON orders.orders TO oxcart_app;
GRANT SELECT, INSERT ON orders.lines, orders.transitions TO oxcart_app;
GRANT SELECT, INSERT, DELETE ON orders.idempotency_keys TO oxcart_app;
