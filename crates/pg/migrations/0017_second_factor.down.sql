-- The program of before knows one key, and only as a secret: the one that signs now.
INSERT INTO identity.secrets (name, value, created_at)
SELECT 'access_token_key', seed, created_at FROM identity.signing_keys
 WHERE retired_at IS NULL
 ORDER BY signs_from DESC LIMIT 1
    ON CONFLICT (name) DO UPDATE SET value = excluded.value;

DROP TRIGGER sessions_revoke_ended ON identity.sessions;
DROP FUNCTION identity.revoke_ended_session();
DROP TABLE identity.signing_keys, identity.revocations, identity.api_keys,
    identity.recovery_codes, identity.second_factors;
ALTER TABLE identity.sessions DROP COLUMN second_factor;
