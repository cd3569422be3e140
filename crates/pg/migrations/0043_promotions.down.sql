DELETE FROM orders.adjustments WHERE kind = 'promotion';
ALTER TABLE orders.adjustments
    DROP CONSTRAINT adjustments_source_check,
    DROP COLUMN promotion_id, DROP COLUMN name_zh, DROP COLUMN name_en,
    ADD CONSTRAINT adjustments_kind_check CHECK (kind IN ('coupon')),
    ADD CONSTRAINT adjustments_source_check CHECK (kind <> 'coupon' OR code IS NOT NULL);
REVOKE DELETE ON pricing.coupons FROM oxcart_app;
ALTER TABLE pricing.coupons DROP COLUMN version;
DROP TABLE pricing.promotions;
