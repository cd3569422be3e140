DROP INDEX catalog.products_category_idx;
CREATE INDEX products_category_idx ON catalog.products (category_id);
