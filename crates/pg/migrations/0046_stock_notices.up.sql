-- Who wants to be told when something sold out is back, until they are told, or for half a year.
-- An address has one row, whose unguessable name is in the mails: whoever has one can have everything
-- about the address forgotten.
CREATE TABLE notifications.notice_addresses (
    token uuid PRIMARY KEY,
    -- in lower case
    email text NOT NULL CONSTRAINT notice_addresses_email_key UNIQUE,
    -- the last time
    asked_at timestamptz NOT NULL
);

-- For forgetting.
CREATE INDEX notice_addresses_asked_idx ON notifications.notice_addresses (asked_at);

CREATE TABLE notifications.stock_notices (
    variant_id uuid NOT NULL,
    address uuid NOT NULL REFERENCES notifications.notice_addresses ON DELETE CASCADE,
    locale text NOT NULL CHECK (locale IN ('zh-TW', 'en')),
    asked_at timestamptz NOT NULL,
    PRIMARY KEY (variant_id, address)
);

CREATE INDEX stock_notices_address_idx ON notifications.stock_notices (address);
CREATE INDEX stock_notices_asked_idx ON notifications.stock_notices (asked_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON notifications.notice_addresses, notifications.stock_notices
    TO oxcart_app;
