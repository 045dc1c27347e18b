-- Deliveries that are tied to others of their target: lanes (order_by), shares (fair_by) and bursts
-- (debounce). All of it is fixed when the event is accepted.

-- Another one of its lane (target, order_key) comes first.
ALTER TABLE deliveries ADD COLUMN behind INTEGER NOT NULL DEFAULT 0;
-- Once dead it keeps its lane closed (on_dead: hold).
ALTER TABLE deliveries ADD COLUMN stops INTEGER NOT NULL DEFAULT 0;
-- Whose share of the target it takes.
ALTER TABLE deliveries ADD COLUMN fair_key TEXT;
-- What it is the latest of, and until when that may be put off.
ALTER TABLE deliveries ADD COLUMN burst TEXT;
ALTER TABLE deliveries ADD COLUMN burst_until REAL;

-- What is behind another one is not due, whatever its time: no page of due ones may be full of it.
DROP INDEX deliveries_due;
CREATE INDEX deliveries_due ON deliveries (target, behind, fair_key, next_at)
    WHERE state = 'pending';
-- The members of a lane: those in front, then those behind in order of their numbers.
CREATE INDEX deliveries_lane ON deliveries (target, order_key, behind)
    WHERE order_key IS NOT NULL AND (state = 'pending' OR state = 'leased' OR state = 'held'
        OR (state = 'dead' AND stops = 1));
CREATE INDEX deliveries_burst ON deliveries (target, route, burst)
    WHERE burst IS NOT NULL AND (state = 'pending' OR state = 'held');
