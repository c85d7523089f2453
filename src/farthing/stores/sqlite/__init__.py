"""SQLite: one file, one writer thread per process, any number of processes."""
