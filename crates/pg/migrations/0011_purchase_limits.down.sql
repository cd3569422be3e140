DROP TABLE orders.purchases;
DROP FUNCTION orders.buyer_of_email(text);
ALTER TABLE catalog.variants DROP COLUMN purchase_limit_since, DROP COLUMN purchase_limit;
