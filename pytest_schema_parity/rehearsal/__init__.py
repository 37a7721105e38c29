"""Rehearsals: an upgrade carried out on copies of the deployed database, and rolled back again."""
