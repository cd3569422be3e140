-- The pictures the shop has, and the sizes that are made of each in the background.
CREATE TABLE catalog.pictures (
    object_key text PRIMARY KEY,
    width int NOT NULL CHECK (width > 0),
    height int NOT NULL CHECK (height > 0),
    -- waiting: sizes are to be made; made: they are, and not shown yet; ready: pages offer them;
    -- failed: nobody tries any more; removing: its objects are being deleted
    status text NOT NULL CHECK (status IN ('waiting', 'made', 'ready', 'failed', 'removing')),
    -- what pages offer: [{"width", "height", "avif", "webp"}], narrowest first, the latter two keys of
    -- objects
    renditions jsonb NOT NULL DEFAULT '[]',
    -- the same, before it is shown
    made jsonb NOT NULL DEFAULT '[]',
    attempts smallint NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    -- while somebody is at it: when others may take it over
    next_attempt_at timestamptz NOT NULL,
    last_error text,
    added_at timestamptz NOT NULL,
    -- null: nobody has uploaded it here, a product just names it
    uploaded_at timestamptz,
    -- since when a product has shown it, or did once
    used_at timestamptz
);

CREATE INDEX pictures_waiting_idx ON catalog.pictures (next_attempt_at) WHERE status = 'waiting';
CREATE INDEX pictures_made_idx ON catalog.pictures (object_key) WHERE status = 'made';
CREATE INDEX pictures_unused_idx ON catalog.pictures (uploaded_at)
    WHERE uploaded_at IS NOT NULL AND used_at IS NULL;
-- Whether any product shows a picture.
CREATE INDEX images_object_key_idx ON catalog.images (object_key);

-- Pages that were made before have to be made anew when there is more to offer. Nothing else about a
-- picture is seen by anybody.
CREATE TRIGGER pictures_count_revision
    BEFORE UPDATE OF renditions ON catalog.pictures
    FOR EACH STATEMENT EXECUTE FUNCTION catalog.count_revision();

GRANT SELECT, INSERT, UPDATE, DELETE ON catalog.pictures TO oxcart_app;
