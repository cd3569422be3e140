DROP TABLE orders.adjustments;
DROP FUNCTION catalog.category_path(uuid);
ALTER TABLE pricing.coupons DROP COLUMN product_ids, DROP COLUMN category_ids;
