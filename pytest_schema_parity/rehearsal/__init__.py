"""Rehearsals: an upgrade carried out on copies of what is deployed, and rolled back again."""
