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
