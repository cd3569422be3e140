-- Counts the changes of what is for sale, so that offers can be kept in memory and still be those of
-- the moment: whoever changes anything of it counts up in the same transaction, also by hand.
CREATE TABLE catalog.revision (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    number bigint NOT NULL
) WITH (fillfactor = 20);

INSERT INTO catalog.revision (number) VALUES (1);

CREATE FUNCTION catalog.count_revision() RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE catalog.revision SET number = number + 1;
    RETURN NULL;
END
$$;

CREATE TRIGGER variants_count_revision
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON catalog.variants
    FOR EACH STATEMENT EXECUTE FUNCTION catalog.count_revision();
CREATE TRIGGER products_count_revision
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON catalog.products
    FOR EACH STATEMENT EXECUTE FUNCTION catalog.count_revision();
CREATE TRIGGER images_count_revision
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON catalog.images
    FOR EACH STATEMENT EXECUTE FUNCTION catalog.count_revision();

GRANT SELECT, UPDATE ON catalog.revision TO oxcart_app;
