"""Generate statements, run them on two databases, and compare what they do.

An example is a list of statements that run on empty tables.  Directed examples start from a valid
row and break or just meet one rule; random examples are rows for triggers, short histories of one
table, and small databases for views.
"""
