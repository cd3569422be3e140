DROP INDEX catalog.images_object_key_idx;
DROP TABLE catalog.pictures;
