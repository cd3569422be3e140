CREATE SCHEMA pricing;
GRANT USAGE ON SCHEMA pricing TO oxcart_app;

-- `redeemed` counts the live redemptions; it is the row that redeemers take turns on.
CREATE TABLE pricing.coupons (
    -- in capitals: codes are the same in any case
    code text PRIMARY KEY CONSTRAINT coupons_code_check
        CHECK (code = upper(code COLLATE "C") AND code ~ '^[A-Z0-9_-]{1,40}$'),
    kind text NOT NULL CHECK (kind IN ('percentage', 'amount', 'free_shipping')),
    -- percent, or whole units of the currency; 0 for free shipping
    value bigint NOT NULL,
    minimum_spend bigint NOT NULL DEFAULT 0 CHECK (minimum_spend >= 0),
    valid_from timestamptz,
    valid_until timestamptz,
    total_limit int CHECK (total_limit > 0),
    per_customer_limit int CHECK (per_customer_limit > 0),
    active boolean NOT NULL DEFAULT true,
    redeemed int NOT NULL DEFAULT 0 CONSTRAINT coupons_redeemed_check CHECK (redeemed >= 0),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT coupons_period_check CHECK (valid_from < valid_until),
    CONSTRAINT coupons_value_check CHECK (CASE kind
        WHEN 'percentage' THEN value BETWEEN 1 AND 100
        WHEN 'amount' THEN value > 0
        ELSE value = 0 END)
) WITH (fillfactor = 50);

-- Which order used which coupon, on the order's shard. `email_buyer` is the name its contact e-mail
-- gives the buyer (orders.buyer_of_email).
CREATE TABLE pricing.redemptions (
    shard smallint NOT NULL CHECK (shard BETWEEN 0 AND 63),
    order_id uuid NOT NULL,
    coupon text NOT NULL,
    customer_id uuid,
    email_buyer uuid NOT NULL,
    -- what it took off, in whole units of the currency
    amount bigint NOT NULL CHECK (amount > 0),
    redeemed_at timestamptz NOT NULL,
    -- when the order ended unpaid and the coupon came back
    released_at timestamptz,
    PRIMARY KEY (shard, order_id, coupon)
) WITH (fillfactor = 90);

CREATE INDEX redemptions_customer_idx ON pricing.redemptions (coupon, customer_id)
    WHERE customer_id IS NOT NULL AND released_at IS NULL;
CREATE INDEX redemptions_email_idx ON pricing.redemptions (coupon, email_buyer)
    WHERE released_at IS NULL;

GRANT SELECT, INSERT, UPDATE ON pricing.coupons, pricing.redemptions TO oxcart_app;

-- The code the shopper typed in; whether it applies is decided when it is shown and ordered.
ALTER TABLE cart.carts ADD COLUMN coupon_code text;
