DROP INDEX orders.orders_hold_phone_idx, orders.orders_hold_customer_idx;
ALTER TABLE orders.orders DROP COLUMN hold_phone, DROP COLUMN hold_customer;
