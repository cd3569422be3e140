DROP TRIGGER variants_count_revision ON catalog.variants;
DROP TRIGGER products_count_revision ON catalog.products;
DROP TRIGGER images_count_revision ON catalog.images;
DROP TRIGGER bundle_components_count_revision ON catalog.bundle_components;

CREATE TRIGGER variants_count_revision
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON catalog.variants
    FOR EACH STATEMENT EXECUTE FUNCTION catalog.count_revision();
CREATE TRIGGER products_count_revision
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON catalog.products
    FOR EACH STATEMENT EXECUTE FUNCTION catalog.count_revision();
CREATE TRIGGER images_count_revision
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON catalog.images
    FOR EACH STATEMENT EXECUTE FUNCTION catalog.count_revision();
CREATE TRIGGER bundle_components_count_revision
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON catalog.bundle_components
    FOR EACH STATEMENT EXECUTE FUNCTION catalog.count_revision();
