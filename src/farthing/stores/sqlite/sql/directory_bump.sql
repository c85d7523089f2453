-- Tells every process that shares the file to look at the directory again.
UPDATE meta SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT) WHERE name = 'directory_version'
