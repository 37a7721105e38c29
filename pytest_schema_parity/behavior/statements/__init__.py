"""The engine of the behaviour check: run generated statements on two databases and compare."""
