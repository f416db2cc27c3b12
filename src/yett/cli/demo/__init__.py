"""`yett demo`: the sample portal of `examples/portal` behind a real gate, under real attacks.

In goes nothing but the checkout, out comes a story on the terminal and an exit code. It never
touches the contract in the checkout: everything is written to a temporary folder.
"""

from __future__ import annotations

from yett.cli.demo.command import demo

__all__ = ["demo"]
