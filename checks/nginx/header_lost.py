"""nginx is configured to send a field of its responses (`add_header Strict-Transport-Security`),
and this answer does not carry it.

Either an inner block has an add_header of its own, so that it inherits none ("These directives are
inherited … if and only if there are no add_header directives defined on the current level"), or
the answer is an error, and the line lacks `always` (ngx_http_headers_module, "add_header").

A line whose value has variables may be empty on purpose: nginx sends no field then. Without a
message it is a note: the page works. Access-Control-Allow-Origin is nginx.cors-header-lost's.

An internal redirect (index, try_files, error_page) leads to another location. So the answer has to
carry what the location itself adds: it shows which one answered.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._lost_fields import LostLine, lost_line, sending_fix
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, merge_subjects
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.missing_fields import SECURITY_FIELDS, named_fields
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch


@check(severity=Severity.NOTE, needs=[NginxConfig, Exchange])
def header_lost(evidence: Evidence) -> Iterator[Claim]:
    symptom = evidence.target.symptom
    is_asked = symptom is not None and symptom.kind == "response-field"
    named = named_fields(symptom.text) if symptom and is_asked else SECURITY_FIELDS
    pages = [page for page in page_exchanges(evidence) if page.status is not None]
    # An error is a fault of its own: nobody looks for these fields beside it unasked.
    if not pages or not (is_asked or 200 <= (pages[0].status or 0) < 300):
        return
    nginx = Nginx.of(evidence)
    for match in _matches(nginx):
        names = named or _configured(match)
        lost = [
            (name, line)
            for name in names
            if (is_asked or not _is_replaced(name, pages)) and (line := _lost(match, name, pages))
        ]
        if lost:
            yield _claim(nginx, match, pages, lost)
            return


def _matches(nginx: Nginx) -> Iterator[LocationMatch]:
    """Yield the locations that may answer. For a folder another one may have its index file, to
    which nginx redirects internally (ngx_http_index_module), and so has the last argument of
    try_files."""
    path = nginx.evidence.target.path_without_query
    for match in nginx.location_matches(path):
        yield match
        files = match.directive("try_files")
        last = files.args[-1] if files and files.args else ""
        if last.startswith("/") and "$" not in last:
            yield from nginx.location_matches(last.partition("?")[0])
        if path.endswith("/") and match.directive("root") and not _passes_on(match):
            index = match.directive("index")
            name = index.args[0] if index and index.args else "index.html"
            yield from nginx.location_matches(f"{path}{name.lstrip('/')}")


def _configured(match: LocationMatch) -> tuple[str, ...]:
    """Return the fields that the blocks around a location send: somebody misses one of them, and
    does not say which. Those of CORS are another check's."""
    lines = (line for block in match.blocks for line in children(block, "add_header"))
    names = {line.args[0].lower(): line.args[0] for line in lines if line.args}
    return tuple(name for key, name in names.items() if not key.startswith("access-control-"))


def _passes_on(match: LocationMatch) -> bool:
    return any(child.name.endswith("_pass") for child in match.block.block or ())


def _lost(match: LocationMatch, name: str, pages: list[Exchange]) -> LostLine | None:
    if any(page.header(name) is not None for page in pages):
        return None
    line = lost_line(match, name, pages[0].status)
    value = line.directive.args[1] if line and len(line.directive.args) > 1 else ""
    is_own = line is None or line.own is None or _adds(match, pages[0])
    return line if is_own and value and "$" not in value else None


def _is_replaced(name: str, pages: list[Exchange]) -> bool:
    """Return whether browsers pass over a field for another one: frame-ancestors obsoletes
    X-Frame-Options (Content Security Policy Level 3, section 6.4.2.1), and a page that others may
    show in a frame has the one without the other."""
    policies = (page.header("Content-Security-Policy") or "" for page in pages)
    return name == "X-Frame-Options" and any("frame-ancestors" in text.lower() for text in policies)


def _adds(match: LocationMatch, page: Exchange) -> bool:
    """Return whether a response carries a field that a location adds, and so comes from there."""
    sent = {(name.lower(), value.strip()) for name, value in page.headers}
    names = {name for name, _ in sent}
    lines = (line.args for line in match.directives("add_header") if len(line.args) > 1)
    return any(
        name.lower() in names if "$" in value else (name.lower(), value.strip()) in sent
        for name, value, *_ in lines
    )


def _claim(
    nginx: Nginx, match: LocationMatch, pages: list[Exchange], lost: list[tuple[str, LostLine]]
) -> Claim:
    subjects, (name, line) = endpoint_subjects(pages), lost[0]
    return Claim(
        about=merge_subjects(subjects),
        covers=(),
        because=(*pages, *nginx.configs),
        confidence=Confidence.CERTAIN,
        location=nginx.location(line.directive),
        facts={
            "field": name,
            "others": [other for other, _ in lost[1:]],
            "url": pages[0].url,
            "status": pages[0].status,
            "place": file_line(line.directive),
            "own_place": file_line(line.own) if line.own else "",
            **line.facts,
        },
        fix=sending_fix(nginx, match, [each for _, each in lost]),
    )
