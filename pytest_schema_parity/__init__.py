"""Make PostgreSQL schema parity a test."""
