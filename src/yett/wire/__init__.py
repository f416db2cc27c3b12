"""The wire: bytes in, checked messages out, and connections that are bounded in every direction.

Readers are sans-io (`http1`, `fields`, `target`, `body`, `response`): a message has one reading or
is refused. `link` and `pool` hold connections to upstreams, `clock` the one timer, `listen` and
`tls` the sockets. It never decides who may do what, and never passes a head on as it came.
"""

from yett.wire.clock import Clock
from yett.wire.http1 import RequestReader
from yett.wire.pool import Pool
from yett.wire.target import read_target
from yett.wire.tasks import spawn

__all__ = ["Clock", "Pool", "RequestReader", "read_target", "spawn"]
