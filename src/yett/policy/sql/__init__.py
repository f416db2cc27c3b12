"""A slice as a SQL condition: which rows may this principal do this action to?

In go the rules of one action, a principal, a context and a SQLAlchemy model; out comes a boolean
expression that is true of exactly those rows that the rules permit. What cannot be translated is
refused, never weakened: a row too many is a leak. SQLAlchemy is imported by the files of this room
alone, and this face imports none of them.
"""
