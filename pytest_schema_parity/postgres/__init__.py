"""Temporary PostgreSQL servers: binaries, cached data directories, clusters, databases."""
