DROP INDEX orders.orders_guest_email_idx;

DROP TABLE identity.addresses, identity.proofs;

ALTER TABLE identity.sessions
    DROP COLUMN user_agent,
    DROP COLUMN ip;

ALTER TABLE identity.users
    DROP COLUMN email_verified_at,
    DROP COLUMN phone,
    DROP COLUMN closed_at;
