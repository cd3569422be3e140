CREATE TABLE cart.carts (
    id uuid PRIMARY KEY,
    -- null: a guest's, known by the id in a cookie
    user_id uuid CONSTRAINT carts_user_key UNIQUE,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE TABLE cart.items (
    id uuid PRIMARY KEY,
    cart_id uuid NOT NULL REFERENCES cart.carts ON DELETE CASCADE,
    variant_id uuid NOT NULL,
    quantity int NOT NULL CHECK (quantity BETWEEN 1 AND 99),
    added_at timestamptz NOT NULL,
    CONSTRAINT items_variant_key UNIQUE (cart_id, variant_id)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA cart TO oxcart_app;
