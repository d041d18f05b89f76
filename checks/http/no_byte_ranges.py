"""A film or a recording does not come in parts: the server sends all of it to a request for two
bytes (RFC 9110 section 14.2). Browsers cannot move within it then, and Safari does not play it
("Safari … Configuring Your Server": it asks for the bytes 0-1 first).

The evidence is that request. A stream without an end has no length, and no parts.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.http._page_files import location_facts
from checks.nginx import Nginx, file_line
from checks.nginx._edits import Changes, config_edits
from checks.nginx._location_edits import location_fix, setting_edits
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.http import header
from diagnose.model.nginx import Directive
from diagnose.model.pages import PageFileResponse
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.locations import LocationMatch, proxy_set_header_of
from diagnose.parsers.nginx.upstreams import pass_directive_of
from diagnose.parsers.urls import path_of

#: Bytes of a file of which parts matter.
_MIN_LENGTH = 100_000


@check(severity=Severity.WARNING, needs=[PageFileResponse])
def no_byte_ranges(evidence: Evidence) -> Iterator[Claim]:
    whole = [response for response in evidence.good(PageFileResponse) if _is_whole(response)]
    if not whole:
        return
    first, nginx = whole[0], Nginx.of(evidence)
    path = path_of((first.redirects or (first.url,))[-1])
    matches = list(nginx.location_matches(path))
    match = matches[0] if len(matches) == 1 else None
    lines = _hindering_lines(match) if match else ()
    yield Claim(
        about=endpoint_subjects(whole)[0],
        because=tuple(whole),
        facts={
            "file": first.url.partition("?")[0],
            "page": "" if first.page == first.url else first.page,
            "length": header(first.headers, "Content-Length") or "",
            "hindered": " ".join((lines[0].name, *(word or '""' for word in lines[0].args)))
            if lines
            else "",
            "hindered_place": file_line(lines[0]) if lines else "",
            **location_facts(nginx, path),
        },
        location=nginx.location(lines[0]) if lines else None,
        fix=(_without(nginx, match, lines) if match and lines else None) or _fix(nginx, match),
    )


def _is_whole(response: PageFileResponse) -> bool:
    length = header(response.headers, "Content-Length") or ""
    is_long = length.isascii() and length.isdecimal() and len(length) < 20
    is_long = is_long and int(length) >= _MIN_LENGTH
    return response.file_kind == "media" and response.status == 200 and is_long


def _hindering_lines(match: LocationMatch) -> tuple[Directive, ...]:
    """Return the lines by which nginx itself prevents parts: it sends none of a file (`max_ranges
    0`), or keeps the question from the application (`proxy_set_header Range ""`)."""
    limit = match.directive("max_ranges")
    lines = [limit] if limit is not None and limit.args == ("0",) else []
    for name in ("Range", "If-Range"):
        line = proxy_set_header_of(match, name)
        if line is not None and line.args[1:] != (f"$http_{name.lower().replace('-', '_')}",):
            lines.append(line)
    return tuple(lines) if any(line.args[0].lower() != "if-range" for line in lines) else ()


def _without(nginx: Nginx, match: LocationMatch, lines: tuple[Directive, ...]) -> Fix | None:
    """Take these lines out."""
    changes: Changes = {}
    for line in lines:
        file = nginx.file(line)
        if file is None:
            return None
        changes.setdefault(line.file, []).append(edits.remove_directive(file.text, line))
    file_edits = config_edits(nginx, changes)
    return location_fix(nginx, match, file_edits, sure=False) if file_edits else None


def _fix(nginx: Nginx, match: LocationMatch | None) -> Fix:
    """Let nginx cut the parts out of what the application sends."""
    passing = pass_directive_of(match) if match else None
    prefix = passing.name.removesuffix("_pass") if passing else ""
    file_edits = (
        setting_edits(nginx, match, {f"{prefix}_force_ranges": "on"})
        if match and prefix in {"proxy", "fastcgi", "uwsgi", "scgi"}
        else ()
    )
    if match is None or not file_edits:
        return Fix((Manual("send-parts", Where.SERVER),), Applicability.MANUAL)
    return location_fix(nginx, match, file_edits, sure=False)
