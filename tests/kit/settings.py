"""What is said of a yett.toml that is given as text."""

from __future__ import annotations

from yett.contract.errors import ContractError
from yett.contract.report import Report
from yett.contract.toml import read_config


def findings(text):
    """All that reading it finds, mistakes and dangers."""
    report = Report()
    try:
        read_config(text.encode(), "yett.toml", report)
    except ContractError as error:
        return error.findings
    return tuple(remark.finding() for remark in report.remarks)
