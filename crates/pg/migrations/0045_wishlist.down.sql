DROP TABLE cart.wishes, cart.wish_lists;
