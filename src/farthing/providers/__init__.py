"""HTTP to model providers: a pool that proves what was sent, and an adapter for proxies behind the same port."""
