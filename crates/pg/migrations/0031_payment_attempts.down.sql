ALTER TABLE catalog.variants DROP COLUMN reservation_minutes;
DROP INDEX orders.orders_ask_idx;
ALTER TABLE orders.orders DROP COLUMN ask_at, DROP COLUMN first_reserved_until;
DROP TABLE payments.refused_notices, payments.receipts;
DROP INDEX payments.attempts_poll_idx;
ALTER TABLE payments.attempts
    DROP COLUMN pay_until, DROP COLUMN code, DROP COLUMN card_auth_no, DROP COLUMN received
  , DROP COLUMN askable, DROP COLUMN next_poll_at, DROP COLUMN answered_at;
