CREATE OR REPLACE FUNCTION intake.text_error(value text, kind text, longest int) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE kind
        WHEN 'text' THEN CASE
            WHEN value ~ '[\u0001-\u001f\u007f-\u009f]' THEN 'holds control characters'
            WHEN value = '' OR length(value) > longest
                THEN format('must have 1 to %s characters', longest)
            WHEN intake.trimmed(value) = '' THEN 'is blank' END
        WHEN 'long_text' THEN CASE
            WHEN value ~ '[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]'
                THEN 'holds control characters'
            WHEN length(value) > longest
                THEN format('must have at most %s characters', longest) END
        WHEN 'email' THEN CASE
            WHEN length(value) > longest OR value !~ ('^[A-Za-z0-9.!#$%&''*+/=?^_`{|}~-]{1,64}'
                || '@[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?'
                || '(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$')
                THEN 'is not an e-mail address' END
        WHEN 'phone' THEN CASE
            WHEN value !~ '^[0-9+() #-]{1,20}$'
                OR length(regexp_replace(value, '[^0-9]', '', 'g')) NOT BETWEEN 6 AND 15
                THEN 'is not a telephone number' END
        WHEN 'postal_code' THEN CASE
            WHEN value !~ '^[0-9]{3,6}$' THEN 'is not a postal code of 3 to 6 digits' END
        WHEN 'key' THEN CASE
            WHEN value !~ '^[!-~]{1,255}$' THEN 'must be 1 to 255 visible ASCII characters' END
        WHEN 'id' THEN CASE
            WHEN value !~* '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$' THEN 'is not a UUID' END
        WHEN 'locale' THEN CASE
            WHEN value NOT IN ('zh-TW', 'en') THEN 'must be zh-TW or en' END
        WHEN 'payment_method' THEN CASE
            WHEN value <> 'ecpay_credit' THEN 'there is no such payment method' END
    END;

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

DROP FUNCTION intake.reservation(intake.priced_line[], text, bigint, interval);
