"""Lines by which Apache, Caddy, HAProxy and Traefik permit every site, and cookies: browsers accept
no `*` with cookies (Fetch standard, "CORS check"). One more line names the site that asks with
cookies; for all others `*` stays."""

import re

from checks.server import ServerView, indentation, line_edit, reload_steps, server_on_port
from checks.server._field_lines import FieldLine
from checks.server._response_fields import changed_value, sending_line
from diagnose.model import Applicability, Edit, Evidence, Fix
from diagnose.model.http import Exchange

_FIELD, _CREDENTIALS = "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-]{1,253}(?::\d{1,5})?")
_VARIABLE = "permitted_origin"
_APACHE = re.compile(r"(?i)\s*Header\s+(?:always\s+|onsuccess\s+)?set\s.*")
_CADDY = re.compile(rf"(?i)\s*header\s+{_FIELD}\s+[\"`]?\*[\"`]?\s*")
_HAPROXY = re.compile(r"\s*http-response\s+set-header\s.*")
#: What may stand behind the value. A condition closes the rest of the site to others.
_COMMENT = re.compile(r"\s*(?:#.*)?")


def server_naming_fix(evidence: Evidence, page: Exchange, origin: str) -> Fix | None:
    """Return the fix that names this origin; None if the server has no such line, or cookies are
    not permitted yet."""
    view = server_on_port(evidence)
    has_cookies = (page.header(_CREDENTIALS) or "").strip() == "true"
    if view is None or not has_cookies or not _ORIGIN.fullmatch(origin):
        return None
    line = sending_line(view, _FIELD, ["*"])
    edit = _edit(view, line, origin) if line else None
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if edit else None


def _edit(view: ServerView, line: FieldLine, origin: str) -> Edit | None:
    blanks, escaped = indentation(line.text), re.escape(origin).replace(r"\-", "-")
    added: tuple[str, ...]
    rest = line.text[line.stop :]
    match view.server.product:
        case "traefik":
            # The first member that fits is sent.
            return changed_value(view, line, f"{origin},*") if line.is_list else None
        case "apache" if _APACHE.fullmatch(line.text) and not rest.strip():
            named = f"{line.text[: line.start]}%{{{_VARIABLE}}}e"
            added = (
                f'{blanks}SetEnvIf Origin "^{escaped}$" {_VARIABLE}=$0',
                line.text,
                f"{named} env={_VARIABLE}",
            )
        case "haproxy" if _HAPROXY.fullmatch(line.text) and _COMMENT.fullmatch(rest):
            named = f'{blanks}http-response set-header {_FIELD} "{origin}"'
            added = (
                f"{blanks}http-request set-var(txn.asking_origin) req.hdr(origin)",
                line.text,
                f"{named} if {{ var(txn.asking_origin) -m str {origin} }}",
            )
        case "caddy" if _CADDY.fullmatch(line.text):
            step = "\t" if "\t" in blanks else "    "
            added = (
                f"{blanks}map {{header.Origin}} {{{_VARIABLE}}} {{",
                f"{blanks}{step}{origin} {origin}",
                f"{blanks}{step}default *",
                f"{blanks}}}",
                f"{line.text[: line.start]}{{{_VARIABLE}}}{line.text[line.stop :]}",
            )
        case _:
            return None
    is_taken = _VARIABLE in "\n".join(file.text for file in view.config.files) if view.config else 1
    return None if is_taken else line_edit(view, line.file, {line.number: added})
