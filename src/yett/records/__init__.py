"""Records: what lasts.

In go events, from each worker's `Spool`; one `recorder` per host writes them into the ledger, an
append-only folder of lines that hang together by hashes. Out come a verdict on its wholeness
(`verify`) and what was asked for (`Search`). It never decides, never changes what was written, and
never sees a credential: an `Event` has no place for one. Format: docs/spec/ledger.md.
"""

from yett.records.errors import LedgerError
from yett.records.ledger import ChainLedger, Ledger
from yett.records.query import Filter, Search
from yett.records.recorder import run
from yett.records.spool import Spool
from yett.records.verify import verify

__all__ = ["ChainLedger", "Filter", "Ledger", "LedgerError", "Search", "Spool", "run", "verify"]
