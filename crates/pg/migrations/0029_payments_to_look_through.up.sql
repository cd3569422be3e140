-- Operations look through attempts newest first, whatever shard they lie on, and most often through those
-- of one method that have no end yet: transfers that are awaited.
CREATE INDEX attempts_newest_idx ON payments.attempts (id DESC);
CREATE INDEX attempts_open_idx ON payments.attempts (method, id DESC)
    WHERE status IN ('created', 'pending');
