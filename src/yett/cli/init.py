"""`yett init`: write a contract folder that runs, from a file, a URL or the app itself.

Never overwrites without `--force`, and says what is still open: an operation that does not say who
may call it is refused by the gate until somebody decides. Exit codes: 0 written, 2 the input is
wrong, 3 the URL or the app failed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from yett.cli.drafts import overlay_draft, settings_draft
from yett.cli.fetch import FetchError, export_app, fetch
from yett.cli.folder import in_folder
from yett.cli.guesses import guess_records
from yett.cli.output import printable
from yett.cli.record_drafts import overlay_records, policies_draft
from yett.cli.scope_drafts import named_scopes
from yett.contract.document import read_document
from yett.contract.errors import ContractError, describe
from yett.contract.files import POLICIES_NAME, read_bounded
from yett.contract.lint import lint
from yett.contract.load import CONFIG_NAME, load
from yett.contract.report import Report
from yett.contract.toml import read_config

if TYPE_CHECKING:
    from yett.cli.guesses import Guess
    from yett.contract.config import Config
    from yett.contract.model import Contract

DEFAULT_UPSTREAM = "http://127.0.0.1:8000"
OVERLAY_NAME = "overlay.yaml"
MAX_OPEN_SHOWN = 10

_OPEN_RULES = ("credential-unverifiable", "object-undeclared")


@click.command("init")
@click.option("--openapi", metavar="FILE|URL", help="the OpenAPI description, copied")
@click.option("--app", metavar="MODULE:APP", help="a FastAPI or other app that has `.openapi()`")
@click.option("--upstream", metavar="URL", help=f"the service  [default: {DEFAULT_UPSTREAM}]")
@click.option("--name", default="api", show_default=True, help="what to call the api")
@click.option("--issuer", is_flag=True, help="no identity provider: people sign in at yett itself")
@click.option("--force", is_flag=True, help="overwrite what is there")
@click.option("--update", is_flag=True, help="take a new description, keep settings and overlay")
@in_folder
@click.pass_obj
def init(
    folder: Path | None,
    openapi: str | None,
    app: str | None,
    upstream: str | None,
    name: str,
    *,
    issuer: bool,
    force: bool,
    update: bool,
) -> None:
    """Write a contract folder that runs, and say what is still open.

    Example: yett init -C contract/ --app portal.main:app --upstream http://127.0.0.1:8000

    A team without an identity provider: yett init --openapi openapi.yaml --issuer

    Later, when the app has changed: yett init -C contract/ --app portal.main:app --update
    """
    where = folder or Path()
    if update:
        _check_update(where, force=force or issuer, upstream=upstream)
    data, description = _description(where, openapi, app)
    try:
        document = read_document(data, description, lambda: data).value
        if not isinstance(document, dict) or not {"openapi", "swagger"} & document.keys():
            _refuse(
                f"`{openapi or app}` is no OpenAPI description",
                "name the JSON or YAML itself, such as http://127.0.0.1:8000/openapi.json",
            )
        if update:
            description = _described(where, name)
            files = {description: data}
        else:
            address = (upstream or DEFAULT_UPSTREAM).rstrip("/")
            scopes = named_scopes(document)
            settings = settings_draft(name, description, address, issuer=issuer, scopes=scopes)
            files = _drafts(data, description, settings)
    except ContractError as error:
        _refuse_all(error)
    _write(where, files, force=force or update, source=openapi)
    try:
        contract = load(where)
    except ContractError as error:
        click.echo(f"written to `{where}`; these mistakes are still there:", err=True)
        _refuse_all(error)
    open_ = _unguarded(contract)
    written = list(files)
    guesses = () if update else guess_records(contract)
    if not update:
        text = overlay_draft(description, open_, _schemes(document)) + overlay_records(guesses)
        (where / OVERLAY_NAME).write_text(text, encoding="utf-8")
        written += _write_policies(where, guesses, force=force)
    _tell(where, contract, open_, written)


def _description(folder: Path, openapi: str | None, app: str | None) -> tuple[bytes, str]:
    """Return the bytes of the OpenAPI description and the name it gets in the folder."""
    if (openapi is None) == (app is None):
        _refuse(
            "say where the OpenAPI description is",
            "one of `--openapi openapi.yaml`, `--openapi https://…`, `--app module:app`",
        )
    try:
        if app is not None:
            return export_app(app, Path.cwd()), "openapi.json"
        assert openapi is not None
        if openapi.startswith(("http://", "https://")):
            data = fetch(openapi)
            return data, "openapi.json" if data.lstrip()[:1] == b"{" else "openapi.yaml"
        data = read_bounded(Path(openapi))
    except FetchError as error:
        _refuse(error.message, error.hint, 3)
    except ContractError as error:
        _refuse_all(error)
    inside = Path(openapi).absolute().parent == folder.absolute()
    suffix = ".json" if Path(openapi).suffix == ".json" else ".yaml"
    return data, Path(openapi).name if inside else f"openapi{suffix}"


def _check_update(folder: Path, *, force: bool, upstream: str | None) -> None:
    if force or upstream is not None:
        _refuse("`--update` keeps the settings", "leave out `--force`, `--issuer` and `--upstream`")
    if not (folder / CONFIG_NAME).exists():
        _refuse(f"there is no `{folder / CONFIG_NAME}` to keep", "leave out `--update`")


def _described(folder: Path, name: str) -> str:
    """Return which file of the folder describes the api; the only one needs no name."""
    config = _settings((folder / CONFIG_NAME).read_bytes(), str(folder / CONFIG_NAME))
    if name not in config.api and len(config.api) > 1:
        _refuse(f"`{name}` is no api of `{folder / CONFIG_NAME}`", "`--name` says which one")
    return (config.api.get(name) or next(iter(config.api.values()))).openapi


def _settings(data: bytes, path: str) -> Config:
    report = Report()
    config, _ = read_config(data, path, report)
    return config


def _drafts(data: bytes, description: str, settings: str) -> dict[str, bytes]:
    """Draft the files of a new folder; raises before one is written when a setting is mistaken."""
    _settings(settings.encode(), "")
    overlay = overlay_draft(description, ()).encode()
    return {description: data, OVERLAY_NAME: overlay, CONFIG_NAME: settings.encode()}


def _schemes(document: Any) -> tuple[str, ...]:
    """Name the security schemes that a description declares."""
    found = document
    for key in ("components", "securitySchemes"):
        found = found.get(key) if isinstance(found, dict) else None
    return tuple(map(str, found)) if isinstance(found, dict) else ()


def _write(folder: Path, files: dict[str, bytes], *, force: bool, source: str | None) -> None:
    origin = Path(source).absolute() if source else None
    # The description itself may already live here: then it is used as it is.
    wanted = {name: data for name, data in files.items() if (folder / name).absolute() != origin}
    taken = [name for name in wanted if (folder / name).exists()]
    if taken and not force:
        names = ", ".join(f"`{folder / name}`" for name in taken)
        _refuse(f"already there: {names}", "`--force` overwrites them")
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in wanted.items():
        (folder / name).write_bytes(data)


def _write_policies(folder: Path, guesses: tuple[Guess, ...], *, force: bool) -> list[str]:
    """Write a draft of policies, in comments, where there are records to rule on."""
    path = folder / POLICIES_NAME / "records.cedar"
    if not guesses or (path.exists() and not force):
        return []
    path.parent.mkdir(exist_ok=True)
    path.write_text(policies_draft(guesses), encoding="utf-8")
    return [f"{POLICIES_NAME}/{path.name}"]


def _unguarded(contract: Contract) -> tuple[tuple[str, str], ...]:
    """List (path, method) of what does not say who may call it."""
    return tuple(
        (operation.path, operation.method.lower())
        for api in contract.apis
        for operation in api.operations
        if operation.security is None and operation.settings.public is not True
    )


def _tell(
    folder: Path,
    contract: Contract,
    open_: tuple[tuple[str, str], ...],
    files: list[str],
) -> None:
    number = sum(len(api.operations) for api in contract.apis)
    for name in files:
        click.echo(f"wrote {folder / name}")
    click.echo(f"{number:,} operations are declared")
    if open_:
        click.echo(f"still open: {len(open_):,} do not say who may call them, and are refused")
        for path, method in open_[:MAX_OPEN_SHOWN]:
            click.echo(printable(f"  {method.upper()} {path}"))
        draft = "has a draft" if OVERLAY_NAME in files else "can say it: `security` on `$`"
        if len(open_) > MAX_OPEN_SHOWN:
            click.echo(f"  and {len(open_) - MAX_OPEN_SHOWN:,} more")
        click.echo(f"hint: `{folder / OVERLAY_NAME}` {draft}")
    drafted = f"`{folder / OVERLAY_NAME}` and `{folder / POLICIES_NAME}` have drafts"
    for finding in lint(contract):
        if finding.rule in _OPEN_RULES:
            hint = drafted if finding.rule == "object-undeclared" and _drafted(files) else ""
            click.echo(printable(f"still open: {finding.message}"))
            click.echo(printable(f"hint: {hint or finding.hint}"))
    option = "" if folder == Path() else f" -C {folder}"
    if contract.config.identity.builtin is not None and CONFIG_NAME in files:
        click.echo(f"people: yett{option} user add ada@example.com --role admin prints a link")
    click.echo(f"next: yett{option} check, then yett{option} serve")


def _drafted(files: list[str]) -> bool:
    return any(name.startswith(POLICIES_NAME) for name in files)


def _refuse_all(error: ContractError) -> NoReturn:
    for finding in error.findings:
        # A draft that was not written has no place to lead to.
        words = describe(finding) if finding.path else finding.message
        click.echo(printable(words), err=True)
        if finding.hint:
            click.echo(printable(f"hint: {finding.hint}"), err=True)
    sys.exit(2)


def _refuse(message: str, hint: str, code: int = 2) -> NoReturn:
    click.echo(printable(message), err=True)
    click.echo(printable(f"hint: {hint}"), err=True)
    sys.exit(code)
