-- Transfers 調撥: goods on their way from one warehouse to another. Back office only, a few a day:
-- no shard, and foreign keys may help.
CREATE TABLE inventory.transfers (
    id uuid PRIMARY KEY,
    -- what people call it
    number bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT transfers_number_key UNIQUE,
    from_warehouse_id uuid NOT NULL REFERENCES inventory.warehouses,
    to_warehouse_id uuid NOT NULL REFERENCES inventory.warehouses,
    status text NOT NULL CHECK (status IN ('draft', 'in_transit', 'received', 'cancelled')),
    -- the optimistic lock: counts the changes
    version bigint NOT NULL CHECK (version > 0),
    note text NOT NULL,
    created_by uuid NOT NULL,
    created_at timestamptz NOT NULL,
    dispatched_at timestamptz,
    closed_at timestamptz,
    CONSTRAINT transfers_two_warehouses_check CHECK (from_warehouse_id <> to_warehouse_id),
    CHECK ((status IN ('received', 'cancelled')) = (closed_at IS NOT NULL)),
    CHECK (status <> 'draft' OR dispatched_at IS NULL),
    CHECK (status NOT IN ('in_transit', 'received') OR dispatched_at IS NOT NULL)
);

-- What of `sent` is neither received nor returned nor lost is in transit. Nothing vanishes.
CREATE TABLE inventory.transfer_lines (
    transfer_id uuid NOT NULL REFERENCES inventory.transfers ON DELETE CASCADE,
    variant_id uuid NOT NULL,
    quantity int NOT NULL CHECK (quantity > 0),
    -- all of the quantity, once it is dispatched
    sent int NOT NULL DEFAULT 0 CHECK (sent IN (0, quantity)),
    -- arrived where it was sent to
    received int NOT NULL DEFAULT 0 CHECK (received >= 0),
    -- went back to where it came from
    returned int NOT NULL DEFAULT 0 CHECK (returned >= 0),
    -- never arrived anywhere
    lost int NOT NULL DEFAULT 0 CHECK (lost >= 0),
    lost_reason text,
    PRIMARY KEY (transfer_id, variant_id),
    CONSTRAINT transfer_lines_sum_check CHECK (received + returned + lost <= sent),
    CHECK ((lost > 0) = (lost_reason IS NOT NULL))
);

CREATE INDEX transfer_lines_in_transit_idx ON inventory.transfer_lines (variant_id)
    WHERE received + returned + lost < sent;

GRANT SELECT, INSERT, UPDATE ON inventory.transfers TO oxcart_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON inventory.transfer_lines TO oxcart_app;
