-- The server works as `oxcart_app`, which owns nothing: append-only tables are append-only because
-- this role has no UPDATE or DELETE on them. The owner (who runs migrations) is somebody else.
-- Roles belong to the whole cluster, so another database may have made it already.
DO $$
BEGIN
    CREATE ROLE oxcart_app NOLOGIN;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;
END
$$;

DO $$
BEGIN
    -- Superusers may become any role; others need to be members.
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        EXECUTE format('GRANT oxcart_app TO %I', current_user);
    END IF;
END
$$;

CREATE SCHEMA outbox;
CREATE SCHEMA identity;
CREATE SCHEMA catalog;
CREATE SCHEMA inventory;
CREATE SCHEMA cart;
CREATE SCHEMA orders;
CREATE SCHEMA payments;
CREATE SCHEMA shipping;

GRANT USAGE ON SCHEMA outbox, identity, catalog, inventory, cart, orders, payments,
    shipping TO oxcart_app;
