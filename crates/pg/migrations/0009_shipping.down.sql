DROP TABLE shipping.methods;
