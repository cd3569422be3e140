DROP TABLE cart.items, cart.carts;
