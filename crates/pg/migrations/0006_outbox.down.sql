DROP TABLE outbox.jobs, outbox.events;
