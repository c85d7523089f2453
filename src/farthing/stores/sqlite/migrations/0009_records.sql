-- What stages did to an attempt. (Content, where it is kept at all, is in a file of its own: see content.py.)

-- JSON [[stage, did, why, saves_nanos, costs_nanos], ...]; NULL where nothing was done to it.
ALTER TABLE attempt ADD COLUMN steps TEXT;
