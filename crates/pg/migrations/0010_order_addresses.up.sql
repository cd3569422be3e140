-- The address becomes columns: a flood of orders spent a quarter of the server's time for an order's
-- row on parsing JSON, and columns can be checked, searched and read by warehouses.
ALTER TABLE orders.orders
    ADD COLUMN ship_name text,
    ADD COLUMN ship_phone text,
    ADD COLUMN ship_postal_code text,
    ADD COLUMN ship_city text,
    ADD COLUMN ship_district text,
    ADD COLUMN ship_address1 text,
    ADD COLUMN ship_address2 text;

UPDATE orders.orders
   SET ship_name = shipping_address ->> 'name'
     , ship_phone = shipping_address ->> 'phone'
     , ship_postal_code = shipping_address ->> 'postal_code'
     , ship_city = shipping_address ->> 'city'
     , ship_district = shipping_address ->> 'district'
     , ship_address1 = shipping_address ->> 'address1'
     , ship_address2 = shipping_address ->> 'address2';

ALTER TABLE orders.orders
    ALTER COLUMN ship_name SET NOT NULL,
    ALTER COLUMN ship_phone SET NOT NULL,
    ALTER COLUMN ship_postal_code SET NOT NULL,
    ALTER COLUMN ship_city SET NOT NULL,
    ALTER COLUMN ship_district SET NOT NULL,
    ALTER COLUMN ship_address1 SET NOT NULL,
    DROP COLUMN shipping_address;
