-- A long body is in parts, so that each is found without reading those before it. What stands in
-- bodies is whole where `size` is 0; else it is empty, and `size` is what the parts are together.
-- The table has another name than before: an older program that has the store open would send the
-- empty ones.
CREATE TABLE body_parts (
    delivery INTEGER NOT NULL REFERENCES deliveries (row) ON DELETE CASCADE,
    at INTEGER NOT NULL, -- in the body
    size INTEGER NOT NULL, -- of what `bytes` are unpacked (packed.h); 0: they are not packed
    bytes BLOB NOT NULL,
    PRIMARY KEY (delivery, at)
) STRICT, WITHOUT ROWID;
ALTER TABLE delivery_bodies RENAME TO bodies;
ALTER TABLE bodies ADD COLUMN size INTEGER NOT NULL DEFAULT 0;
