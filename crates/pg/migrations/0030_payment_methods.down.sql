DROP TABLE payments.methods;
