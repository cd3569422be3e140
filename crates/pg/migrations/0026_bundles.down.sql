-- Only where no order has a bundle: its reservations would not fit the old key.
DROP FUNCTION intake.allocate(intake.priced_line[], intake.demand[], inventory.stock[], uuid[]);
CREATE FUNCTION intake.allocate(lines intake.priced_line[], stock inventory.stock[], preference uuid[])
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
    line intake.priced_line;
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
      FROM (SELECT l.variant_id, sum(l.quantity) AS quantity FROM unnest(lines) AS l
             GROUP BY l.variant_id) AS asked;
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
        SELECT jsonb_agg(jsonb_build_object('index', l.line_no - 1, 'variant_id', l.variant_id
                 , 'sku', l.sku, 'requested', wanted[array_position(variants, l.variant_id)]
                 , 'available', free[array_position(variants, l.variant_id)]) ORDER BY l.line_no)
          INTO seen
          FROM unnest(lines) AS l WHERE l.variant_id = ANY (short);
        PERFORM intake.refuse('INVENTORY_SHORTAGE', 409, jsonb_build_object('shortages', seen)
            , 'There is not enough stock; nothing was ordered.');
    ELSIF frozen <> '{}' THEN
        PERFORM intake.refuse('STOCK_FROZEN', 409, jsonb_build_object('variant_ids', frozen)
            , 'The stock is being counted; nothing was ordered.');
    END IF;
    chosen := inventory.fewest_warehouses(wanted, offered, warehouses);
    FOREACH line IN ARRAY lines LOOP
        missing := line.quantity;
        variant := array_position(variants, line.variant_id);
        FOR number IN 1..cardinality(chosen) LOOP
            cell := (variant - 1) * warehouses + chosen[number];
            units := least(missing, offered[cell]);
            CONTINUE WHEN units = 0;
            spot := places[cell];
            takings := takings || (line.line_no, spot, units, offered[cell], stock[spot].version
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
              FROM (SELECT DISTINCT (item.value ->> 'variant_id')::uuid AS variant_id
                      FROM jsonb_array_elements(items) AS item) AS wanted
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
    takings := intake.allocate(lines, stock
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
                     'variant_id', r.variant_id, 'sku', l.sku, 'warehouse_id', r.warehouse_id
                   , 'quantity', r.quantity, 'available_before', r.available_before
                   , 'available_after', r.available_before - r.quantity)
                     ORDER BY r.line_no, r.available_before DESC, r.warehouse_id)
                  FROM inventory.reservations AS r
                  JOIN orders.lines AS l USING (shard, order_id, line_no)
                 WHERE r.shard = o.shard AND r.order_id = o.id))
      FROM orders.orders AS o
     WHERE o.shard = get_byte(uuid_send(placed.order_id), 15) & 63 AND o.id = placed.order_id
$$;

REVOKE EXECUTE ON FUNCTION intake.allocate(intake.priced_line[], inventory.stock[], uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION intake.allocate(intake.priced_line[], inventory.stock[], uuid[])
    TO oxcart_app;
DROP FUNCTION intake.demands(jsonb);
DROP TYPE intake.demand;
ALTER TABLE inventory.reservations
    DROP CONSTRAINT reservations_pkey,
    ADD PRIMARY KEY (shard, order_id, line_no, warehouse_id);
DROP TABLE orders.line_components;
DROP TRIGGER bundle_components_count_revision ON catalog.bundle_components;
DROP TABLE catalog.bundle_components;
