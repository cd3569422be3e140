#!/usr/bin/env bash
# What the column `shard` costs on one PostgreSQL: the same batches of orders into the hot tables as
# they are, and into copies without the column, in turns, in one run.
#
#   DATABASE_URL=postgres:///oxcart scripts/shard-cost.sh [rounds]
#
# Needs psql and a migrated database, in which it makes two schemas and drops them again; nothing else
# in it is read or written. What is measured is the processor's time of the server's own process
# (/proc/self/schedstat, which only a superuser may read), so that neighbours disturb it little.
set -euo pipefail

: "${DATABASE_URL:?names a migrated database, as its owner}"
rounds=${1:-11}

psql "$DATABASE_URL" -X -q -v ON_ERROR_STOP=1 -v rounds="$rounds" <<'SQL'
SET client_min_messages = warning;
-- The disk waits for both alike and would only hide the difference.
SET synchronous_commit = off;
DROP SCHEMA IF EXISTS cost_with CASCADE;
DROP SCHEMA IF EXISTS cost_without CASCADE;
CREATE SCHEMA cost_with;
CREATE SCHEMA cost_without;

-- Both copies are made the same way: the columns, the primary key, the fill factor, nothing else.
DO $$
DECLARE
    hot record;
    side record;
    columns text;
BEGIN
    FOR hot IN SELECT * FROM (VALUES
        ('inventory.stock', 'variant_id, warehouse_id', 50),
        ('inventory.movements', 'variant_id, warehouse_id, seq', 100),
        ('inventory.reservations', 'order_id, line_no, variant_id, warehouse_id', 90),
        ('orders.orders', 'id', 90),
        ('orders.lines', 'order_id, line_no', 100)) AS t (name, key, filled)
    LOOP
        SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO columns
          FROM pg_attribute
         WHERE attrelid = hot.name::regclass AND attnum > 0 AND NOT attisdropped
           AND attname <> 'shard';
        FOR side IN SELECT * FROM (VALUES ('cost_with', 'shard, '), ('cost_without', '')) AS s (name, shard)
        LOOP
            EXECUTE format('CREATE TABLE %s.%s WITH (fillfactor = %s) AS SELECT %s FROM %s WHERE false'
                , side.name, split_part(hot.name, '.', 2), hot.filled, side.shard || columns, hot.name);
            EXECUTE format('ALTER TABLE %s.%s ADD PRIMARY KEY (%s), SET (autovacuum_enabled = off)'
                , side.name, split_part(hot.name, '.', 2), side.shard || hot.key);
        END LOOP;
    END LOOP;
END $$;

CREATE TABLE cost_with.requests AS
SELECT batch, n, get_byte(uuid_send(variant_id), 15)::smallint & 63::smallint AS shard, variant_id
     -- As UUID v7: time first, then chance, the shard last.
     , encode(int8send(111111111111111111 + batch * 1000000 + n) || set_byte(substring(sha256(int8send(
         batch * 1000 + n)) FROM 1 FOR 8), 7, get_byte(uuid_send(variant_id), 15)), 'hex')::uuid AS order_id
  FROM generate_series(1, 40) AS batch CROSS JOIN generate_series(1, 500) AS n
 -- Half of the orders go for one variant, the others for 2,000.
 CROSS JOIN LATERAL (SELECT md5('v' || CASE WHEN n % 2 = 0 THEN 0 ELSE (batch * 7919 + n * 104729) % 2000 END)::uuid
    AS variant_id) AS v;
ANALYZE cost_with.requests;
INSERT INTO cost_with.stock (shard, variant_id, warehouse_id, total, available, reserved, sold, safety_stock, version)
SELECT DISTINCT shard, variant_id, md5('w')::uuid, 1000000, 1000000, 0, 0, 0, 1 FROM cost_with.requests;
INSERT INTO cost_without.stock (variant_id, warehouse_id, total, available, reserved, sold, safety_stock, version)
SELECT variant_id, warehouse_id, total, available, reserved, sold, safety_stock, version FROM cost_with.stock;
VACUUM ANALYZE cost_with.stock, cost_without.stock;

-- One batch, as the order engine does it: lock the stock rows in key order, write five tables with
-- one statement each. `${shard}` is the column with its comma, or nothing.
CREATE PROCEDURE cost_with.batches(side text) LANGUAGE plpgsql AS $$
DECLARE
    here text := 'cost_' || side;
    shard text := CASE side WHEN 'with' THEN 'shard, ' ELSE '' END;
    s text := CASE side WHEN 'with' THEN 's.shard, ' ELSE '' END;
    same text := CASE side WHEN 'with' THEN 's.shard = r.shard AND ' ELSE '' END;
    wanted text := 'FROM cost_with.requests AS r JOIN ' || here || '.stock AS s ON ' || same
        || 's.variant_id = r.variant_id WHERE r.batch = $1';
    statements text[] := ARRAY[
        format('SELECT count(*) FROM (SELECT 1 FROM %s.stock AS s WHERE (%s s.variant_id) IN (SELECT %s r.variant_id FROM cost_with.requests AS r WHERE r.batch = $1) ORDER BY s.variant_id, s.warehouse_id FOR UPDATE) AS held'
            , here, s, replace(s, 's.', 'r.')),
        format('INSERT INTO %s.orders (%s id, status, locale, contact_email, contact_phone, shipping_method, payment_method, currency, subtotal, discount, shipping_fee, total, reserved_until, created_at)
            SELECT %s r.order_id, ''pending_payment'', ''zh-TW'', ''a@example.com'', ''0912345678'', ''home_delivery'', ''ecpay_credit'', ''TWD'', 390, 0, 80, 470, now(), now() FROM cost_with.requests AS r WHERE r.batch = $1'
            , here, shard, replace(s, 's.', 'r.')),
        format('INSERT INTO %s.lines (%s order_id, line_no, variant_id, sku, name_zh, name_en, variant_name_zh, variant_name_en, quantity, unit_price, line_total)
            SELECT %s r.order_id, 1, r.variant_id, ''MUG-WHITE'', ''馬克杯'', ''Mug'', ''白'', ''White'', 1, 390, 390 FROM cost_with.requests AS r WHERE r.batch = $1'
            , here, shard, replace(s, 's.', 'r.')),
        format('INSERT INTO %s.reservations (%s order_id, line_no, warehouse_id, variant_id, quantity, available_before, status, expires_at, created_at)
            SELECT %s r.order_id, 1, s.warehouse_id, r.variant_id, 1, s.available, ''active'', now(), now() %s'
            , here, shard, s, wanted),
        format('INSERT INTO %s.movements (%s variant_id, warehouse_id, seq, kind, d_total, d_available, d_reserved, d_sold, available_after, reference_id, actor_kind, occurred_at)
            SELECT %s r.variant_id, s.warehouse_id, s.version + row_number() OVER (PARTITION BY r.variant_id), ''reserve'', 0, -1, 1, 0, s.available - 1, r.order_id, ''guest'', now() %s'
            , here, shard, s, wanted),
        format('UPDATE %s.stock AS s SET available = s.available - r.n, reserved = s.reserved + r.n, version = s.version + r.n
              FROM (SELECT %s variant_id, count(*)::int AS n FROM cost_with.requests WHERE batch = $1 GROUP BY %s variant_id) AS r
             WHERE %s s.variant_id = r.variant_id', here, shard, shard, same)];
    statement text;
BEGIN
    FOR batch IN 1..40 LOOP
        FOREACH statement IN ARRAY statements LOOP
            EXECUTE statement USING batch;
        END LOOP;
        COMMIT;
    END LOOP;
END $$;

CREATE FUNCTION cost_with.cpu() RETURNS float8 LANGUAGE sql VOLATILE AS
    $$ SELECT split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::float8 / 1e9 $$;
CREATE TABLE cost_with.times (side text, round int, seconds float8);
CREATE PROCEDURE cost_with.run(rounds int) LANGUAGE plpgsql AS $$
DECLARE
    side text;
    began float8;
BEGIN
    -- The first round warms up and is not counted. Each round begins with empty tables and goes the
    -- other way round.
    FOR round IN 0..rounds LOOP
        FOR turn IN 0..1 LOOP
            side := CASE WHEN (round + turn) % 2 = 0 THEN 'with' ELSE 'without' END;
            EXECUTE format('TRUNCATE cost_%1$s.orders, cost_%1$s.lines, cost_%1$s.reservations, cost_%1$s.movements', side);
            COMMIT;
            began := cost_with.cpu();
            CALL cost_with.batches(side);
            IF round > 0 THEN
                INSERT INTO cost_with.times VALUES (side, round, cost_with.cpu() - began);
            END IF;
            COMMIT;
        END LOOP;
    END LOOP;
END $$;
CALL cost_with.run(:rounds);

\echo 20,000 orders in batches of 500, each side:
SELECT side || ' shard' AS side, count(*) AS runs
     , (20000 / percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds))::int AS "orders per CPU second, median"
     , (20000 / max(seconds))::int AS "min", (20000 / min(seconds))::int AS "max"
  FROM cost_with.times GROUP BY side ORDER BY side;
\echo time with the column : without it, round by round:
SELECT round(percentile_cont(0.5) WITHIN GROUP (ORDER BY a.seconds / b.seconds)::numeric, 3) AS median
     , round(min(a.seconds / b.seconds)::numeric, 3) AS least, round(max(a.seconds / b.seconds)::numeric, 3) AS most
  FROM cost_with.times AS a JOIN cost_with.times AS b USING (round)
 WHERE a.side = 'with' AND b.side = 'without';
\echo bytes an order, rows and primary keys of the four tables it is written to:
SELECT relnamespace::regnamespace AS side
     , round(sum(pg_relation_size(oid)) FILTER (WHERE relkind = 'r') / 20000.0, 1) AS rows
     , round(sum(pg_relation_size(oid)) FILTER (WHERE relkind = 'i') / 20000.0, 1) AS keys
  FROM pg_class
 WHERE relnamespace IN ('cost_with'::regnamespace, 'cost_without'::regnamespace)
   AND relname ~ '^(orders|lines|reservations|movements)'
 GROUP BY 1 ORDER BY 1;
DROP SCHEMA cost_with CASCADE;
DROP SCHEMA cost_without CASCADE;
SQL
