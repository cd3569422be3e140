-- Placing an order in SQL, for clients that speak to PostgreSQL itself (PostgREST, Supabase):
-- `public.create_order_with_inventory_deduction(customer jsonb, items jsonb)`. It follows the same
-- rules as the order engine (crates/intake) and leaves the same rows behind; a differential property
-- test (crates/intake/tests/function) holds the two together. How to call and to grant it:
-- docs/sql-orders.md.

CREATE SCHEMA intake;
GRANT USAGE ON SCHEMA intake TO oxcart_app;

-- Money, as it is written in JSON everywhere.
CREATE FUNCTION intake.money(amount bigint) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN jsonb_build_object('amount', amount, 'currency', 'TWD');

-- A time, as it is written in JSON everywhere: RFC 3339, UTC.
CREATE FUNCTION intake.rfc3339(at timestamptz) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN rtrim(rtrim(to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '0'), '.') || 'Z';

-- Ends the call with one of the codes of docs/errors. A SQLSTATE of PTnnn makes PostgREST answer with
-- HTTP status nnn.
CREATE FUNCTION intake.refuse(code text, status int, detail jsonb, hint text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION USING MESSAGE = code, DETAIL = detail::text, HINT = hint
        , ERRCODE = 'PT' || status;
END
$$;

-- White space at both ends is no part of a name or a street. (Control characters are refused.)
CREATE FUNCTION intake.trimmed(value text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN btrim(value, U&' \00A0\1680\2000\2001\2002\2003\2004\2005\2006\2007\2008\2009\200A\2028\2029\202F\205F\3000');

-- What is wrong with the text of a field; null: nothing.
CREATE FUNCTION intake.text_error(value text, kind text, longest int) RETURNS text
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

-- What is wrong with one field that holds a text.
CREATE FUNCTION intake.field_error(value jsonb, kind text, longest int, required boolean) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE coalesce(jsonb_typeof(value), 'null')
        WHEN 'null' THEN CASE WHEN required THEN 'is missing' END
        WHEN 'string' THEN intake.text_error(value #>> '{}', kind, longest)
        ELSE 'must be a text'
    END;

-- Everything that is wrong with the form of a request: an array of {"pointer", "detail"}. The rules
-- are those of POST /api/orders.
CREATE FUNCTION intake.form_errors(customer jsonb, items jsonb) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    errors jsonb;
BEGIN
    SELECT coalesce(jsonb_agg(jsonb_build_object('pointer', found.pointer, 'detail', found.detail)
                    ORDER BY found.part, found.place), '[]')
      INTO errors
      FROM (
        SELECT 1 AS part, field.place, field.pointer
             , intake.field_error(field.value, field.kind, field.longest, field.required) AS detail
          FROM (VALUES
            (1, '/customer/idempotency_key', customer -> 'idempotency_key', 'key', 255, false),
            (2, '/customer/customer_id', customer -> 'customer_id', 'id', 36, false),
            (3, '/customer/locale', customer -> 'locale', 'locale', 5, false),
            (4, '/customer/contact/email', customer #> '{contact,email}', 'email', 254, true),
            (5, '/customer/contact/phone', customer #> '{contact,phone}', 'phone', 20, true),
            (6, '/customer/shipping_address/name', customer #> '{shipping_address,name}', 'text', 60, true),
            (7, '/customer/shipping_address/phone', customer #> '{shipping_address,phone}', 'phone', 20, true),
            (8, '/customer/shipping_address/postal_code', customer #> '{shipping_address,postal_code}', 'postal_code', 6, true),
            (9, '/customer/shipping_address/city', customer #> '{shipping_address,city}', 'text', 30, true),
            (10, '/customer/shipping_address/district', customer #> '{shipping_address,district}', 'text', 30, true),
            (11, '/customer/shipping_address/address1', customer #> '{shipping_address,address1}', 'text', 120, true),
            -- An empty one is none at all.
            (12, '/customer/shipping_address/address2', nullif(customer #> '{shipping_address,address2}', '""'), 'text', 120, false),
            (13, '/customer/shipping_method', customer -> 'shipping_method', 'text', 60, true),
            (14, '/customer/payment_method', customer -> 'payment_method', 'payment_method', 60, true),
            (15, '/customer/coupon_code', customer -> 'coupon_code', 'text', 60, false),
            (16, '/customer/note', customer -> 'note', 'long_text', 500, false)
          ) AS field (place, pointer, value, kind, longest, required)
        UNION ALL
        SELECT 2, 0, form.pointer || '/' || given.name, 'is not a field'
          FROM (VALUES
            ('/customer', customer, ARRAY['idempotency_key', 'customer_id', 'locale', 'contact'
                , 'shipping_address', 'shipping_method', 'payment_method', 'coupon_code', 'note']),
            ('/customer/contact', customer -> 'contact', ARRAY['email', 'phone']),
            ('/customer/shipping_address', customer -> 'shipping_address', ARRAY['name', 'phone'
                , 'postal_code', 'city', 'district', 'address1', 'address2'])
          ) AS form (pointer, value, names)
         CROSS JOIN LATERAL jsonb_object_keys(CASE jsonb_typeof(form.value) WHEN 'object'
            THEN form.value ELSE '{}' END) AS given (name)
         WHERE given.name <> ALL (form.names)
        UNION ALL
        SELECT 3, 0, '/items', 'must be 1 to 50 items'
         WHERE CASE jsonb_typeof(items) WHEN 'array' THEN jsonb_array_length(items) ELSE 0 END
               NOT BETWEEN 1 AND 50
        UNION ALL
        SELECT 4, item.number::int, format('/items/%s%s', item.number - 1, wrong.field), wrong.detail
          FROM jsonb_array_elements(CASE jsonb_typeof(items) WHEN 'array' THEN items ELSE '[]' END)
               WITH ORDINALITY AS item (value, number)
         CROSS JOIN LATERAL (VALUES
            ('/variant_id', intake.field_error(item.value -> 'variant_id', 'id', 36, true)),
            ('/quantity', CASE WHEN coalesce(jsonb_typeof(item.value -> 'quantity'), '') <> 'number'
                OR (item.value ->> 'quantity') !~ '^[1-9][0-9]{0,2}$' THEN 'must be 1 to 999' END),
            ('/unit_price', CASE coalesce(jsonb_typeof(item.value -> 'unit_price'), 'null')
                WHEN 'null' THEN NULL
                WHEN 'object' THEN CASE WHEN jsonb_typeof(item.value #> '{unit_price,amount}') = 'number'
                    AND (item.value #>> '{unit_price,amount}') ~ '^([0-9]{1,12}|10{12})$'
                    AND (item.value -> 'unit_price') - 'amount' = '{"currency": "TWD"}'
                    THEN NULL ELSE 'must be {"amount": whole dollars, "currency": "TWD"}' END
                ELSE 'must be {"amount": whole dollars, "currency": "TWD"}' END),
            ('', CASE WHEN jsonb_typeof(item.value) <> 'object' THEN 'must be an object'
                ELSE CASE WHEN item.value - '{variant_id,quantity,unit_price}'::text[] <> '{}'
                    THEN 'must have variant_id, quantity and unit_price only' END END)
          ) AS wrong (field, detail)
      ) AS found
     WHERE found.detail IS NOT NULL;
    RETURN errors;
END
$$;

-- What the buyer is told: the order as it was placed, whatever happened since.
CREATE FUNCTION intake.placed(order_id uuid) RETURNS jsonb
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

-- A line of an order as the catalogue prices it at this moment.
CREATE TYPE intake.priced_line AS (
    line_no smallint, variant_id uuid, quantity int, seen_price bigint, sku text, name_zh text,
    name_en text, variant_name_zh text, variant_name_en text, unit_price bigint,
    purchase_limit int, sellable boolean);

-- Units that a line takes out of the stock row number `place`.
CREATE TYPE intake.taking AS (
    line_no smallint, place int, quantity int, available_before int, version bigint);

-- The lines asked for, priced; refuses what is not for sale.
CREATE FUNCTION intake.price_lines(items jsonb, at timestamptz) RETURNS intake.priced_line[]
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    lines intake.priced_line[];
    gone int;
BEGIN
    SELECT array_agg((item.number::smallint, asked.variant_id, (item.value ->> 'quantity')::int
             , (item.value #>> '{unit_price,amount}')::bigint, v.sku, p.name_zh, p.name_en, v.name_zh
             , v.name_en, v.price, v.purchase_limit
             , coalesce(v.active AND p.status = 'published' AND p.published_at <= at, false)
           )::intake.priced_line ORDER BY item.number)
      INTO lines
      FROM jsonb_array_elements(items) WITH ORDINALITY AS item (value, number)
     CROSS JOIN LATERAL (SELECT (item.value ->> 'variant_id')::uuid) AS asked (variant_id)
      LEFT JOIN catalog.variants AS v ON v.id = asked.variant_id
      LEFT JOIN catalog.products AS p ON p.id = v.product_id;
    SELECT min(l.line_no) INTO gone FROM unnest(lines) AS l WHERE NOT l.sellable;
    IF gone IS NOT NULL THEN
        PERFORM intake.refuse('PRODUCT_NOT_FOUND', 404, jsonb_build_object('errors'
            , jsonb_build_array(jsonb_build_object('pointer', format('/items/%s/variant_id', gone - 1)
                , 'detail', 'is not for sale'))), 'An item does not exist or is not for sale.');
    END IF;
    RETURN lines;
END
$$;

-- The answer a key has had before; null when it is new. Refuses a key of another request.
CREATE FUNCTION intake.known(asked_key uuid, print bytea) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    known record;
BEGIN
    SELECT k.order_id, k.fingerprint = print AS same INTO known
      FROM orders.idempotency_keys AS k WHERE k.key = asked_key
     ORDER BY (k.fingerprint = print) DESC LIMIT 1;
    IF known.same THEN
        RETURN intake.placed(known.order_id);
    ELSIF FOUND THEN
        PERFORM intake.refuse('IDEMPOTENCY_KEY_REUSED', 422, '{}'
            , 'The key was used for another request.');
    END IF;
    RETURN NULL;
END
$$;

-- The shipping fee; refuses coupons, prices the buyer did not see, and sums that cannot
-- be charged.
CREATE FUNCTION intake.shipping_fee(lines intake.priced_line[], customer jsonb) RETURNS bigint
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    largest CONSTANT bigint := 1000000000000;
    subtotal numeric;
    fee bigint;
    free_from bigint;
    changes jsonb;
BEGIN
    IF customer ->> 'coupon_code' IS NOT NULL THEN
        PERFORM intake.refuse('COUPON_INVALID', 422, '{"errors": [{"pointer": "/customer/coupon_code"
            , "detail": "coupons are not taken here"}]}', 'Order with a coupon through the API.');
    END IF;
    SELECT m.fee, m.free_from INTO fee, free_from
      FROM shipping.methods AS m WHERE m.code = customer ->> 'shipping_method' AND m.active;
    IF NOT FOUND THEN
        PERFORM intake.refuse('VALIDATION_FAILED', 422, '{"errors": [{"pointer": "/customer/shipping_method"
            , "detail": "there is no such shipping method"}]}', 'Some of the input is not valid.');
    END IF;
    SELECT sum(l.unit_price::numeric * l.quantity)
         , jsonb_agg(jsonb_build_object('index', l.line_no - 1, 'variant_id', l.variant_id
             , 'unit_price', intake.money(l.unit_price)) ORDER BY l.line_no)
             FILTER (WHERE l.seen_price <> l.unit_price)
      INTO subtotal, changes
      FROM unnest(lines) AS l;
    IF subtotal >= free_from THEN
        fee := 0;
    END IF;
    IF subtotal + fee <= largest AND changes IS NOT NULL THEN
        PERFORM intake.refuse('PRICE_CHANGED', 409, jsonb_build_object('lines', changes, 'total'
            , intake.money((subtotal + fee)::bigint)), 'Prices are not what the buyer saw.');
    END IF;
    -- Nothing to pay would mean nothing to confirm the order by.
    IF subtotal + fee NOT BETWEEN 1 AND largest THEN
        PERFORM intake.refuse('VALIDATION_FAILED', 422, '{"errors": [{"pointer": "/items"
            , "detail": "the total of such an order cannot be charged"}]}'
            , 'Some of the input is not valid.');
    END IF;
    RETURN fee;
END
$$;

-- Refuses what one buyer may not have so much of. The stock rows are locked: nobody else can buy or
-- give back these variants meanwhile.
CREATE FUNCTION intake.check_limits(lines intake.priced_line[], buyers uuid[]) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    over jsonb;
BEGIN
    SELECT jsonb_agg(jsonb_build_object('index', line.line_no - 1, 'variant_id', line.variant_id
             , 'sku', line.sku, 'requested', asked.quantity, 'limit', line.purchase_limit
             , 'left', greatest(line.purchase_limit - had.quantity, 0)) ORDER BY line.line_no)
      INTO over
      FROM unnest(lines) AS line
     CROSS JOIN LATERAL (SELECT sum(l.quantity) AS quantity FROM unnest(lines) AS l
                          WHERE l.variant_id = line.variant_id) AS asked
     CROSS JOIN LATERAL (
            SELECT coalesce(max(name.quantity), 0) AS quantity
              FROM (SELECT sum(p.quantity) AS quantity
                      FROM orders.purchases AS p
                     WHERE p.shard = get_byte(uuid_send(line.variant_id), 15) & 63
                       AND p.variant_id = line.variant_id AND p.buyer = ANY (buyers)
                     GROUP BY p.buyer) AS name) AS had
     WHERE line.purchase_limit IS NOT NULL AND had.quantity + asked.quantity > line.purchase_limit;
    IF over IS NOT NULL THEN
        PERFORM intake.refuse('PURCHASE_LIMIT_EXCEEDED', 409, jsonb_build_object('limits', over)
            , 'This is more than one customer may buy.');
    END IF;
END
$$;

-- Which units of the locked stock rows the lines take; refuses when there are too few. Demand for
-- the same variant on several lines is added up first.
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

-- Writes balances, movements and events of what a new order takes.
CREATE FUNCTION intake.save_stock(
    takings intake.taking[], stock inventory.stock[], order_id uuid, customer_id uuid, at timestamptz)
    RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    changed int;
BEGIN
    UPDATE inventory.stock AS s
       SET available = s.available - taken.units, reserved = s.reserved + taken.units
         , version = s.version + taken.movements
      FROM (SELECT t.place, sum(t.quantity) AS units, count(*) AS movements
              FROM unnest(takings) AS t GROUP BY t.place) AS taken
     WHERE s.shard = stock[taken.place].shard AND s.variant_id = stock[taken.place].variant_id
       AND s.warehouse_id = stock[taken.place].warehouse_id
       AND s.version = stock[taken.place].version;
    GET DIAGNOSTICS changed = ROW_COUNT;
    ASSERT changed = (SELECT count(DISTINCT t.place) FROM unnest(takings) AS t)
        , 'the stock rows are locked';
    INSERT INTO inventory.movements (shard, variant_id, warehouse_id, seq, kind, d_total, d_available
         , d_reserved, d_sold, available_after, reference_id, actor_kind, actor_id, occurred_at)
    SELECT stock[t.place].shard, stock[t.place].variant_id, stock[t.place].warehouse_id, t.version
         , 'reserve', 0, -t.quantity, t.quantity, 0, t.available_before - t.quantity, order_id
         , CASE WHEN customer_id IS NULL THEN 'guest' ELSE 'customer' END, customer_id, at
      FROM unnest(takings) AS t;
    -- The stock rows lie in key order, and so do their events.
    INSERT INTO outbox.events (shard, id, type, subject, data, occurred_at)
    SELECT held.shard, orders.new_id(at, NULL), event.type, held.variant_id, event.data, at
      FROM (SELECT t.place, sum(t.quantity) AS units, max(t.version) AS version
              FROM unnest(takings) AS t GROUP BY t.place) AS taken
     CROSS JOIN LATERAL (SELECT (stock[taken.place]).*) AS held
     CROSS JOIN LATERAL (VALUES
            (1, 'inventory.reserved', true, jsonb_build_object('variant_id', held.variant_id
                , 'warehouse_id', held.warehouse_id, 'quantity', taken.units
                , 'available', held.available - taken.units, 'version', taken.version)),
            (2, 'inventory.low_stock', held.available >= held.safety_stock
                AND held.available - taken.units < held.safety_stock
                , jsonb_build_object('variant_id', held.variant_id, 'warehouse_id', held.warehouse_id
                , 'available', held.available - taken.units, 'safety_stock', held.safety_stock))
           ) AS event (part, type, happened, data)
     WHERE event.happened
     ORDER BY event.part, taken.place;
END
$$;

-- The order itself: everything that was asked is valid in form.
CREATE FUNCTION intake.place(
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

-- It runs with the rights of `oxcart_app`, which may do exactly what the server may; so its callers
-- need no right on any table. `oxcart.reservation` says how long unpaid orders hold their stock, as
-- OXCART_RESERVATION_MINUTES does for the server: ALTER FUNCTION … SET oxcart.reservation = '…'.
CREATE FUNCTION public.create_order_with_inventory_deduction(customer jsonb, items jsonb)
    RETURNS jsonb
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET lock_timeout = '10s'
    SET oxcart.reservation = '30 minutes'
AS $$
DECLARE
    errors jsonb := CASE jsonb_typeof(customer) WHEN 'object' THEN intake.form_errors(customer, items)
        ELSE '[{"pointer": "/customer", "detail": "must be an object"}]' END;
BEGIN
    IF errors = '[]' AND customer ->> 'customer_id' IS NOT NULL AND NOT EXISTS (
        SELECT FROM identity.users AS u
         WHERE u.id = (customer ->> 'customer_id')::uuid AND u.active)
    THEN
        errors := '[{"pointer": "/customer/customer_id", "detail": "there is no such account"}]';
    END IF;
    IF errors <> '[]' THEN
        PERFORM intake.refuse('VALIDATION_FAILED', 422, jsonb_build_object('errors', errors)
            , 'Some of the input is not valid.');
    END IF;
    RETURN intake.place(customer, items, clock_timestamp()
        , current_setting('oxcart.reservation')::interval);
END
$$;

COMMENT ON FUNCTION public.create_order_with_inventory_deduction(jsonb, jsonb) IS
    'Places an order and holds its stock: all of it, or nothing (docs/sql-orders.md).';

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA intake FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION public.create_order_with_inventory_deduction(jsonb, jsonb) FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA intake TO oxcart_app;
GRANT EXECUTE ON FUNCTION public.create_order_with_inventory_deduction(jsonb, jsonb) TO oxcart_app;

-- The owner is who it runs as. An owner must be able to make things in the schema while it is given
-- them, and no longer.
GRANT CREATE ON SCHEMA public TO oxcart_app;
ALTER FUNCTION public.create_order_with_inventory_deduction(jsonb, jsonb) OWNER TO oxcart_app;
REVOKE CREATE ON SCHEMA public FROM oxcart_app;
