DROP TABLE catalog.product_import_relations;
DROP TABLE catalog.product_import_rows;
DROP TABLE catalog.product_import_pieces;
DROP TABLE catalog.product_imports;
