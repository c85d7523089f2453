"""Should this call go at all? Rates, breakers, sessions, velocity, the life of runs, suspensions."""
