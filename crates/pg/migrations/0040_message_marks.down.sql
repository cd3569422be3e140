DROP TABLE notifications.marks;
DROP SCHEMA notifications;
