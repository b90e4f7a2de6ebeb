-- The events of a chunk may be packed (packed.h). size: of what they are unpacked; 0: they are not.
ALTER TABLE bucket_chunks ADD COLUMN size INTEGER NOT NULL DEFAULT 0;
