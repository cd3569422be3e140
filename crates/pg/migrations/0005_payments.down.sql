DROP TABLE payments.notices, payments.transitions, payments.refunds, payments.attempts;
