-- A bundle 組合商品 is a variant whose stock is other variants': it has none of its own, and an order of
-- it takes its components. No component is a bundle itself (catalog::put_bundle sees to that under
-- the locks of the variants' rows).
CREATE TABLE catalog.bundle_components (
    bundle_id uuid NOT NULL REFERENCES catalog.variants,
    component_id uuid NOT NULL REFERENCES catalog.variants,
    -- how many are in one bundle
    quantity int NOT NULL CHECK (quantity BETWEEN 1 AND 1000),
    PRIMARY KEY (bundle_id, component_id),
    CONSTRAINT bundle_components_itself_check CHECK (bundle_id <> component_id)
);

CREATE INDEX bundle_components_component_idx ON catalog.bundle_components (component_id);

CREATE TRIGGER bundle_components_count_revision
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON catalog.bundle_components
    FOR EACH STATEMENT EXECUTE FUNCTION catalog.count_revision();

-- What a line's bundle was made of at the moment of sale, with the names of that moment, on the
-- order's shard. Lines of ordinary variants have no row here.
CREATE TABLE orders.line_components (
    shard smallint NOT NULL,
    order_id uuid NOT NULL,
    line_no smallint NOT NULL,
    component_id uuid NOT NULL,
    sku text NOT NULL,
    name_zh text NOT NULL,
    name_en text NOT NULL,
    variant_name_zh text NOT NULL,
    variant_name_en text NOT NULL,
    -- in one bundle
    quantity int NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (shard, order_id, line_no, component_id)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON catalog.bundle_components TO oxcart_app;
GRANT SELECT, INSERT ON orders.line_components TO oxcart_app;

-- A bundle's line takes several variants of one warehouse. Still at most one row a line, variant and
-- warehouse: an order cannot deduct the same stock twice (BR-006). A program of the version before
-- takes and settles orders as ever; only money that comes late makes it fail, and such a notice is
-- delivered again.
ALTER TABLE inventory.reservations
    DROP CONSTRAINT reservations_pkey,
    ADD PRIMARY KEY (shard, order_id, line_no, variant_id, warehouse_id);

-- The order in SQL, with bundles. What is not repeated here is as in 0014.

-- Units of a variant that a line wants; `each` is how many are in one bundle, null of what is none.
CREATE TYPE intake.demand AS (line_no smallint, variant_id uuid, quantity int, each int);

-- What the lines asked for take out of stock: of a bundle, its components.
CREATE FUNCTION intake.demands(items jsonb) RETURNS intake.demand[]
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT array_agg((item.number::smallint, part.variant_id
             , (item.value ->> 'quantity')::int * coalesce(part.each, 1), part.each)::intake.demand
             ORDER BY item.number, part.variant_id)
      FROM jsonb_array_elements(items) WITH ORDINALITY AS item (value, number)
     CROSS JOIN LATERAL (SELECT (item.value ->> 'variant_id')::uuid) AS asked (variant_id)
     CROSS JOIN LATERAL (
            SELECT coalesce(c.component_id, asked.variant_id), c.quantity
              FROM (VALUES (asked.variant_id)) AS it (variant_id)
              LEFT JOIN catalog.bundle_components AS c ON c.bundle_id = it.variant_id
           ) AS part (variant_id, each)
$$;

-- What the buyer is told: the order as it was placed, whatever happened since.
CREATE OR REPLACE FUNCTION intake.placed(order_id uuid) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object(
               'id', o.id, 'number', orders.number_of(o.id), 'status', 'pending_payment'
             , 'items', (SELECT jsonb_agg(jsonb_build_object(
                     'line_no', l.line_no, 'variant_id', l.variant_id, 'sku', l.sku
                   , 'name', jsonb_build_object('zh_tw', l.name_zh, 'en', l.name_en)
                   , 'variant_name', jsonb_build_object('zh_tw', l.variant_name_zh, 'en', l.variant_name_en)
                   , 'quantity', l.quantity, 'unit_price', intake.money(l.unit_price)
                   , 'line_total', intake.money(l.line_total)) ORDER BY l.line_no)
                  FROM orders.lines AS l WHERE l.shard = o.shard AND l.order_id = o.id)
             , 'subtotal', intake.money(o.subtotal), 'discount', intake.money(o.discount)
             , 'shipping_fee', intake.money(o.shipping_fee), 'total', intake.money(o.total)
             , 'reserved_until', intake.rfc3339(o.reserved_until)
             , 'created_at', intake.rfc3339(o.created_at)
             , 'inventory_deduction_results', (SELECT jsonb_agg(jsonb_build_object(
                     'variant_id', r.variant_id, 'sku', coalesce(c.sku, l.sku)
                   , 'warehouse_id', r.warehouse_id
                   , 'quantity', r.quantity, 'available_before', r.available_before
                   , 'available_after', r.available_before - r.quantity)
                     ORDER BY r.line_no, r.variant_id, r.available_before DESC, r.warehouse_id)
                  FROM inventory.every_reservation AS r
                  JOIN orders.lines AS l USING (shard, order_id, line_no)
                  LEFT JOIN orders.line_components AS c ON c.shard = r.shard
                       AND c.order_id = r.order_id AND c.line_no = r.line_no
                       AND c.component_id = r.variant_id
                 WHERE r.shard = o.shard AND r.order_id = o.id))
      FROM orders.orders AS o
     WHERE o.shard = get_byte(uuid_send(placed.order_id), 15) & 63 AND o.id = placed.order_id
$$;

-- Which units of the locked stock rows the lines take; refuses when there are too few. Demand for
-- the same variant, of whatever lines and bundles, is added up first.
DROP FUNCTION intake.allocate(intake.priced_line[], inventory.stock[], uuid[]);
CREATE FUNCTION intake.allocate(lines intake.priced_line[], demands intake.demand[]
    , stock inventory.stock[], preference uuid[])
    RETURNS intake.taking[]
    LANGUAGE plpgsql IMMUTABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    warehouses CONSTANT int := cardinality(preference);
    variants uuid[];
    wanted bigint[];
    -- By variant and warehouse: what could be had, and in which stock row.
    offered int[];
    places int[];
    free bigint[];
    counted bigint[];
    short uuid[] := '{}';
    frozen uuid[] := '{}';
    chosen int[];
    takings intake.taking[] := '{}';
    demand intake.demand;
    variant int;
    cell int;
    missing int;
    units int;
    spot int;
    seen jsonb;
BEGIN
    SELECT array_agg(asked.variant_id ORDER BY asked.variant_id)
         , array_agg(asked.quantity ORDER BY asked.variant_id)
      INTO variants, wanted
      FROM (SELECT d.variant_id, sum(d.quantity) AS quantity FROM unnest(demands) AS d
             GROUP BY d.variant_id) AS asked;
    offered := array_fill(0, ARRAY[cardinality(variants) * warehouses]);
    places := offered;
    free := array_fill(0::bigint, ARRAY[cardinality(variants)]);
    counted := free;
    FOR number IN 1..cardinality(stock) LOOP
        variant := array_position(variants, stock[number].variant_id);
        cell := (variant - 1) * warehouses + array_position(preference, stock[number].warehouse_id);
        IF stock[number].frozen_by IS NOT NULL AND cell IS NOT NULL THEN
            counted[variant] := counted[variant] + stock[number].available;
        ELSIF cell IS NOT NULL THEN
            free[variant] := free[variant] + stock[number].available;
            offered[cell] := stock[number].available;
            places[cell] := number;
        END IF;
    END LOOP;
    FOR number IN 1..cardinality(variants) LOOP
        IF free[number] >= wanted[number] THEN
            CONTINUE;
        ELSIF free[number] + counted[number] >= wanted[number] THEN
            frozen := frozen || variants[number];
        ELSE
            short := short || variants[number];
        END IF;
    END LOOP;
    IF short <> '{}' THEN
        -- What is left for a line is what the order's other variants leave of it; of a bundle, as
        -- many as the scarcest of its components makes.
        SELECT jsonb_agg(jsonb_build_object('index', l.line_no - 1, 'variant_id', l.variant_id
                 , 'sku', l.sku, 'requested', asked.quantity, 'available', possible.units)
                 ORDER BY l.line_no)
          INTO seen
          FROM unnest(lines) AS l
         CROSS JOIN LATERAL (SELECT sum(same.quantity) AS quantity FROM unnest(lines) AS same
                              WHERE same.variant_id = l.variant_id) AS asked
         CROSS JOIN LATERAL (
                SELECT min(greatest(free[array_position(variants, d.variant_id)] - others.units, 0)
                           / coalesce(d.each, 1)) AS units
                  FROM unnest(demands) AS d
                 CROSS JOIN LATERAL (
                        SELECT coalesce(sum(e.quantity), 0)::bigint AS units
                          FROM unnest(demands) AS e
                          JOIN unnest(lines) AS other ON other.line_no = e.line_no
                         WHERE e.variant_id = d.variant_id
                           AND other.variant_id <> l.variant_id) AS others
                 WHERE d.line_no = l.line_no) AS possible
         WHERE EXISTS (SELECT FROM unnest(demands) AS d
                        WHERE d.line_no = l.line_no AND d.variant_id = ANY (short));
        PERFORM intake.refuse('INVENTORY_SHORTAGE', 409, jsonb_build_object('shortages', seen)
            , 'There is not enough stock; nothing was ordered.');
    ELSIF frozen <> '{}' THEN
        SELECT jsonb_agg(DISTINCT l.variant_id) INTO seen
          FROM unnest(lines) AS l
          JOIN unnest(demands) AS d ON d.line_no = l.line_no
         WHERE d.variant_id = ANY (frozen);
        PERFORM intake.refuse('STOCK_FROZEN', 409, jsonb_build_object('variant_ids', seen)
            , 'The stock is being counted; nothing was ordered.');
    END IF;
    chosen := inventory.fewest_warehouses(wanted, offered, warehouses);
    FOREACH demand IN ARRAY demands LOOP
        missing := demand.quantity;
        variant := array_position(variants, demand.variant_id);
        FOR number IN 1..cardinality(chosen) LOOP
            cell := (variant - 1) * warehouses + chosen[number];
            units := least(missing, offered[cell]);
            CONTINUE WHEN units = 0;
            spot := places[cell];
            takings := takings || (demand.line_no, spot, units, offered[cell], stock[spot].version
                + 1 + (SELECT count(*) FROM unnest(takings) AS t WHERE t.place = spot)
                )::intake.taking;
            offered[cell] := offered[cell] - units;
            missing := missing - units;
        END LOOP;
        ASSERT missing = 0, 'the warehouses were chosen to suffice';
    END LOOP;
    RETURN takings;
END
$$;

-- The order itself: everything that was asked is valid in form.
CREATE OR REPLACE FUNCTION intake.place(
    customer jsonb, items jsonb, at timestamptz, reservation interval) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    account CONSTANT uuid := customer ->> 'customer_id';
    email CONSTANT text := customer #>> '{contact,email}';
    address CONSTANT jsonb := customer -> 'shipping_address';
    -- Two buyers may choose the same key, and the API's keys are others.
    asked_key CONSTANT uuid := encode(set_bit(set_bit(set_byte(substring(sha256(
            convert_to('orders in sql', 'UTF8') || '\x00'
            || uuid_send(coalesce(account, '00000000-0000-0000-0000-000000000000'))
            || convert_to(customer ->> 'idempotency_key', 'UTF8')) FROM 1 FOR 16)
        , 6, 128), 71, 1), 70, 0), 'hex')::uuid;
    print CONSTANT bytea := sha256(convert_to(jsonb_build_array(
        customer - 'idempotency_key', items)::text, 'UTF8'));
    -- Read once: the rows that are locked are those that are taken from.
    demands CONSTANT intake.demand[] := intake.demands(items);
    lines intake.priced_line[];
    stock inventory.stock[];
    takings intake.taking[];
    fee bigint;
    goods bigint;
    home smallint;
    id uuid;
    answer jsonb;
BEGIN
    -- The stock rows come first, in key order: who waited for them sees all that was stored before.
    SELECT coalesce(array_agg(held.stock_row ORDER BY (held.stock_row).variant_id
             , (held.stock_row).warehouse_id), '{}')
      INTO stock
      FROM (SELECT s AS stock_row
              FROM (SELECT DISTINCT d.variant_id FROM unnest(demands) AS d) AS wanted
              JOIN inventory.stock AS s
                ON s.shard = get_byte(uuid_send(wanted.variant_id), 15) & 63
               AND s.variant_id = wanted.variant_id
             ORDER BY s.variant_id, s.warehouse_id
               FOR UPDATE OF s) AS held;
    answer := intake.known(asked_key, print);
    IF answer IS NOT NULL THEN
        RETURN answer;
    END IF;
    lines := intake.price_lines(items, at);
    PERFORM intake.check_limits(lines, ARRAY[account, orders.buyer_of_email(email)]);
    fee := intake.shipping_fee(lines, customer);
    goods := (SELECT sum(l.unit_price * l.quantity) FROM unnest(lines) AS l);
    takings := intake.allocate(lines, demands, stock
        , inventory.preference(customer #>> '{shipping_address,postal_code}'));
    home := get_byte(uuid_send(lines[1].variant_id), 15) & 63;
    id := orders.new_id(at, home);
    IF asked_key IS NOT NULL THEN
        INSERT INTO orders.idempotency_keys (key, shard, fingerprint, order_id, created_at)
        VALUES (asked_key, home, print, id, at) ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            -- Another transaction stored it after we looked: nothing is written yet.
            RETURN intake.known(asked_key, print);
        END IF;
    END IF;
    INSERT INTO orders.orders (shard, id, status, customer_id, locale, contact_email, contact_phone
         , ship_name, ship_phone, ship_postal_code, ship_city, ship_district, ship_address1
         , ship_address2, shipping_method, payment_method, note, currency, subtotal, discount
         , shipping_fee, total, reserved_until, created_at)
    VALUES (home, id, 'pending_payment', account, coalesce(customer ->> 'locale', 'zh-TW'), email
         , customer #>> '{contact,phone}', intake.trimmed(address ->> 'name'), address ->> 'phone'
         , address ->> 'postal_code', address ->> 'city', address ->> 'district'
         , intake.trimmed(address ->> 'address1'), nullif(address ->> 'address2', '')
         , customer ->> 'shipping_method', customer ->> 'payment_method', customer ->> 'note', 'TWD'
         , goods, 0, fee, goods + fee, at + reservation, at);
    INSERT INTO orders.lines (shard, order_id, line_no, variant_id, sku, name_zh, name_en
         , variant_name_zh, variant_name_en, quantity, unit_price, line_total)
    SELECT home, id, l.line_no, l.variant_id, l.sku, l.name_zh, l.name_en, l.variant_name_zh
         , l.variant_name_en, l.quantity, l.unit_price, l.unit_price * l.quantity
      FROM unnest(lines) AS l;
    INSERT INTO orders.line_components (shard, order_id, line_no, component_id, sku, name_zh, name_en
         , variant_name_zh, variant_name_en, quantity)
    SELECT home, id, d.line_no, d.variant_id, part.sku, part.name_zh, part.name_en
         , part.variant_name_zh, part.variant_name_en, d.each
      FROM unnest(demands) AS d
      JOIN (SELECT v.id AS variant_id, v.sku, p.name_zh, p.name_en, v.name_zh AS variant_name_zh
                 , v.name_en AS variant_name_en
              FROM catalog.variants AS v JOIN catalog.products AS p ON p.id = v.product_id
           ) AS part USING (variant_id)
     WHERE d.each IS NOT NULL;
    INSERT INTO orders.purchases (shard, variant_id, buyer, order_id, quantity)
    SELECT get_byte(uuid_send(l.variant_id), 15) & 63, l.variant_id, name.buyer, id, sum(l.quantity)
      FROM unnest(lines) AS l
     CROSS JOIN (SELECT account UNION SELECT orders.buyer_of_email(email)) AS name (buyer)
     WHERE l.purchase_limit IS NOT NULL AND name.buyer IS NOT NULL
     GROUP BY l.variant_id, name.buyer;
    INSERT INTO inventory.reservations (shard, order_id, line_no, warehouse_id, variant_id, quantity
         , available_before, status, expires_at, created_at)
    SELECT home, id, t.line_no, stock[t.place].warehouse_id, stock[t.place].variant_id, t.quantity
         , t.available_before, 'active', at + reservation, at
      FROM unnest(takings) AS t;
    INSERT INTO outbox.events (shard, id, type, subject, data, occurred_at)
    SELECT home, orders.new_id(at, NULL), 'order.created', id, jsonb_build_object(
               'order_id', id, 'number', orders.number_of(id), 'customer_id', account
             , 'total', intake.money(goods + fee), 'lines', jsonb_agg(jsonb_build_object('variant_id'
                 , l.variant_id, 'sku', l.sku, 'quantity', l.quantity) ORDER BY l.line_no)
             , 'reserved_until', intake.rfc3339(at + reservation)), at
      FROM unnest(lines) AS l;
    PERFORM intake.save_stock(takings, stock, id, account, at);
    RETURN intake.placed(id);
END
$$;

REVOKE EXECUTE ON FUNCTION intake.demands(jsonb) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION intake.allocate(intake.priced_line[], intake.demand[], inventory.stock[]
    , uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION intake.demands(jsonb) TO oxcart_app;
GRANT EXECUTE ON FUNCTION intake.allocate(intake.priced_line[], intake.demand[], inventory.stock[]
    , uuid[]) TO oxcart_app;
