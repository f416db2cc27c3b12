"""Security events between organisations: OpenID Shared Signals Framework 1.0, CAEP and RISC.

`receive` and `judging` take what configured transmitters push, `effects` makes cut-offs of it;
`streams`, `emitting`, `polling` and `delivery` tell registered receivers what ended here.
"""

from __future__ import annotations
