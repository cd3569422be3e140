DROP TABLE inventory.reservations, inventory.movements, inventory.stock, inventory.warehouses;
