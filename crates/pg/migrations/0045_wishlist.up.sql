-- What somebody with an account likes. A guest's list is their browser's own and is never here.
-- The list's row is what its changes take turns on, and it counts its places.
CREATE TABLE cart.wish_lists (
    user_id uuid PRIMARY KEY,
    -- the place of what is put on next
    next_place bigint NOT NULL CHECK (next_place > 0)
);

CREATE TABLE cart.wishes (
    user_id uuid NOT NULL REFERENCES cart.wish_lists ON DELETE CASCADE,
    product_id uuid NOT NULL,
    -- the largest is the newest
    place bigint NOT NULL,
    added_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, product_id),
    CONSTRAINT wishes_place_key UNIQUE (user_id, place)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON cart.wish_lists, cart.wishes TO oxcart_app;
