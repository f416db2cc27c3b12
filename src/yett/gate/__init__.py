"""The gate: adapters that let the engine decide about real traffic.

In go a bound `Program`, the view of state, a sink of events and listening sockets (whose protocol
is `Gate.protocol`); out come answers to clients, requests to upstreams and one event each. It never
decides: every verdict is the engine's, every refusal's text is `respond`'s. Life of a request at
the edge: connection (reading) > call (deciding) > relay (forwarding) > answer (writing, recording).
"""

from yett.gate.edge import Gate
from yett.gate.respond import problem_response

__all__ = ["Gate", "problem_response"]
