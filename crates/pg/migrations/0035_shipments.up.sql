-- Shipments 出貨單: an order's units in parcels, one warehouse each, on the order's shard. Written under
-- the lock of the order's row.
CREATE TABLE shipping.shipments (
    shard smallint NOT NULL CHECK (shard BETWEEN 0 AND 63),
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    -- 1, 2, 3, … of its order
    number smallint NOT NULL CHECK (number > 0),
    warehouse_id uuid NOT NULL,
    status text NOT NULL CONSTRAINT shipments_status_check CHECK (status IN ('pending',
        'ready_to_ship', 'shipped', 'delivered', 'returned', 'cancelled')),
    carrier text,
    tracking_number text,
    -- the optimistic lock: counts the changes
    version bigint NOT NULL CHECK (version > 0),
    created_at timestamptz NOT NULL,
    shipped_at timestamptz,
    delivered_at timestamptz,
    PRIMARY KEY (shard, id),
    CONSTRAINT shipments_number_key UNIQUE (shard, order_id, number),
    CHECK (tracking_number IS NULL OR carrier IS NOT NULL),
    CHECK (status NOT IN ('shipped', 'delivered') OR shipped_at IS NOT NULL),
    CHECK (status <> 'delivered' OR delivered_at IS NOT NULL)
);

-- Carriers know a parcel by its number alone.
CREATE INDEX shipments_tracking_idx ON shipping.shipments (tracking_number, carrier)
    WHERE tracking_number IS NOT NULL;
-- What a warehouse has to pack.
CREATE INDEX shipments_open_idx ON shipping.shipments (warehouse_id, id)
    WHERE status IN ('pending', 'ready_to_ship');

CREATE TABLE shipping.shipment_lines (
    shard smallint NOT NULL,
    shipment_id uuid NOT NULL,
    line_no smallint NOT NULL,
    -- of a bundle's line, one of its components
    variant_id uuid NOT NULL,
    quantity int NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (shard, shipment_id, line_no, variant_id)
);

-- Every move of a shipment, append-only; the first one comes from nowhere.
CREATE TABLE shipping.shipment_transitions (
    shard smallint NOT NULL,
    shipment_id uuid NOT NULL,
    seq smallint NOT NULL,
    from_status text,
    to_status text NOT NULL,
    actor_kind text NOT NULL,
    actor_id uuid,
    reason text,
    occurred_at timestamptz NOT NULL,
    PRIMARY KEY (shard, shipment_id, seq),
    CHECK ((seq = 1) = (from_status IS NULL))
);

-- When an order is completed by itself: everything is delivered, and the time for returns is over
-- then. Null while parcels are under way.
ALTER TABLE orders.orders ADD COLUMN completes_at timestamptz;
CREATE INDEX orders_completes_idx ON orders.orders (completes_at)
    WHERE status = 'shipped' AND completes_at IS NOT NULL;

-- Units that were paid for and given back before they left: counted as shipped and returned, because
-- that is how the ledger tells it, and here besides, because nobody ever had them.
ALTER TABLE inventory.fulfilments
    ADD COLUMN withdrawn int NOT NULL DEFAULT 0,
    ADD CONSTRAINT fulfilments_withdrawn_check CHECK (0 <= withdrawn AND withdrawn <= returned);

GRANT SELECT, INSERT, UPDATE ON shipping.shipments TO oxcart_app;
GRANT SELECT, INSERT ON shipping.shipment_lines, shipping.shipment_transitions TO oxcart_app;
