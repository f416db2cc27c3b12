"""The contract: the files a team writes, read once.

In goes a folder (`contract.load.load`): yett.toml, OpenAPI 3.0-3.2, an Overlay. Out comes a frozen
`Contract`, or one `ContractError` with every mistake, its file and its line. Only `contract.files`
touches the disk. It never fetches what a document names, and never reads one text two ways.
"""

from yett.contract.errors import ContractError
from yett.contract.model import Contract

__all__ = ["Contract", "ContractError"]
