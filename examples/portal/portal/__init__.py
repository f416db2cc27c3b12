"""A customer portal as many teams have one: it works, and it has holes.

The holes are deliberate and each is marked `HOLE`. They are what `yett demo` attacks: no ownership
checks, mass assignment, answers that say too much, a forgotten `/v1`, SQL built from strings, stack
traces for strangers, tokens that nobody verifies. Never run it without something in front of it.
"""
