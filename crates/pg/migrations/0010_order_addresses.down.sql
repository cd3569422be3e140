ALTER TABLE orders.orders ADD COLUMN shipping_address jsonb;

UPDATE orders.orders
   SET shipping_address = jsonb_build_object('name', ship_name, 'phone', ship_phone
     , 'postal_code', ship_postal_code, 'city', ship_city, 'district', ship_district
     , 'address1', ship_address1, 'address2', ship_address2);

ALTER TABLE orders.orders
    ALTER COLUMN shipping_address SET NOT NULL,
    DROP COLUMN ship_name,
    DROP COLUMN ship_phone,
    DROP COLUMN ship_postal_code,
    DROP COLUMN ship_city,
    DROP COLUMN ship_district,
    DROP COLUMN ship_address1,
    DROP COLUMN ship_address2;
