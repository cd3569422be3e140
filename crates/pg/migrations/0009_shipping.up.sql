CREATE TABLE shipping.methods (
    code text PRIMARY KEY,
    name_zh text NOT NULL,
    name_en text NOT NULL,
    description_zh text NOT NULL,
    description_en text NOT NULL,
    -- whole TWD
    fee bigint NOT NULL CHECK (fee >= 0),
    -- no fee from this subtotal on
    free_from bigint CHECK (free_from >= 0),
    position int NOT NULL,
    active boolean NOT NULL DEFAULT true
);

GRANT SELECT, INSERT, UPDATE, DELETE ON shipping.methods TO oxcart_app;
