-- What a coupon is for: these products, and everything in these categories and below them. With
-- nothing of either, everything. Ids of the catalogue, of which this module knows nothing more.
ALTER TABLE pricing.coupons
    ADD COLUMN product_ids uuid[] NOT NULL DEFAULT '{}',
    ADD COLUMN category_ids uuid[] NOT NULL DEFAULT '{}',
    ADD CONSTRAINT coupons_scope_check
        CHECK (cardinality(product_ids) <= 200 AND cardinality(category_ids) <= 200);

-- A category and all that it lies in, itself first.
CREATE FUNCTION catalog.category_path(category uuid) RETURNS uuid[]
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE path (id, parent_id, depth) AS (
        SELECT c.id, c.parent_id, 0 FROM catalog.categories AS c WHERE c.id = category
        UNION ALL
        SELECT c.id, c.parent_id, p.depth + 1
          FROM path AS p JOIN catalog.categories AS c ON c.id = p.parent_id
         -- there are no circles; if there were one, nobody would wait for ever
         WHERE p.depth < 100
    )
    SELECT coalesce(array_agg(id ORDER BY depth), '{}') FROM path
$$;

REVOKE EXECUTE ON FUNCTION catalog.category_path(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION catalog.category_path(uuid) TO oxcart_app;

-- What was taken off an order, by what and of which line, on the order's shard. Orders that got nothing
-- have no row here. Append-only: an edit of the order writes what it changes anew.
CREATE TABLE orders.adjustments (
    shard smallint NOT NULL,
    order_id uuid NOT NULL,
    -- in the order of evaluation, from 1
    position smallint NOT NULL CHECK (position > 0),
    -- 0: the fee for shipping
    line_no smallint NOT NULL CHECK (line_no >= 0),
    -- 0: as the order was placed; counted up by its edits. The last one of a line holds.
    edition smallint NOT NULL CHECK (edition >= 0),
    kind text NOT NULL CONSTRAINT adjustments_kind_check CHECK (kind IN ('coupon')),
    code text,
    -- whole units of the currency; 0: an edit has left nothing of it
    amount bigint NOT NULL CHECK (amount >= 0),
    PRIMARY KEY (shard, order_id, position, line_no, edition),
    CONSTRAINT adjustments_first_check CHECK (edition > 0 OR amount > 0),
    CONSTRAINT adjustments_source_check CHECK (kind <> 'coupon' OR code IS NOT NULL)
);

GRANT SELECT, INSERT ON orders.adjustments TO oxcart_app;
