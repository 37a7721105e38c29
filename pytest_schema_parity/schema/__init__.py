"""Facts and how they compare. Pure: no server, no pytest."""
