-- What attempts that were dropped by policy had posted, for the full check.
SELECT account, posted FROM audit_base
