DROP SCHEMA outbox, identity, catalog, inventory, cart, orders, payments, shipping;
-- The role stays: other databases of this cluster may use it, and it can do nothing by itself.
