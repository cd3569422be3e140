DROP INDEX payments.attempts_open_idx;
DROP INDEX payments.attempts_newest_idx;
