CREATE TABLE catalog.categories (
    id uuid PRIMARY KEY,
    slug text NOT NULL CONSTRAINT categories_slug_key UNIQUE,
    name_zh text NOT NULL,
    name_en text NOT NULL,
    position int NOT NULL
);

CREATE TABLE catalog.products (
    id uuid PRIMARY KEY,
    slug text NOT NULL CONSTRAINT products_slug_key UNIQUE,
    category_id uuid NOT NULL REFERENCES catalog.categories,
    name_zh text NOT NULL,
    name_en text NOT NULL,
    subtitle_zh text NOT NULL DEFAULT '',
    subtitle_en text NOT NULL DEFAULT '',
    description_zh text NOT NULL DEFAULT '',
    description_en text NOT NULL DEFAULT '',
    badges text[] NOT NULL DEFAULT '{}',
    -- [{"name": {"zh_tw", "en"}, "values": [{"zh_tw", "en"}]}]
    options jsonb NOT NULL DEFAULT '[]',
    status text NOT NULL CHECK (status IN ('draft', 'published', 'archived')),
    published_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK (status <> 'published' OR published_at IS NOT NULL)
);

CREATE INDEX products_category_idx ON catalog.products (category_id);
CREATE INDEX products_published_idx ON catalog.products (published_at DESC, id DESC)
    WHERE status = 'published';

CREATE TABLE catalog.variants (
    id uuid PRIMARY KEY,
    product_id uuid NOT NULL REFERENCES catalog.products,
    sku text NOT NULL CONSTRAINT variants_sku_key UNIQUE,
    name_zh text NOT NULL DEFAULT '',
    name_en text NOT NULL DEFAULT '',
    -- [{"zh_tw", "en"}], one value for each option of the product, in their order
    options jsonb NOT NULL DEFAULT '[]',
    -- whole units of the currency
    price bigint NOT NULL CHECK (price >= 0),
    compare_at bigint CHECK (compare_at > price),
    currency text NOT NULL DEFAULT 'TWD',
    weight_g int NOT NULL DEFAULT 0 CHECK (weight_g >= 0),
    -- which of the product's images shows it; null: the first
    image_position int,
    position int NOT NULL,
    active boolean NOT NULL DEFAULT true
);

CREATE INDEX variants_product_idx ON catalog.variants (product_id, position);

CREATE TABLE catalog.images (
    product_id uuid NOT NULL REFERENCES catalog.products,
    position int NOT NULL,
    -- the key in the object store; its URL is /media/<key>
    object_key text NOT NULL,
    alt_zh text NOT NULL,
    alt_en text NOT NULL,
    width int NOT NULL,
    height int NOT NULL,
    PRIMARY KEY (product_id, position)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA catalog TO oxcart_app;
