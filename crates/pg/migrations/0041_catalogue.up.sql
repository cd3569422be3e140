-- The catalogue as it is worked with: categories as a tree, addresses that go on working when slugs
-- change, descriptions with formatting, tags, bar codes, products that go together, and versions, so
-- that nobody overwrites what they have not seen.

ALTER TABLE catalog.categories
    -- null: a shelf of its own. That no category is below itself is seen by whoever moves one, under the
    -- lock of catalog.revision.
    ADD COLUMN parent_id uuid REFERENCES catalog.categories,
    ADD COLUMN version bigint NOT NULL DEFAULT 1,
    ADD CONSTRAINT categories_own_parent CHECK (parent_id <> id);

CREATE INDEX categories_parent_idx ON catalog.categories (parent_id);

ALTER TABLE catalog.products
    -- What may stand in a page as it is: cleaned before it was written. Empty: the description is plain
    -- text, a blank line ends a paragraph. Otherwise the description is this without its tags.
    ADD COLUMN description_html_zh text NOT NULL DEFAULT '',
    ADD COLUMN description_html_en text NOT NULL DEFAULT '',
    ADD COLUMN tags text[] NOT NULL DEFAULT '{}',
    ADD COLUMN version bigint NOT NULL DEFAULT 1;

CREATE INDEX products_updated_idx ON catalog.products (updated_at DESC, id DESC);

ALTER TABLE catalog.variants ADD COLUMN barcode text;

CREATE INDEX variants_barcode_idx ON catalog.variants (barcode) WHERE barcode IS NOT NULL;

-- What goes with a product, in the order somebody chose.
CREATE TABLE catalog.related_products (
    product_id uuid NOT NULL REFERENCES catalog.products,
    position int NOT NULL,
    related_id uuid NOT NULL REFERENCES catalog.products,
    PRIMARY KEY (product_id, position),
    CONSTRAINT related_products_once UNIQUE (product_id, related_id),
    CHECK (related_id <> product_id)
);

CREATE INDEX related_products_related_idx ON catalog.related_products (related_id);

-- Slugs that were given up, and whose they were. They lead to the thing, not to another slug: there are
-- no chains, and nothing leads back to itself. A slug that is in use is in none of these.
CREATE TABLE catalog.former_product_slugs (
    slug text PRIMARY KEY,
    product_id uuid NOT NULL REFERENCES catalog.products,
    replaced_at timestamptz NOT NULL
);

CREATE INDEX former_product_slugs_product_idx ON catalog.former_product_slugs (product_id);

CREATE TABLE catalog.former_category_slugs (
    slug text PRIMARY KEY,
    category_id uuid NOT NULL REFERENCES catalog.categories ON DELETE CASCADE,
    replaced_at timestamptz NOT NULL
);

CREATE INDEX former_category_slugs_category_idx ON catalog.former_category_slugs (category_id);

GRANT SELECT, INSERT, UPDATE, DELETE ON catalog.related_products, catalog.former_product_slugs,
    catalog.former_category_slugs TO oxcart_app;

-- The category with this slug, or that had it, and everything below it.
CREATE FUNCTION catalog.categories_within(asked text) RETURNS SETOF uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE within AS (
        SELECT c.id FROM catalog.categories AS c WHERE c.slug = asked
        UNION
        SELECT f.category_id FROM catalog.former_category_slugs AS f WHERE f.slug = asked
        UNION
        SELECT c.id FROM catalog.categories AS c JOIN within AS w ON c.parent_id = w.id
    )
    SELECT id FROM within
$$;

REVOKE EXECUTE ON FUNCTION catalog.categories_within(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION catalog.categories_within(text) TO oxcart_app;

-- Pages, the search index and offers that are kept in memory are made anew when the revision moves:
-- also when only a category, or what goes with what, has changed.
CREATE TRIGGER categories_count_revision
    BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON catalog.categories
    FOR EACH STATEMENT EXECUTE FUNCTION catalog.count_revision();
CREATE TRIGGER related_products_count_revision
    BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON catalog.related_products
    FOR EACH STATEMENT EXECUTE FUNCTION catalog.count_revision();
