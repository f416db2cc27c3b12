"""libinjection by `ctypes`: the adapter, and the only file that knows what carries the library.

Looks in the wheel `libmodsecurity`, then for the system's `libmodsecurity.so.3` (Debian, RPM), and
refuses to start when neither loads: a missing detector must not pass for a clean request. Symbols
are bound lazily and locally (`RTLD_LAZY | RTLD_LOCAL`), so that the OpenSSL 1.1.1k which the wheel
drags in is mapped but never called and never seen by Python's own `ssl` (docs/adr/0003).
"""

from __future__ import annotations

import ctypes
import functools
import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec import Struct

from yett.contract.report import refuse
from yett.policy.rules import INJECTION_UNAVAILABLE

WHEEL = "libmodsecurity"
SYSTEM_NAME = "libmodsecurity.so.3"
# <dlfcn.h>, the same on every Linux; `os` has them too but stays out of the pure rooms.
RTLD_LAZY = 1
RTLD_LOCAL = 0
# libinjection_sqli.h: a fingerprint is at most LIBINJECTION_SQLI_MAX_TOKENS (8) and a NUL.
FINGERPRINT_BYTES = 16
HINT = (
    "install `libmodsecurity3` of your system (Debian: `apt-get install libmodsecurity3`), "
    'or accept the risk with `injection = "off"` under `[rules]` in yett.toml'
)


class Library(Struct, frozen=True):
    """The two questions libinjection answers about the bytes of one value.

    Args:
        sqli: the fingerprint such as `s&1c`, empty when the bytes are no SQL injection.
        xss: whether a browser would run something in one of five contexts.
        carrier: the file that was loaded, for `yett check` and the log line at start.
    """

    sqli: Callable[[bytes], str]
    xss: Callable[[bytes], bool]
    carrier: str


@functools.cache
def load_library(candidates: tuple[str, ...] | None = None) -> Library:
    """Load libinjection from the first candidate that has it; once for each set of candidates.

    Args:
        candidates: paths or sonames; by default the wheel's file, then the system's.

    Raises:
        ContractError: none of them could be loaded, with what to do.
    """
    tried: list[str] = []
    for name in candidates if candidates is not None else _candidates():
        try:
            # PyDLL keeps the interpreter's lock: a call lasts a microsecond, handing it over more.
            return _bind(ctypes.PyDLL(name, mode=RTLD_LAZY | RTLD_LOCAL), name)
        except (OSError, AttributeError) as error:
            tried.append(f"{name}: {error}")
    message = "libinjection cannot be loaded here: " + ("; ".join(tried) or "nothing to try")
    return refuse(INJECTION_UNAVAILABLE, message, path="", hint=HINT)


def _candidates() -> Iterator[str]:
    # The package is found, not imported: importing would run its extension module.
    spec = importlib.util.find_spec(WHEEL)
    for place in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(place).with_name(WHEEL + ".libs")
        yield from map(str, sorted(folder.glob("libmodsecurity-*.so*")))
    yield SYSTEM_NAME


def _bind(library: ctypes.PyDLL, carrier: str) -> Library:
    raw_sqli, raw_xss = library.libinjection_sqli, library.libinjection_xss
    raw_sqli.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p]
    raw_xss.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    raw_sqli.restype = raw_xss.restype = ctypes.c_int
    # One buffer for all calls: a worker decides on one thread, and the call does not return early.
    buffer = ctypes.create_string_buffer(FINGERPRINT_BYTES)

    def sqli(value: bytes) -> str:
        if not (result := raw_sqli(value, len(value), buffer)):
            return ""
        # v4 answers -1 when its own parser loses its footing: such a value is not let through.
        return buffer.value.decode("ascii", "replace") if result > 0 else "unreadable"

    def xss(value: bytes) -> bool:
        return bool(raw_xss(value, len(value)))

    return Library(sqli=sqli, xss=xss, carrier=carrier)
