CREATE TABLE inventory.warehouses (
    id uuid PRIMARY KEY,
    code text NOT NULL CONSTRAINT warehouses_code_key UNIQUE,
    name_zh text NOT NULL,
    name_en text NOT NULL,
    postal_code text NOT NULL,
    city text NOT NULL,
    district text NOT NULL,
    address1 text NOT NULL,
    latitude double precision NOT NULL,
    longitude double precision NOT NULL,
    -- lower goes first when two are equally near
    priority int NOT NULL,
    active boolean NOT NULL DEFAULT true
);

-- One row a variant and warehouse. `version` counts the movements of the row: it is both the
-- optimistic lock and the number of the last movement in the ledger.
-- fillfactor: the row is rewritten in place (HOT) all day long.
CREATE TABLE inventory.stock (
    shard smallint NOT NULL CHECK (shard BETWEEN 0 AND 63),
    variant_id uuid NOT NULL,
    warehouse_id uuid NOT NULL,
    total int NOT NULL DEFAULT 0,
    available int NOT NULL DEFAULT 0 CONSTRAINT stock_available_check CHECK (available >= 0),
    reserved int NOT NULL DEFAULT 0 CONSTRAINT stock_reserved_check CHECK (reserved >= 0),
    sold int NOT NULL DEFAULT 0 CONSTRAINT stock_sold_check CHECK (sold >= 0),
    safety_stock int NOT NULL DEFAULT 0 CHECK (safety_stock >= 0),
    -- the stocktake that holds the row (BR-007)
    frozen_by uuid,
    version bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (shard, variant_id, warehouse_id),
    CONSTRAINT stock_balance_check CHECK (total = available + reserved + sold)
) WITH (fillfactor = 50);

-- The ledger, append-only: `seq` is gapless in each stock row, and every balance is the sum of its
-- movements. `available_after` makes a single row explain itself.
CREATE TABLE inventory.movements (
    shard smallint NOT NULL,
    variant_id uuid NOT NULL,
    warehouse_id uuid NOT NULL,
    seq bigint NOT NULL,
    kind text NOT NULL CHECK (kind IN ('receive', 'reserve', 'release', 'confirm', 'ship',
        'return', 'adjust', 'transfer_out', 'transfer_in', 'freeze', 'thaw', 'safety_stock')),
    d_total int NOT NULL,
    d_available int NOT NULL,
    d_reserved int NOT NULL,
    d_sold int NOT NULL,
    available_after int NOT NULL,
    -- the order, receipt, stocktake or transfer behind it
    reference_id uuid,
    actor_kind text NOT NULL,
    actor_id uuid,
    reason text,
    occurred_at timestamptz NOT NULL,
    PRIMARY KEY (shard, variant_id, warehouse_id, seq),
    CONSTRAINT movements_balance_check CHECK (d_total = d_available + d_reserved + d_sold)
);

-- What an order holds, on the order's shard. At most one row a line and warehouse: an order cannot
-- deduct the same stock twice (BR-006).
CREATE TABLE inventory.reservations (
    shard smallint NOT NULL,
    order_id uuid NOT NULL,
    line_no smallint NOT NULL,
    warehouse_id uuid NOT NULL,
    variant_id uuid NOT NULL,
    quantity int NOT NULL CHECK (quantity > 0),
    -- what was available just before, for the order's answer and its replays
    available_before int NOT NULL,
    status text NOT NULL CHECK (status IN ('active', 'confirmed', 'released', 'expired')),
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    closed_at timestamptz,
    PRIMARY KEY (shard, order_id, line_no, warehouse_id),
    CHECK ((status = 'active') = (closed_at IS NULL))
) WITH (fillfactor = 90);

GRANT SELECT, INSERT, UPDATE, DELETE ON inventory.warehouses TO oxcart_app;
GRANT SELECT, INSERT, UPDATE ON inventory.stock, inventory.reservations TO oxcart_app;
GRANT SELECT, INSERT ON inventory.movements TO oxcart_app;
