"""A limit's refusal that `error_page` takes for something else, such as maintenance: the visitors
that `limit_req` or `limit_conn` refuses get that answer (ngx_http_core_module, "error_page")."""

from checks.nginx import Nginx, file_line
from checks.nginx._location_edits import location_fix, setting_edits
from diagnose.model import Fix
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.locations import LocationMatch

#: The status of a limit without `limit_req_status`, and the one for it (RFC 6585 section 4).
_DEFAULT, _OWN = "503", "429"


def caught_facts(nginx: Nginx, name: str, path: str) -> dict[str, object]:
    """Return the facts about the `error_page` that answers in the place of this limit."""
    match, status = _limited(nginx, name, path)
    page = _catching(match, status) if match else None
    if page is None:
        return {"caught": "", "caught_place": "", "own_status": ""}
    return {
        "caught": page.text,
        "caught_place": file_line(page),
        "own_status": f"{name}_status {_OWN};",
        "status": int(status),
    }


def caught_fix(nginx: Nginx, name: str, path: str) -> Fix | None:
    """Give the limit a status of its own; None if an `error_page` catches that one too."""
    match, status = _limited(nginx, name, path)
    if match is None or status == _OWN or _names(match, _OWN):
        return None
    edits = setting_edits(nginx, match, {f"{name}_status": _OWN})
    return location_fix(nginx, match, edits, sure=False) if edits else None


def _limited(nginx: Nginx, name: str, path: str) -> tuple[LocationMatch | None, str]:
    """Return the location of a path, and the status with which its limit refuses."""
    match = next(iter(nginx.location_matches(path)), None)
    line = match.directive(f"{name}_status") if match else None
    return match, line.args[0] if line and line.args else _DEFAULT


def _catching(match: LocationMatch, status: str) -> Directive | None:
    """Return the `error_page` that gives this status an answer of another kind: another status, a
    location or an address. A page of its own keeps the status."""
    for page in _names(match, status):
        words = page.args[:-1]
        is_other = any(word.startswith("=") for word in words)
        if is_other or page.args[-1].startswith(("@", "http://", "https://")):
            return page
    return None


def _names(match: LocationMatch, status: str) -> list[Directive]:
    return [page for page in match.directives("error_page") if status in page.args[:-1]]
