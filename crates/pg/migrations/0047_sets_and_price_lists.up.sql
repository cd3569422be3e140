-- Promotions of sets: products that cost less together.
ALTER TABLE pricing.promotions
    -- of 'set': products, and how many units of each
    ADD COLUMN set_products uuid[],
    ADD COLUMN set_units smallint[],
    DROP CONSTRAINT promotions_rule_check,
    -- of a set, `amount` is what it costs, or `percent` is taken off
    ADD CONSTRAINT promotions_rule_check CHECK (CASE kind
        WHEN 'percentage' THEN percent IS NOT NULL
            AND num_nonnulls(amount, buy_units, free_units, tier_spends, tier_percents, tier_amounts
              , set_products, set_units) = 0
        WHEN 'member' THEN percent IS NOT NULL
            AND num_nonnulls(amount, buy_units, free_units, tier_spends, tier_percents, tier_amounts
              , set_products, set_units) = 0
        WHEN 'amount' THEN amount IS NOT NULL
            AND num_nonnulls(percent, buy_units, free_units, tier_spends, tier_percents, tier_amounts
              , set_products, set_units) = 0
        WHEN 'buy_get' THEN num_nonnulls(buy_units, free_units) = 2
            AND num_nonnulls(percent, amount, tier_spends, tier_percents, tier_amounts, set_products
              , set_units) = 0
        WHEN 'tiered' THEN num_nonnulls(tier_spends, tier_percents, tier_amounts) = 3
            AND num_nonnulls(percent, amount, buy_units, free_units, set_products, set_units) = 0
            AND cardinality(tier_spends) BETWEEN 1 AND 10
            AND cardinality(tier_spends) = cardinality(tier_percents)
            AND cardinality(tier_spends) = cardinality(tier_amounts)
        WHEN 'set' THEN num_nonnulls(set_products, set_units) = 2
            AND num_nonnulls(percent, amount) = 1
            AND num_nonnulls(buy_units, free_units, tier_spends, tier_percents, tier_amounts) = 0
            AND cardinality(set_products) BETWEEN 1 AND 10
            AND cardinality(set_products) = cardinality(set_units)
            AND 1 <= ALL (set_units) AND 100 >= ALL (set_units)
            AND cardinality(product_ids) = 0 AND cardinality(category_ids) = 0
        ELSE false END);

-- What variants cost for some buyers, for some time. The lowest price that counts is paid, where it is
-- below the variant's own.
CREATE TABLE pricing.price_lists (
    id uuid PRIMARY KEY,
    name_zh text NOT NULL CHECK (name_zh <> ''),
    name_en text NOT NULL CHECK (name_en <> ''),
    audience text NOT NULL CHECK (audience IN ('everyone', 'members')),
    valid_from timestamptz,
    valid_until timestamptz,
    active boolean NOT NULL,
    -- counts its changes, and those of its prices
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT price_lists_period_check CHECK (valid_from < valid_until)
);

CREATE TABLE pricing.price_list_entries (
    list_id uuid NOT NULL REFERENCES pricing.price_lists ON DELETE CASCADE,
    -- of the catalogue, of which this module knows nothing more
    variant_id uuid NOT NULL,
    -- whole units of the currency
    price bigint NOT NULL CHECK (price > 0),
    PRIMARY KEY (list_id, variant_id)
);

-- What is asked for is what some variants cost.
CREATE INDEX price_list_entries_variant_idx ON pricing.price_list_entries (variant_id);

GRANT SELECT, INSERT, UPDATE, DELETE ON pricing.price_lists, pricing.price_list_entries TO oxcart_app;

-- The order engine keeps them in memory, by the revision that it asks for anyway.
CREATE TRIGGER price_lists_count_revision
    BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON pricing.price_lists
    FOR EACH STATEMENT EXECUTE FUNCTION catalog.count_revision();
CREATE TRIGGER price_list_entries_count_revision
    BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON pricing.price_list_entries
    FOR EACH STATEMENT EXECUTE FUNCTION catalog.count_revision();
