-- What goes with a product are the newest of its category: read off the index, a page at a time.
DROP INDEX catalog.products_category_idx;
CREATE INDEX products_category_idx ON catalog.products (category_id, published_at DESC, id DESC);
