-- How many units of a variant one buyer may have in live orders; null: as many as there are.
-- `purchase_limit_since` is when it began to be counted: orders before it do not count.
ALTER TABLE catalog.variants
    ADD COLUMN purchase_limit int CONSTRAINT variants_purchase_limit_check CHECK (purchase_limit > 0),
    ADD COLUMN purchase_limit_since timestamptz;

-- The name a contact e-mail gives a buyer: the first 16 bytes of the SHA-256 of the address in
-- lower case and without its tag (`a+b@example.com` is `a@example.com`). The program computes the
-- same (crates/orders/src/buyer.rs; a test holds the two together).
CREATE FUNCTION orders.buyer_of_email(email text) RETURNS uuid
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN encode(substring(sha256(convert_to(
        regexp_replace(lower(trim(email) COLLATE "C"), '^([^+@]+)\+[^@]*@', '\1@'),
        'UTF8')) FROM 1 FOR 16), 'hex')::uuid;

-- What each buyer has of each limited variant: one row for every live order and every name of its
-- buyer (the account, and the contact e-mail), on the variant's shard. Rows come with the order and
-- go when it is cancelled or expires; whoever writes here holds the variant's stock rows.
CREATE TABLE orders.purchases (
    shard smallint NOT NULL CHECK (shard BETWEEN 0 AND 63),
    variant_id uuid NOT NULL,
    buyer uuid NOT NULL,
    order_id uuid NOT NULL,
    quantity int NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (shard, variant_id, buyer, order_id)
);

GRANT SELECT, INSERT, DELETE ON orders.purchases TO oxcart_app;
