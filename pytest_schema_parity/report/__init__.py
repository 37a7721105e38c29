"""What was found, as text for people and as reports for machines."""
