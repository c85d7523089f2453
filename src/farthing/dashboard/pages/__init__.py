"""One file a page: what it reads, and how that becomes what its template shows."""
