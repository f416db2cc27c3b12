"""The steps of `decide`, one file per concern, listed once in their order.

Each row is (number in docs/life-of-a-request.md, rule whose mode applies or "", maker). A maker
gets an operation and answers its step, or None when the operation needs none.
"""

from __future__ import annotations

from yett.engine.step import Make
from yett.engine.steps.approval import make_approval
from yett.engine.steps.certificate import make_certificate
from yett.engine.steps.cors import make_cors
from yett.engine.steps.credential import make_credential
from yett.engine.steps.csrf import make_csrf
from yett.engine.steps.durable import make_durable
from yett.engine.steps.enrichment import make_enrichment
from yett.engine.steps.framing import make_framing
from yett.engine.steps.injection import make_injection
from yett.engine.steps.limits import make_principal_limits, make_source_limits
from yett.engine.steps.once import make_once
from yett.engine.steps.operation_bound import make_operation_bound
from yett.engine.steps.record import make_record
from yett.engine.steps.references import make_references
from yett.engine.steps.renamed import make_renamed
from yett.engine.steps.revoked import make_revoked
from yett.engine.steps.scopes import make_scopes
from yett.engine.steps.shape import make_body, make_parameters
from yett.engine.steps.step_up import make_step_up
from yett.engine.steps.streamed import make_streamed
from yett.engine.steps.unread import make_unread
from yett.engine.steps.workflow import make_workflow
from yett.engine.steps.written import make_written

STEPS: tuple[tuple[int, str, Make], ...] = (
    (2, "cors", make_cors),
    (2, "csrf", make_csrf),
    (2, "", make_framing),
    (3, "limits", make_source_limits),
    (4, "credential", make_credential),
    (4, "credential", make_certificate),
    (4, "credential", make_unread),
    (5, "credential", make_revoked),
    (6, "limits", make_principal_limits),
    (6, "credential", make_once),
    (7, "scopes", make_scopes),
    (8, "parameters", make_parameters),
    (8, "body", make_body),
    (9, "injection", make_injection),
    # 10 graph: one row when it is built.
    (11, "", make_enrichment),  # asks once for the rules of several modes, and heeds them itself
    (11, "records", make_record),
    (11, "records", make_references),
    (11, "records", make_workflow),
    (11, "records", make_renamed),
    (11, "fields", make_written),
    (11, "fields", make_streamed),
    (12, "sensitive", make_step_up),
    (12, "sensitive", make_operation_bound),
    (12, "sensitive", make_approval),
    (13, "", make_durable),
)

__all__ = ["STEPS"]
