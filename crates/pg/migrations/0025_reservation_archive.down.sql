DROP VIEW inventory.every_reservation;

INSERT INTO inventory.reservations (shard, order_id, line_no, warehouse_id, variant_id, quantity
     , available_before, status, expires_at, created_at, closed_at)
SELECT shard, order_id, line_no, warehouse_id, variant_id, quantity
     , available_before, status, expires_at, created_at, closed_at
  FROM inventory.reservations_archive;

DROP TABLE inventory.reservations_archive;
ALTER TABLE inventory.reservations RESET (autovacuum_vacuum_scale_factor);
REVOKE DELETE ON inventory.reservations FROM oxcart_app;
