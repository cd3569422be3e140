DROP TRIGGER images_count_revision ON catalog.images;
DROP TRIGGER products_count_revision ON catalog.products;
DROP TRIGGER variants_count_revision ON catalog.variants;
DROP FUNCTION catalog.count_revision();
DROP TABLE catalog.revision;
