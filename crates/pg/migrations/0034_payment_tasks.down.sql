DROP INDEX payments.attempts_paid_idx;
ALTER TABLE payments.attempts DROP COLUMN provider_fee;
DROP TABLE payments.reconciliations, payments.tasks;
