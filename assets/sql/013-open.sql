-- What waits is found by alert without it (ending.h).
DROP INDEX deliveries_open;
