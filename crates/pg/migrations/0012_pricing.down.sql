ALTER TABLE cart.carts DROP COLUMN coupon_code;
DROP SCHEMA pricing CASCADE;
