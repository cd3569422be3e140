DROP TABLE outbox.schedule;
DROP INDEX outbox.jobs_finished_idx;
DROP TABLE outbox.inbox;
