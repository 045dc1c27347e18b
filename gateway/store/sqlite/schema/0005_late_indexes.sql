-- Where an index's key is all over the place, a page was written for each event. So these two are
-- brought up to date late, for many events at once (store/sqlite/keys.py, subjects.py).

-- The event under a digest. What `dedup` does not hold (any more) is not meant.
CREATE TABLE digests (
    digest BLOB PRIMARY KEY,
    event  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO digests SELECT digest, event FROM dedup ORDER BY digest;
DROP INDEX dedup_digest;
-- By a digest's first byte: up to which event its part of `digests` is complete.
CREATE TABLE swept (
    part INTEGER PRIMARY KEY,
    upto INTEGER NOT NULL
) STRICT;
WITH RECURSIVE parts (part) AS (SELECT 0 UNION ALL SELECT part + 1 FROM parts WHERE part < 255)
INSERT INTO swept SELECT part, (SELECT coalesce(max(event), 0) FROM dedup) FROM parts;

CREATE TABLE subjects (
    subject TEXT NOT NULL,
    event   INTEGER NOT NULL,
    PRIMARY KEY (subject, event)
) STRICT, WITHOUT ROWID;
INSERT INTO subjects SELECT subject, seq FROM events WHERE subject IS NOT NULL ORDER BY subject, seq;
DROP INDEX events_subject;
-- Up to which event `subjects` is complete.
CREATE TABLE listed (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    upto INTEGER NOT NULL
) STRICT;
INSERT INTO listed SELECT 1, coalesce(max(seq), 0) FROM events;
