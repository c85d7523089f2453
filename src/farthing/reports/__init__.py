"""What the past says: drivers of cost, forecasts, cost per success."""
