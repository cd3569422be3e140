DROP TRIGGER categories_count_revision ON catalog.categories;
DROP FUNCTION catalog.categories_within(text);
DROP TABLE catalog.former_category_slugs, catalog.former_product_slugs, catalog.related_products;
ALTER TABLE catalog.variants DROP COLUMN barcode;
DROP INDEX catalog.products_updated_idx;
ALTER TABLE catalog.products
    DROP COLUMN description_html_zh, DROP COLUMN description_html_en, DROP COLUMN tags,
    DROP COLUMN version;
ALTER TABLE catalog.categories DROP COLUMN parent_id, DROP COLUMN version;
