"""A film or a recording does not come in parts: the server sends all of it to a request for two
bytes (RFC 9110 section 14.2). Browsers cannot move within it then, and Safari does not play it
("Safari … Configuring Your Server": it asks for the bytes 0-1 first).

The evidence is that request. A stream without an end has no length, and no parts.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.http._page_files import location_facts
from checks.nginx import Nginx
from checks.nginx._location_edits import location_fix, setting_edits
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.http import header
from diagnose.model.pages import PageFileResponse
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.upstreams import pass_directive_of
from diagnose.parsers.urls import parse_url

#: Bytes of a file of which parts matter.
_MIN_LENGTH = 100_000


@check(severity=Severity.WARNING, needs=[PageFileResponse])
def no_byte_ranges(evidence: Evidence) -> Iterator[Claim]:
    whole = [response for response in evidence.good(PageFileResponse) if _is_whole(response)]
    if not whole:
        return
    first, nginx = whole[0], Nginx.of(evidence)
    url = parse_url((first.redirects or (first.url,))[-1])
    path = url.path.partition("?")[0] if url else ""
    matches = list(nginx.location_matches(path))
    yield Claim(
        about=endpoint_subjects(whole)[0],
        because=tuple(whole),
        facts={
            "file": first.url.partition("?")[0],
            "page": "" if first.page == first.url else first.page,
            "length": header(first.headers, "Content-Length") or "",
            **location_facts(nginx, path),
        },
        fix=_fix(nginx, matches[0] if len(matches) == 1 else None),
    )


def _is_whole(response: PageFileResponse) -> bool:
    length = header(response.headers, "Content-Length") or ""
    is_long = length.isascii() and length.isdecimal() and len(length) < 20
    is_long = is_long and int(length) >= _MIN_LENGTH
    return response.file_kind == "media" and response.status == 200 and is_long


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
