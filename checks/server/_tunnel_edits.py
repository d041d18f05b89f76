"""The edits of cloudflared's config.yml, and whose page visitors of a tunnel get."""

import re
from collections.abc import Mapping

from diagnose.model import Applicability, Command, Edit, Evidence, Fix, Manual, Where
from diagnose.model.commands import restart_service
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.processes import TunnelRule
from diagnose.parsers.nginx.edits import diff


def pages_of_cloudflare(evidence: Evidence) -> list[Exchange]:
    """Return the visitors' requests of the page that Cloudflare answered, if all are such."""
    pages = page_exchanges(evidence)
    is_all = pages and all(
        page.header("CF-RAY") or "cloudflare" in (page.header("Server") or "").lower()
        for page in pages
    )
    return list(pages) if is_all else []


def rule_edit(rule: TunnelRule, service: str = "", settings: tuple[str, ...] = ()) -> Edit | None:
    """Return the edit that writes another address into the rule (`service`), and settings below its
    `originRequest:`; None if the configuration is not on this server or has another form."""
    rows = rule.text.split("\n")
    if not rule.file or rule.container or not 0 < rule.line <= len(rows) or rule.origin_line < 0:
        return None
    row = rows[rule.line - 1]
    names = {setting.partition(":")[0] for setting in settings}
    if row.count(rule.service) != 1 or any(_has_setting(rows, name) for name in names):
        return None
    changes: dict[int, tuple[str, ...]] = {}
    changed = row.replace(rule.service, service) if service else row
    inner = " " * (rule.origin_column or rule.column + 2)
    added = tuple(f"{inner}{setting}" for setting in settings)
    if settings and not rule.origin_line:
        added = (f"{' ' * rule.column}originRequest:", *added)
    changes[rule.line] = (changed,) if rule.origin_line else (changed, *added)
    if settings and rule.origin_line:
        changes[rule.origin_line] = (rows[rule.origin_line - 1], *added)
    return _edit(rule, rows, changes)


def inserted_rule(rule: TunnelRule, name: str, service: str) -> Edit | None:
    """Return the edit that writes a rule for a name before the rule for all names; None if its
    address is not known, or if the configuration is not on this server or has another form."""
    rows = rule.text.split("\n")
    if not service or not rule.file or rule.container or not 0 < rule.line <= len(rows):
        return None
    row = rows[rule.line - 1]
    dash = re.match(r"([ \t]*-[ \t]+)service[ \t]*:", row)
    if dash is None:
        return None
    start = dash[1]
    own = (f"{start}hostname: {name}", f"{' ' * len(start)}service: {service}")
    return _edit(rule, rows, {rule.line: (*own, row)})


def _has_setting(rows: list[str], name: str) -> bool:
    """Return whether a setting is written anywhere: which of two counts is not always plain."""
    return any(re.match(rf"[\s-]*{name}\s*:", row) for row in rows)


def _edit(rule: TunnelRule, rows: list[str], changes: Mapping[int, tuple[str, ...]]) -> Edit | None:
    end = "\r" if rows[0].endswith("\r") else ""
    changed: list[str] = []
    for number, row in enumerate(rows, 1):
        lines = changes.get(number, (row,))
        changed += [line if line.endswith(end) else line + end for line in lines]
    text = diff(rule.file, rule.text, "\n".join(changed))
    return Edit(rule.file, text) if text else None


def fix_of(rule: TunnelRule, edit: Edit | None, step: str) -> Fix:
    """Return the fix: the edit with the restart, or only the restart where the file is newer. Else
    a person does it (`step`): in the dashboard, or in a file that is not read here."""
    restart = _restart(rule)
    if rule.is_outdated and restart:
        return Fix((restart,), Applicability.REVIEW)
    if edit and restart:
        return Fix((edit, restart), Applicability.REVIEW)
    where = Where.SERVER if rule.file else Where.CLOUD_CONSOLE
    return Fix((Manual(step, where),), Applicability.MANUAL)


def _restart(rule: TunnelRule) -> Command | None:
    if rule.container:
        return None
    return restart_service(rule.unit) if rule.unit.endswith(".service") else None


def rule_facts(rule: TunnelRule) -> dict[str, object]:
    return {
        "program": rule.program,
        "pid": rule.pid,
        "unit": rule.unit.removesuffix(".service"),
        "container": rule.container,
        "place": f"{rule.file}:{rule.line}" if rule.file and rule.line else rule.file,
        "remote": not rule.file,
        "outdated": rule.is_outdated,
        "service": rule.service,
    }
