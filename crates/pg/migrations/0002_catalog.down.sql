DROP TABLE catalog.images, catalog.variants, catalog.products, catalog.categories;
