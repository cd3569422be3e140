DROP TABLE inventory.transfer_lines;
DROP TABLE inventory.transfers;
