CREATE OR REPLACE FUNCTION outbox.untaken(
    lane smallint, taken pg_snapshot, floor bigint, target pg_snapshot)
    RETURNS SETOF outbox.events
    LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT e.shard, e.tx, e.position, e.id, e.type, e.subject, e.data, e.occurred_at
      FROM outbox.events AS e
     WHERE e.shard = untaken.lane AND e.tx = ANY (ARRAY(SELECT pg_snapshot_xip(untaken.taken)))
       AND e.position > untaken.floor AND pg_visible_in_snapshot(e.tx, untaken.target)
    UNION ALL
    SELECT e.shard, e.tx, e.position, e.id, e.type, e.subject, e.data, e.occurred_at
      FROM outbox.events AS e
     WHERE e.shard = untaken.lane AND e.tx >= pg_snapshot_xmax(untaken.taken)
       AND e.tx < pg_snapshot_xmax(untaken.target)
       AND e.position > untaken.floor AND pg_visible_in_snapshot(e.tx, untaken.target)
$$;
