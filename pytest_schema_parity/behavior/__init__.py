"""Compare what two databases do: rows of views, and results of statements."""
