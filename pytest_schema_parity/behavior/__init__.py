"""What built databases do: the rows that their views give."""
