DROP TABLE inventory.backorder_fills;
DROP TABLE inventory.backorders;
DROP TABLE inventory.backorder_counts;
ALTER TABLE catalog.variants
    DROP COLUMN available_from,
    DROP COLUMN backorder_limit;
