-- Events of transactions that were open when a lane was last marked are looked for one transaction at
-- a time, by the primary key. As a condition among others (`tx = ANY (…)`) PostgreSQL took it for a
-- filter while it had no statistics of the table, and read the whole lane in each round of a relay in
-- a shop that had just begun. `OFFSET 0` keeps the look a look: nothing is to be joined otherwise.
CREATE OR REPLACE FUNCTION outbox.untaken(
    lane smallint, taken pg_snapshot, floor bigint, target pg_snapshot)
    RETURNS SETOF outbox.events
    LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT e.shard, e.tx, e.position, e.id, e.type, e.subject, e.data, e.occurred_at
      FROM pg_snapshot_xip(untaken.taken) AS open (tx)
     CROSS JOIN LATERAL (
         SELECT * FROM outbox.events AS own
          WHERE own.shard = untaken.lane AND own.tx = open.tx AND own.position > untaken.floor
         OFFSET 0) AS e
     WHERE pg_visible_in_snapshot(open.tx, untaken.target)
    UNION ALL
    SELECT e.shard, e.tx, e.position, e.id, e.type, e.subject, e.data, e.occurred_at
      FROM outbox.events AS e
     WHERE e.shard = untaken.lane AND e.tx >= pg_snapshot_xmax(untaken.taken)
       AND e.tx < pg_snapshot_xmax(untaken.target)
       AND e.position > untaken.floor AND pg_visible_in_snapshot(e.tx, untaken.target)
$$;
