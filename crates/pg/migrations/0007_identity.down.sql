DROP TABLE identity.secrets, identity.refresh_tokens, identity.sessions, identity.users;
