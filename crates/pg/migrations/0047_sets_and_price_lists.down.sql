DROP TABLE pricing.price_list_entries, pricing.price_lists;
-- Orders that got a set keep what they got, and its name.
DELETE FROM pricing.promotions WHERE kind = 'set';
ALTER TABLE pricing.promotions
    DROP CONSTRAINT promotions_rule_check,
    DROP COLUMN set_products, DROP COLUMN set_units,
    ADD CONSTRAINT promotions_rule_check CHECK (CASE kind
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
        ELSE false END);
