-- Files of products that are taken in the background, and how far each has come.
CREATE TABLE catalog.product_imports (
    id uuid PRIMARY KEY,
    -- receiving: the file is on its way; queued: nobody has begun; running: somebody has; done; failed:
    -- `failure` says why; cancelled: somebody did not want the rest of it
    status text NOT NULL
        CHECK (status IN ('receiving', 'queued', 'running', 'done', 'failed', 'cancelled')),
    -- how the file is taken; for the program that takes it
    rules jsonb NOT NULL,
    -- who sent it, for the audit log
    sent_by uuid NOT NULL,
    source text NOT NULL,
    ip text,
    trace_id text NOT NULL,
    -- of the file
    bytes bigint NOT NULL DEFAULT 0 CHECK (bytes >= 0),
    lines bigint NOT NULL DEFAULT 0 CHECK (lines >= 0),
    -- how far it has come: products, the line on which the last of them begins, what became of them
    products bigint NOT NULL DEFAULT 0 CHECK (products >= 0),
    lines_read bigint NOT NULL DEFAULT 0 CHECK (lines_read >= 0),
    added bigint NOT NULL DEFAULT 0 CHECK (added >= 0),
    changed bigint NOT NULL DEFAULT 0 CHECK (changed >= 0),
    unchanged bigint NOT NULL DEFAULT 0 CHECK (unchanged >= 0),
    refused bigint NOT NULL DEFAULT 0 CHECK (refused >= 0),
    categories_added bigint NOT NULL DEFAULT 0 CHECK (categories_added >= 0),
    bad_rows bigint NOT NULL DEFAULT 0 CHECK (bad_rows >= 0),
    -- what else is to be known: of the rows as they were read, and of the products as they were taken
    read_notes jsonb NOT NULL DEFAULT '[]',
    taken_notes jsonb NOT NULL DEFAULT '[]',
    -- whether what is counted has been written
    is_written boolean NOT NULL DEFAULT false,
    -- whether the file could be read to its end
    is_complete boolean NOT NULL DEFAULT true,
    failure text CHECK (failure IN ('unreadable', 'bad_rows', 'internal')),
    -- the claim of whoever is at it: its number, until when it holds, and how many in a row wrote nothing
    attempt int NOT NULL DEFAULT 0 CHECK (attempt >= 0),
    tries int NOT NULL DEFAULT 0 CHECK (tries >= 0),
    lease_until timestamptz,
    created_at timestamptz NOT NULL,
    queued_at timestamptz,
    started_at timestamptz,
    finished_at timestamptz,
    CONSTRAINT product_imports_sums CHECK (products = added + changed + unchanged + refused),
    CONSTRAINT product_imports_failure CHECK ((status = 'failed') = (failure IS NOT NULL)),
    CONSTRAINT product_imports_lease CHECK ((status = 'running') = (lease_until IS NOT NULL)),
    CONSTRAINT product_imports_end
        CHECK ((status IN ('done', 'failed', 'cancelled')) = (finished_at IS NOT NULL))
);

-- Those that are not over: a few.
CREATE INDEX product_imports_open_idx ON catalog.product_imports (queued_at, id)
    WHERE status IN ('receiving', 'queued', 'running');
CREATE INDEX product_imports_finished_idx ON catalog.product_imports (finished_at)
    WHERE finished_at IS NOT NULL;

-- The file, for as long as it is needed.
CREATE TABLE catalog.product_import_pieces (
    import_id uuid NOT NULL REFERENCES catalog.product_imports ON DELETE CASCADE,
    number int NOT NULL CHECK (number >= 0),
    content bytea NOT NULL,
    PRIMARY KEY (import_id, number)
);

-- Its bad rows, as they were found.
CREATE TABLE catalog.product_import_rows (
    import_id uuid NOT NULL REFERENCES catalog.product_imports ON DELETE CASCADE,
    number bigint NOT NULL CHECK (number >= 0),
    line bigint NOT NULL,
    column_name text NOT NULL,
    code text NOT NULL,
    message text NOT NULL,
    product text NOT NULL,
    PRIMARY KEY (import_id, number)
);

-- Products that go with others which may be further down in the file: set at its end.
CREATE TABLE catalog.product_import_relations (
    import_id uuid NOT NULL REFERENCES catalog.product_imports ON DELETE CASCADE,
    line bigint NOT NULL,
    product_id uuid NOT NULL,
    related uuid[] NOT NULL,
    PRIMARY KEY (import_id, line)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON catalog.product_imports, catalog.product_import_pieces,
    catalog.product_import_rows, catalog.product_import_relations TO oxcart_app;
