-- Stocktakes 盤點: counting, while nothing may be taken from what is counted (BR-007). Back office
-- only: no shard, and foreign keys may help.
CREATE TABLE inventory.stocktakes (
    id uuid PRIMARY KEY,
    -- what people call it
    number bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT stocktakes_number_key UNIQUE,
    warehouse_id uuid NOT NULL REFERENCES inventory.warehouses,
    status text NOT NULL CHECK (status IN ('open', 'review', 'posted', 'cancelled', 'expired')),
    -- how many people count each line
    counts_required smallint NOT NULL CHECK (counts_required IN (1, 2)),
    note text NOT NULL,
    -- the optimistic lock: counts the changes
    version bigint NOT NULL CHECK (version > 0),
    opened_by uuid NOT NULL,
    opened_at timestamptz NOT NULL,
    -- then it ends by itself, and its rows thaw
    expires_at timestamptz NOT NULL,
    closed_by uuid,
    closed_at timestamptz,
    close_reason text,
    CHECK ((status IN ('open', 'review')) = (closed_at IS NULL))
);

CREATE INDEX stocktakes_expiry_idx ON inventory.stocktakes (expires_at)
    WHERE status IN ('open', 'review');

CREATE TABLE inventory.stocktake_lines (
    stocktake_id uuid NOT NULL REFERENCES inventory.stocktakes ON DELETE CASCADE,
    variant_id uuid NOT NULL,
    -- total at the freeze
    expected int NOT NULL CHECK (expected >= 0),
    -- reserved + sold at the freeze
    promised int NOT NULL CHECK (promised >= 0),
    -- why it is left as it is
    skipped_reason text,
    -- what counts where people's counts disagree
    decided int CHECK (decided >= 0),
    decided_by uuid,
    -- what it was posted with
    posted int CHECK (posted >= 0),
    PRIMARY KEY (stocktake_id, variant_id),
    CHECK ((decided IS NULL) = (decided_by IS NULL))
);

-- Every count anybody entered: append-only.
CREATE TABLE inventory.stocktake_counts (
    stocktake_id uuid NOT NULL,
    variant_id uuid NOT NULL,
    round int NOT NULL CHECK (round > 0),
    counted int NOT NULL CHECK (counted >= 0),
    counted_by uuid NOT NULL,
    counted_at timestamptz NOT NULL,
    PRIMARY KEY (stocktake_id, variant_id, round),
    FOREIGN KEY (stocktake_id, variant_id) REFERENCES inventory.stocktake_lines ON DELETE CASCADE
);

GRANT SELECT, INSERT, UPDATE ON inventory.stocktakes, inventory.stocktake_lines TO oxcart_app;
GRANT SELECT, INSERT ON inventory.stocktake_counts TO oxcart_app;
