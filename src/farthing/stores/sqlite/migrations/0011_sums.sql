-- Sums by single labels, and an order of runs by cost.

-- Cells have a fourth family (3): by one narrow label each. `narrow` is then the row of `who` that has this label alone, or
-- the key alone; `who` is 0. What was summed without it is summed again.
DELETE FROM span;
DELETE FROM cell;
DELETE FROM run_part;
DELETE FROM run_total;

-- The other order that runs are listed in; every column that conditions name is in both.
CREATE INDEX run_total_cost ON run_total (cost_nanos DESC, run, last_ms, first_ms, narrow, who, what, prompt);
