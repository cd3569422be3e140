-- Which orders have been told what no event tells. A mark is written in the transaction that writes the
-- message's job, so each order is told once. They lie apart from the orders: placing and paying one
-- costs nothing more.
CREATE SCHEMA notifications;
GRANT USAGE ON SCHEMA notifications TO oxcart_app;

CREATE TABLE notifications.marks (
    shard smallint NOT NULL CHECK (shard BETWEEN 0 AND 63),
    order_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('received', 'ending')),
    -- the time it is told about: when it was placed; when its time to pay ends, which may be put off
    about timestamptz NOT NULL,
    marked_at timestamptz NOT NULL,
    PRIMARY KEY (shard, order_id, kind, about)
);

-- For forgetting: next to free to keep up, and rows lie in the order of time.
CREATE INDEX marks_marked_idx ON notifications.marks USING brin (marked_at);

GRANT SELECT, INSERT, DELETE ON notifications.marks TO oxcart_app;
