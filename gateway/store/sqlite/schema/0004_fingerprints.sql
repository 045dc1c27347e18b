-- The fingerprint of a body stands in its receipt. A table of its own, with the hash for a key, had a
-- page written for each event. Null: its events' ids are signed.
ALTER TABLE receipts ADD COLUMN fingerprint INTEGER;
UPDATE receipts SET fingerprint = f.fingerprint FROM fingerprints f WHERE f.receipt = receipts.seq;
DROP TABLE fingerprints;
