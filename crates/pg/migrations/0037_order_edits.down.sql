REVOKE UPDATE ON orders.purchases FROM oxcart_app;
DROP TABLE inventory.reservation_cuts;
DROP VIEW orders.current_lines;

-- Who read the view reads the lines again.
DELETE FROM orders.lines AS l USING orders.cut_lines AS c
 WHERE c.shard = l.shard AND c.order_id = l.order_id AND c.line_no = l.line_no AND c.quantity = 0;
UPDATE orders.lines AS l SET quantity = c.quantity, line_total = l.unit_price * c.quantity
  FROM orders.cut_lines AS c
 WHERE c.shard = l.shard AND c.order_id = l.order_id AND c.line_no = l.line_no;

DROP TABLE orders.cut_lines, orders.edits;
