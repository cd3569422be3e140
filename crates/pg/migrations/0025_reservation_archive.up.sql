-- Reservations that were closed long ago, out of the way of those at work (ADR 0019). The same rows:
-- a worker moves them here, and whoever has to change one takes it back first.
CREATE TABLE inventory.reservations_archive (
    LIKE inventory.reservations INCLUDING CONSTRAINTS,
    PRIMARY KEY (shard, order_id, line_no, variant_id, warehouse_id),
    CONSTRAINT reservations_archive_closed_check CHECK (closed_at IS NOT NULL)
);

-- Everything orders ever held, wherever it lies.
CREATE VIEW inventory.every_reservation AS
    SELECT shard, order_id, line_no, warehouse_id, variant_id, quantity, available_before, status
         , expires_at, created_at, closed_at
      FROM inventory.reservations
    UNION ALL
    SELECT shard, order_id, line_no, warehouse_id, variant_id, quantity, available_before, status
         , expires_at, created_at, closed_at
      FROM inventory.reservations_archive;

-- What was moved away leaves room behind, at the old end of the index: it is to be found again soon.
ALTER TABLE inventory.reservations SET (autovacuum_vacuum_scale_factor = 0.05);

GRANT DELETE ON inventory.reservations TO oxcart_app;
GRANT SELECT, INSERT, DELETE ON inventory.reservations_archive TO oxcart_app;
GRANT SELECT ON inventory.every_reservation TO oxcart_app;
