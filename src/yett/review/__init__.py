"""Review: what a change of the contract lets whom do, and who may do what at all.

Two contracts go in; findings with replayed counterexamples, and the access matrix, come out. Needs
the extra `yett[diff]` (z3) for policies; what it cannot prove it calls not proved. Runs beside the
gate, never in it; reads no file and answers no request.
"""
