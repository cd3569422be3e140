-- Accounts: proofs of reading an address's mail, the places goods are sent to, and what a session
-- shows of its device.
ALTER TABLE identity.users
    ADD COLUMN email_verified_at timestamptz,
    ADD COLUMN phone text,
    -- its owner closed the account: nothing in the row says who it was
    ADD COLUMN closed_at timestamptz;

ALTER TABLE identity.sessions
    ADD COLUMN user_agent text,
    ADD COLUMN ip inet;

-- Tokens sent by mail, each good once: whoever brings one back reads the mail of that account.
CREATE TABLE identity.proofs (
    -- SHA-256 of the token
    digest bytea PRIMARY KEY CHECK (length(digest) = 32),
    purpose text NOT NULL CHECK (purpose IN ('verify_email', 'reset_password')),
    -- null: nobody's. Such a row proves nothing; it is written so that answering takes as long for
    -- an address without an account as for one with.
    user_id uuid REFERENCES identity.users,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);

CREATE INDEX proofs_user_idx ON identity.proofs (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX proofs_expires_idx ON identity.proofs (expires_at);

CREATE TABLE identity.addresses (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES identity.users,
    name text NOT NULL,
    phone text NOT NULL,
    postal_code text NOT NULL,
    city text NOT NULL,
    district text NOT NULL,
    address1 text NOT NULL,
    address2 text,
    is_default boolean NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE INDEX addresses_user_idx ON identity.addresses (user_id, id);
CREATE UNIQUE INDEX addresses_default_key ON identity.addresses (user_id) WHERE is_default;

GRANT SELECT, INSERT, UPDATE, DELETE ON identity.proofs, identity.addresses TO oxcart_app;

-- A verified e-mail claims the orders its owner placed as a guest: rarely, while orders come by the
-- thousand a second. So it is a summary of pages, next to free to keep up, and not one entry an
-- order; whoever looks reads the few ranges that may hold the address.
CREATE INDEX orders_guest_email_idx ON orders.orders
    USING brin (lower(contact_email) text_bloom_ops) WITH (pages_per_range = 128);
