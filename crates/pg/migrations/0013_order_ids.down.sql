DROP FUNCTION inventory.fewest_warehouses(bigint[], int[], int);
DROP FUNCTION inventory.preference(text);
DROP FUNCTION orders.number_of(uuid);
DROP FUNCTION orders.new_id(timestamptz, int);
