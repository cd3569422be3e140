DROP TABLE notifications.stock_notices, notifications.notice_addresses;
