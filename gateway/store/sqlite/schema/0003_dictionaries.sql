-- What packs are compressed against: bytes of receipts that came before them. A dictionary bears a
-- number of the sequence, and only packs between its number and the next one's use it.
CREATE TABLE dictionaries (
    id   INTEGER PRIMARY KEY,
    data BLOB NOT NULL                       -- zstd
) STRICT;
ALTER TABLE packs ADD COLUMN dictionary INTEGER;
