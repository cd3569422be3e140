-- The ways of paying 付款方式: what is on offer, for which amounts, and how long stock is held for
-- whoever chose it. A method is known by its code for ever; attempts and orders keep the code.
CREATE TABLE payments.methods (
    code text PRIMARY KEY,
    provider text NOT NULL,
    name_zh text NOT NULL,
    name_en text NOT NULL,
    description_zh text NOT NULL,
    description_en text NOT NULL,
    -- for how many minutes stock is held; null: for the shop's own time (BR-003)
    reservation_minutes int CHECK (reservation_minutes BETWEEN 1 AND 129600),
    -- of these, the last ones, in which nobody can pay any more but the news of it may still come
    grace_minutes int NOT NULL DEFAULT 0 CHECK (grace_minutes >= 0),
    -- the shortest time in which anybody can pay by it: a fact of the provider's
    shortest_minutes int NOT NULL DEFAULT 0 CHECK (shortest_minutes >= 0),
    -- whole TWD
    min_amount bigint NOT NULL CHECK (min_amount >= 1),
    max_amount bigint,
    -- numbers of instalments offered; empty: one payment
    instalments smallint[] NOT NULL DEFAULT '{}',
    position int NOT NULL,
    active boolean NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    CONSTRAINT methods_amounts_check CHECK (max_amount >= min_amount),
    CONSTRAINT methods_time_check CHECK (CASE WHEN reservation_minutes IS NULL
        THEN grace_minutes = 0 AND shortest_minutes = 0
        ELSE reservation_minutes - grace_minutes >= greatest(shortest_minutes, 1) END)
);

-- The amounts are those that ECPay publishes for merchants without a contract; whoever has one enters
-- its amounts. What ATM and stores are paid is told to ECPay up to a day later, barcodes up to three.
INSERT INTO payments.methods (code, provider, name_zh, name_en, description_zh, description_en
     , reservation_minutes, grace_minutes, shortest_minutes, min_amount, max_amount, instalments
     , position, active)
VALUES
    ('ecpay_credit', 'ecpay', '信用卡一次付清', 'Credit card'
     , '前往綠界科技的付款頁面，卡號不會經過本店。'
     , 'You pay on ECPay''s page; your card number never reaches this shop.'
     , NULL, 0, 0, 1, NULL, '{}', 10, true),
    ('ecpay_instalments', 'ecpay', '信用卡分期付款', 'Credit card, in instalments'
     , '前往綠界科技的付款頁面選擇期數，卡號不會經過本店。'
     , 'You choose the number of instalments on ECPay''s page; your card number never reaches this shop.'
     , NULL, 0, 0, 1000, NULL, '{3,6,12}', 20, false),
    ('ecpay_apple_pay', 'ecpay', 'Apple Pay', 'Apple Pay'
     , '前往綠界科技的付款頁面，以 Apple Pay 付款。', 'You pay with Apple Pay on ECPay''s page.'
     , NULL, 0, 0, 1, NULL, '{}', 30, false),
    ('ecpay_twqr', 'ecpay', 'TWQR 行動支付', 'TWQR'
     , '以銀行 App 掃描 QR Code 付款。', 'You scan a QR code with your bank''s app.'
     , NULL, 0, 0, 1, NULL, '{}', 40, false),
    ('ecpay_webatm', 'ecpay', '網路 ATM', 'WebATM'
     , '需要讀卡機與電腦。', 'Needs a card reader and a computer.'
     , NULL, 0, 0, 11, 49999, '{}', 50, false),
    ('ecpay_atm', 'ecpay', 'ATM 轉帳', 'ATM transfer'
     , '取得專屬虛擬帳號，於期限前至 ATM 或網路銀行轉帳。'
     , 'You get an account number of your own and transfer the amount before it expires.'
     , 7200, 1440, 2880, 11, 49999, '{}', 60, true),
    ('ecpay_cvs', 'ecpay', '超商代碼繳費', 'Convenience store code'
     , '取得繳費代碼，於期限前至超商的多媒體機台列印繳費單，在櫃檯付款。'
     , 'You get a code for the terminal of a convenience store and pay at its counter.'
     , 5760, 1440, 60, 33, 6000, '{}', 70, true),
    ('ecpay_barcode', 'ecpay', '超商條碼繳費', 'Convenience store barcode'
     , '取得三段式條碼，於期限前出示給超商櫃檯付款。'
     , 'You show three barcodes at the counter of a convenience store and pay there.'
     , 8640, 4320, 1440, 17, 20000, '{}', 80, true),
    ('bank_transfer', 'bank_transfer', '銀行轉帳', 'Bank transfer'
     , '轉帳至本店帳戶並註明匯款代號，人員確認入帳後出貨。'
     , 'You transfer the amount to the shop''s account with a reference; it is confirmed by hand.'
     , 5760, 1440, 60, 1, NULL, '{}', 90, false),
    ('cash_on_delivery', 'cod', '貨到付款', 'Cash on delivery'
     , '收到商品時將款項交給物流人員。', 'You pay whoever brings the goods.'
     , NULL, 0, 0, 1, 20000, '{}', 100, false);

GRANT SELECT, INSERT, UPDATE ON payments.methods TO oxcart_app;
