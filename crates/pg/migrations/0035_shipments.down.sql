ALTER TABLE inventory.fulfilments DROP COLUMN withdrawn;
ALTER TABLE orders.orders DROP COLUMN completes_at;
DROP TABLE shipping.shipment_transitions, shipping.shipment_lines, shipping.shipments;
