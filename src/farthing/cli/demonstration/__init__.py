"""`farthing demo`: a support agent with tools, a burst and a runaway loop, against a simulated provider."""
