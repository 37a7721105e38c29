"""PostgreSQL servers to throw away: binaries, cached data directories, clusters, databases."""
