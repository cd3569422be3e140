DROP TABLE orders.idempotency_keys, orders.transitions, orders.lines, orders.orders;
