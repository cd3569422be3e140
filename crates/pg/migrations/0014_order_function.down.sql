DROP FUNCTION public.create_order_with_inventory_deduction(jsonb, jsonb);
DROP SCHEMA intake CASCADE;
