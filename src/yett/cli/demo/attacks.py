"""Every attack of the demo, in the order it is told."""

from __future__ import annotations

from yett.cli.demo.attacks_access import IDENTITY, UNDECLARED
from yett.cli.demo.attacks_channel import ANSWERS, BROWSER, FRAMING, NUMBERS
from yett.cli.demo.attacks_input import SHAPE, TEXT
from yett.cli.demo.attacks_records import MOMENTS, RECORDS
from yett.cli.demo.attacks_tokens import MONEY, TOKENS

ACTS = (
    RECORDS,
    MOMENTS,
    MONEY,
    TOKENS,
    UNDECLARED,
    IDENTITY,
    SHAPE,
    TEXT,
    FRAMING,
    BROWSER,
    ANSWERS,
    NUMBERS,
)
