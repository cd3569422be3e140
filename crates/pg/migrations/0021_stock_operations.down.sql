DROP TABLE inventory.fulfilments;
