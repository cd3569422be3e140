-- What became of units an order bought: shipped, in as many parcels as it takes, and returned. Apart
-- from the reservation, which is closed when it is paid and may lie in an archive by then. The row
-- repeats the reservation's quantity, so that the database itself refuses one unit too many.
CREATE TABLE inventory.fulfilments (
    shard smallint NOT NULL,
    order_id uuid NOT NULL,
    line_no smallint NOT NULL,
    variant_id uuid NOT NULL,
    warehouse_id uuid NOT NULL,
    -- what was bought
    quantity int NOT NULL,
    -- of these, what left the warehouse
    shipped int NOT NULL,
    -- of these, what came back
    returned int NOT NULL DEFAULT 0,
    PRIMARY KEY (shard, order_id, line_no, variant_id, warehouse_id),
    CONSTRAINT fulfilments_order_check CHECK (0 <= returned AND returned <= shipped
        AND shipped <= quantity)
);

GRANT SELECT, INSERT, UPDATE ON inventory.fulfilments TO oxcart_app;
