CREATE TABLE identity.users (
    id uuid PRIMARY KEY,
    -- as typed; compared in lower case
    email text NOT NULL,
    name text NOT NULL,
    -- argon2id, PHC string
    password_hash text NOT NULL,
    roles text[] NOT NULL DEFAULT '{}'
        CHECK (roles <@ ARRAY['ops', 'warehouse', 'admin']),
    active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE UNIQUE INDEX users_email_key ON identity.users (lower(email));

-- One row a sign-in on a device. Its refresh token is replaced at each use; an old one coming back
-- means it was stolen, and ends the session.
CREATE TABLE identity.sessions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES identity.users,
    created_at timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    ended_because text
);

CREATE INDEX sessions_user_idx ON identity.sessions (user_id);

CREATE TABLE identity.refresh_tokens (
    -- SHA-256 of the token: the token itself is nowhere
    digest bytea PRIMARY KEY CHECK (length(digest) = 32),
    session_id uuid NOT NULL REFERENCES identity.sessions ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    used_at timestamptz
);

CREATE INDEX refresh_tokens_session_idx ON identity.refresh_tokens (session_id);

-- Keys this installation made for itself, e.g. the one that signs access tokens.
CREATE TABLE identity.secrets (
    name text PRIMARY KEY,
    value bytea NOT NULL,
    created_at timestamptz NOT NULL
);

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA identity TO oxcart_app;
