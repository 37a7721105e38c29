"""What two databases do with generated statements: the engine of the behaviour check."""
