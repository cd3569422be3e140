-- What is taken off by itself. Typed columns for each kind of rule; what a rule does not use is null.
CREATE TABLE pricing.promotions (
    id uuid PRIMARY KEY,
    name_zh text NOT NULL CHECK (name_zh <> ''),
    name_en text NOT NULL CHECK (name_en <> ''),
    kind text NOT NULL,
    -- of 'percentage' and 'member'
    percent smallint CHECK (percent BETWEEN 1 AND 100),
    -- of 'amount', whole units of the currency
    amount bigint CHECK (amount > 0),
    -- of 'buy_get'
    buy_units smallint CHECK (buy_units BETWEEN 1 AND 100),
    free_units smallint CHECK (free_units BETWEEN 1 AND 100),
    -- of 'tiered': from which sums on, and what each takes off: either of the two, the other is 0
    tier_spends bigint[],
    tier_percents smallint[],
    tier_amounts bigint[],
    -- ids of the catalogue; with nothing of either, everything
    product_ids uuid[] NOT NULL DEFAULT '{}',
    category_ids uuid[] NOT NULL DEFAULT '{}',
    -- lower comes first
    priority smallint NOT NULL DEFAULT 0,
    stackable boolean NOT NULL DEFAULT false,
    valid_from timestamptz,
    valid_until timestamptz,
    active boolean NOT NULL DEFAULT true,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT promotions_period_check CHECK (valid_from < valid_until),
    CONSTRAINT promotions_scope_check
        CHECK (cardinality(product_ids) <= 200 AND cardinality(category_ids) <= 200),
    CONSTRAINT promotions_rule_check CHECK (CASE kind
        WHEN 'percentage' THEN percent IS NOT NULL
            AND num_nonnulls(amount, buy_units, free_units, tier_spends, tier_percents, tier_amounts) = 0
        WHEN 'member' THEN percent IS NOT NULL
            AND num_nonnulls(amount, buy_units, free_units, tier_spends, tier_percents, tier_amounts) = 0
        WHEN 'amount' THEN amount IS NOT NULL
            AND num_nonnulls(percent, buy_units, free_units, tier_spends, tier_percents, tier_amounts) = 0
        WHEN 'buy_get' THEN num_nonnulls(buy_units, free_units) = 2
            AND num_nonnulls(percent, amount, tier_spends, tier_percents, tier_amounts) = 0
        WHEN 'tiered' THEN num_nonnulls(tier_spends, tier_percents, tier_amounts) = 3
            AND num_nonnulls(percent, amount, buy_units, free_units) = 0
            AND cardinality(tier_spends) BETWEEN 1 AND 10
            AND cardinality(tier_spends) = cardinality(tier_percents)
            AND cardinality(tier_spends) = cardinality(tier_amounts)
        ELSE false END)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON pricing.promotions TO oxcart_app;

-- The order engine keeps them in memory, by the revision that it asks for anyway.
CREATE TRIGGER promotions_count_revision
    BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON pricing.promotions
    FOR EACH STATEMENT EXECUTE FUNCTION catalog.count_revision();

-- Counts the changes of a coupon's terms; being redeemed is none.
ALTER TABLE pricing.coupons ADD COLUMN version bigint NOT NULL DEFAULT 1;
-- Coupons nobody has used can be deleted.
GRANT DELETE ON pricing.coupons TO oxcart_app;

ALTER TABLE orders.adjustments
    ADD COLUMN promotion_id uuid,
    -- as it was called then
    ADD COLUMN name_zh text,
    ADD COLUMN name_en text,
    DROP CONSTRAINT adjustments_kind_check,
    DROP CONSTRAINT adjustments_source_check,
    ADD CONSTRAINT adjustments_source_check CHECK (CASE kind
        WHEN 'coupon' THEN code IS NOT NULL AND promotion_id IS NULL
        WHEN 'promotion' THEN code IS NULL AND num_nonnulls(promotion_id, name_zh, name_en) = 3
        ELSE false END);
