ALTER TABLE payments.attempts DROP CONSTRAINT attempts_refunded_check, DROP COLUMN refunded;
DROP TABLE payments.refund_transitions, payments.refund_lines;
DROP INDEX payments.refunds_payment_idx, payments.refunds_order_idx, payments.refunds_list_idx;
ALTER TABLE payments.refunds
    DROP COLUMN version,
    DROP COLUMN automatic,
    DROP COLUMN requested_by_kind,
    DROP COLUMN requested_by,
    DROP COLUMN idempotency_key,
    DROP COLUMN fingerprint,
    DROP COLUMN by_hand,
    DROP COLUMN unclear,
    DROP COLUMN attempts,
    DROP COLUMN next_attempt_at,
    DROP COLUMN failure,
    DROP COLUMN bank_code,
    DROP COLUMN bank_account,
    DROP COLUMN bank_holder,
    DROP COLUMN reference,
    DROP COLUMN ended_at;
