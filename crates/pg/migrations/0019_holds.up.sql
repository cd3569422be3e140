-- Under which names an order holds stock while nobody has paid for it: whoever orders (the account,
-- else the contact e-mail), and the telephone number, each as the first eight bytes of a hash
-- (crates/orders/src/holds.rs). Null: this order is not counted. Counted is what waits for money,
-- whenever somebody new orders under a name; what ended is in no index, and what is not counted never
-- was, so that it costs nothing.
ALTER TABLE orders.orders
    ADD COLUMN hold_customer bigint,
    ADD COLUMN hold_phone bigint;

CREATE INDEX orders_hold_customer_idx ON orders.orders (hold_customer)
    WHERE hold_customer IS NOT NULL AND status IN ('pending_payment', 'payment_failed');
CREATE INDEX orders_hold_phone_idx ON orders.orders (hold_phone)
    WHERE hold_phone IS NOT NULL AND status IN ('pending_payment', 'payment_failed');
