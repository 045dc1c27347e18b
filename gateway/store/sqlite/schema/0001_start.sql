-- The first schema. One rising sequence numbers receipts, events, deliveries, attempts and audit
-- entries; a pack bears the number of its first receipt. Times are unix seconds.

-- One zstd block of headers and bodies: those of all receipts of one commit, or one large body.
CREATE TABLE packs (
    id       INTEGER PRIMARY KEY,
    receipts INTEGER NOT NULL,               -- still kept; the pack goes with the last of them
    size     INTEGER NOT NULL,               -- bytes before compression
    data     BLOB NOT NULL
) STRICT;

CREATE TABLE receipts (
    seq          INTEGER PRIMARY KEY,
    pack         INTEGER NOT NULL,
    position     INTEGER NOT NULL,           -- of its headers in the uncompressed pack
    head_size    INTEGER NOT NULL,
    body_size    INTEGER NOT NULL,
    events       INTEGER NOT NULL,           -- still kept; the receipt goes with the last of them
    source       TEXT NOT NULL,
    provider     TEXT NOT NULL,
    received_at  REAL NOT NULL,
    client       TEXT NOT NULL,
    scheme       TEXT NOT NULL,
    key_label    TEXT NOT NULL,
    verified     INTEGER NOT NULL,
    refusal      TEXT NOT NULL,
    content_type TEXT NOT NULL
) STRICT;

CREATE TABLE events (
    seq           INTEGER PRIMARY KEY,
    id            TEXT NOT NULL,
    receipt       INTEGER NOT NULL,
    item          INTEGER NOT NULL,
    source        TEXT NOT NULL,
    type          TEXT NOT NULL,
    provider_type TEXT NOT NULL,
    provider_id   TEXT,
    dedup_key     TEXT,                      -- null: the same as provider_id
    subject       TEXT,
    time          REAL NOT NULL,
    fields        TEXT NOT NULL,             -- JSON
    flags         TEXT NOT NULL,             -- words with spaces between them
    verified      INTEGER NOT NULL,
    duplicates    INTEGER NOT NULL,
    revived_at    REAL                       -- when a duplicate last revived its dead deliveries
) STRICT;
CREATE UNIQUE INDEX events_id ON events (id);
CREATE INDEX events_source ON events (source);
CREATE INDEX events_type ON events (type);
CREATE INDEX events_subject ON events (subject) WHERE subject IS NOT NULL;
CREATE INDEX events_provider_id ON events (provider_id)
    WHERE provider_id IS NOT NULL AND dedup_key IS NOT NULL;

-- Outlives its event, so that a late duplicate is still one.
CREATE TABLE dedup (
    event  INTEGER PRIMARY KEY,
    id     TEXT NOT NULL,
    digest BLOB NOT NULL,
    at     REAL NOT NULL
) STRICT;
CREATE UNIQUE INDEX dedup_digest ON dedup (digest);

-- Bodies of events whose id nobody signed.
CREATE TABLE fingerprints (
    fingerprint INTEGER PRIMARY KEY,
    receipt     INTEGER NOT NULL,
    at          REAL NOT NULL
) STRICT;
CREATE INDEX fingerprints_at ON fingerprints (at);

CREATE TABLE deliveries (
    seq               INTEGER PRIMARY KEY,
    id                TEXT NOT NULL,
    event             INTEGER NOT NULL,
    source            TEXT NOT NULL,
    route             TEXT NOT NULL,
    target            TEXT NOT NULL,
    order_key         TEXT,
    state             TEXT NOT NULL,
    reason            TEXT NOT NULL,
    detail            TEXT NOT NULL,
    next_at           REAL NOT NULL,
    attempts          INTEGER NOT NULL,
    window_started_at REAL NOT NULL,
    window_attempts   INTEGER NOT NULL,
    deaths            INTEGER NOT NULL,
    begun             INTEGER NOT NULL,      -- an attempt of a suspect was under way
    trigger           TEXT NOT NULL,
    replay_of         TEXT,
    created_at        REAL NOT NULL,
    updated_at        REAL NOT NULL
) STRICT;
CREATE UNIQUE INDEX deliveries_id ON deliveries (id);
CREATE INDEX deliveries_event ON deliveries (event);
-- What is finished leaves these three again, so that they stay small. A query uses the first and
-- the last only if its WHERE holds these very words (SQLite proves no more than that).
CREATE INDEX deliveries_open ON deliveries (state, event)
    WHERE state = 'pending' OR state = 'leased' OR state = 'held' OR state = 'dead';
CREATE INDEX deliveries_due ON deliveries (target, next_at) WHERE state = 'pending';
CREATE INDEX deliveries_stuck ON deliveries (state, target) WHERE state = 'held' OR state = 'dead';

CREATE TABLE attempts (
    seq      INTEGER PRIMARY KEY,
    delivery INTEGER NOT NULL,
    number   INTEGER NOT NULL,
    at       REAL NOT NULL,
    endpoint TEXT NOT NULL,
    status   INTEGER,
    error    TEXT,
    message  TEXT NOT NULL,
    duration REAL NOT NULL,
    answer   BLOB NOT NULL,
    trigger  TEXT NOT NULL
) STRICT;
CREATE INDEX attempts_delivery ON attempts (delivery);

CREATE TABLE kv (
    key   TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE pauses (
    kind  TEXT NOT NULL,
    name  TEXT NOT NULL,
    since REAL NOT NULL,
    who   TEXT NOT NULL,
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    seq    INTEGER PRIMARY KEY,
    at     REAL NOT NULL,
    who    TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;

-- The highest number ever given; written by what deletes rows, so that it never goes back.
CREATE TABLE sequence (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    high INTEGER NOT NULL
) STRICT;
INSERT INTO sequence VALUES (1, 0);
