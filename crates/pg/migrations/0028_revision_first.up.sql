-- Whoever changes the catalogue takes the revision before the rows of the statement, not after them: in
-- one order with whoever takes it first and then locks variants (catalog::put_bundle).
DROP TRIGGER variants_count_revision ON catalog.variants;
DROP TRIGGER products_count_revision ON catalog.products;
DROP TRIGGER images_count_revision ON catalog.images;
DROP TRIGGER bundle_components_count_revision ON catalog.bundle_components;

CREATE TRIGGER variants_count_revision
    BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON catalog.variants
    FOR EACH STATEMENT EXECUTE FUNCTION catalog.count_revision();
CREATE TRIGGER products_count_revision
    BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON catalog.products
    FOR EACH STATEMENT EXECUTE FUNCTION catalog.count_revision();
CREATE TRIGGER images_count_revision
    BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON catalog.images
    FOR EACH STATEMENT EXECUTE FUNCTION catalog.count_revision();
CREATE TRIGGER bundle_components_count_revision
    BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON catalog.bundle_components
    FOR EACH STATEMENT EXECUTE FUNCTION catalog.count_revision();
