-- Attempts under way whose delivery was ended meanwhile, its alert disabled or deleted: once their
-- outcome is recorded, or their process is found dead, they are gone from here. n: of its round.
CREATE TABLE orphans (
    delivery INTEGER PRIMARY KEY REFERENCES deliveries (row) ON DELETE CASCADE,
    n INTEGER NOT NULL
) STRICT;
