-- A second factor (TOTP, RFC 6238). It counts once it was confirmed with a code.
CREATE TABLE identity.second_factors (
    user_id uuid PRIMARY KEY REFERENCES identity.users,
    -- AES-256-GCM under the secret 'second_factor_key': 12 bytes of nonce, then what is sealed
    sealed_secret bytea NOT NULL,
    created_at timestamptz NOT NULL,
    confirmed_at timestamptz,
    -- the 30 seconds of the last code used: codes of this step and of earlier ones are worth nothing
    last_step bigint NOT NULL DEFAULT 0 CHECK (last_step >= 0)
);

CREATE TABLE identity.recovery_codes (
    user_id uuid NOT NULL REFERENCES identity.second_factors ON DELETE CASCADE,
    -- SHA-256 of the code: the code itself is nowhere
    digest bytea NOT NULL CHECK (length(digest) = 32),
    created_at timestamptz NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (user_id, digest)
);

-- Whether the sign-in gave a second factor.
ALTER TABLE identity.sessions ADD COLUMN second_factor boolean NOT NULL DEFAULT false;

-- What integrators' programs sign in with.
CREATE TABLE identity.api_keys (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES identity.users,
    name text NOT NULL,
    -- SHA-256 of the key: the key itself is nowhere
    digest bytea NOT NULL CHECK (length(digest) = 32),
    scopes text[] NOT NULL CHECK (cardinality(scopes) > 0),
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    -- to the minute
    last_used_at timestamptz,
    revoked_at timestamptz
);

CREATE UNIQUE INDEX api_keys_digest_key ON identity.api_keys (digest);
CREATE INDEX api_keys_user_idx ON identity.api_keys (user_id);

-- Access tokens that are refused although their signature and their time are good. A row is needed
-- only as long as such a token may live.
CREATE TABLE identity.revocations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- the transaction that wrote it: readers ask for what their last snapshot did not show
    tx xid8 NOT NULL DEFAULT pg_current_xact_id(),
    -- every token of this session …
    session_id uuid,
    -- … or those of this person that were issued before `not_before`
    user_id uuid,
    not_before timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    CHECK (num_nonnulls(session_id, user_id) = 1)
);

CREATE INDEX revocations_tx_idx ON identity.revocations (tx);
CREATE INDEX revocations_expires_idx ON identity.revocations (expires_at);

-- Whoever ends a session, by whatever statement, revokes its access tokens with it: nobody can forget
-- it. Twenty minutes are longer than any token lives (identity::AccessTokens, and clocks that differ).
CREATE FUNCTION identity.revoke_ended_session() RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO identity.revocations (session_id, not_before, expires_at, created_at)
    VALUES (NEW.id, NEW.ended_at, NEW.ended_at + interval '20 minutes', NEW.ended_at);
    RETURN NULL;
END
$$;

CREATE TRIGGER sessions_revoke_ended
    AFTER UPDATE OF ended_at ON identity.sessions
    FOR EACH ROW WHEN (OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL)
    EXECUTE FUNCTION identity.revoke_ended_session();

-- The keys that sign access tokens. A new one signs after every node has read it; an old one is
-- believed until its last token has run out.
CREATE TABLE identity.signing_keys (
    kid text PRIMARY KEY,
    seed bytea NOT NULL CHECK (length(seed) = 32),
    created_at timestamptz NOT NULL,
    signs_from timestamptz NOT NULL,
    -- when it stops signing
    retired_at timestamptz
);

GRANT SELECT, INSERT, UPDATE, DELETE ON identity.second_factors, identity.recovery_codes,
    identity.api_keys, identity.signing_keys TO oxcart_app;
GRANT SELECT, INSERT, DELETE ON identity.revocations TO oxcart_app;
