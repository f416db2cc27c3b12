"""The faces of yett on a terminal; `serve` alone wires the rooms together."""
