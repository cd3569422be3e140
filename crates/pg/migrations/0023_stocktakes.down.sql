DROP TABLE inventory.stocktake_counts;
DROP TABLE inventory.stocktake_lines;
DROP TABLE inventory.stocktakes;
