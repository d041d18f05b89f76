"""Browsers keep the page itself for days without asking for it again (RFC 9111 section 4.2.1), and
it names files of one build (`index-4f2a9c1b.js`). After the next deployment visitors see the old
site, or an empty page: the old page loads files that are gone.

Such names are made so that the files can be kept for ever, and the page must not be. Some days may
be meant: that is a note.

A page whose files have no such names is told where a message speaks of old content.

Of a page that says nothing about it, browsers keep the copy for a tenth of its age or so (RFC 9111,
section 4.2.2): a note, unless a message says that files of an old build are asked for, or the log
of visitors shows it: a browser that came from a page of the site got 404 for a script, and today's
page names that script with another hash. Only a page that was kept names it so.

nginx's `expires` also replaces what an application says of its answers (ngx_http_headers_module):
in the `server` block it makes browsers keep the data that the page's script reads.

The address of an old file may be answered with the page itself (`try_files … /index.html`), which
browsers refuse as a script and keep under that address.
"""

import re
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

from checks.http import endpoint_subjects
from checks.http._hashed_names import is_hashed, tells_of_old_build
from checks.nginx import NO_PORT, Nginx, file_line
from checks.nginx._location_edits import location_fix, setting_edits
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import Directive
from diagnose.model.other_requests import OtherRequest
from diagnose.model.pages import Page, PageFileResponse
from diagnose.parsers.nginx.config import children, seconds
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.upstreams import pass_directive_of
from diagnose.parsers.urls import parse_url

#: Seconds for which a page may be kept: one day. From a month on it is a mistake, and no choice.
_MOST, _MISTAKE = 86_400, 30 * 86_400
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age=\"?(\d{1,12})", re.IGNORECASE)
#: The file's name without its hash, and its ending.
_STEM = re.compile(r"(.+)[-._][A-Za-z0-9_]{8,32}(\.(?:m?js|css))")
_ASKS = re.compile(r"\bno-(?:cache|store)\b", re.IGNORECASE)


@check(severity=Severity.WARNING, needs=[Exchange, Page])
def page_kept_too_long(evidence: Evidence) -> Iterator[Claim]:
    page = next(iter(evidence.good(Page)), None)
    hashed = next((file.url for file in page.files if is_hashed(file.url)), "") if page else ""
    symptom = evidence.target.symptom
    old = _old_script(evidence, page) if page and hashed else None
    is_told = tells_of_old_build(symptom) and not _lacks_its_own_file(evidence)
    kept = [
        (answer, age)
        for answer in page_exchanges(evidence)
        if (age := _seconds(answer, is_told and bool(hashed)))
        > (0 if is_told or (old and _says_nothing(answer)) else _MOST)
    ]
    is_named = bool(hashed) or (is_told and bool(kept) and kept[0][1] > _MOST)
    if page is None or not is_named or not kept or page.url != kept[0][0].url:
        if page is not None and (claim := _kept_data(evidence, page)):
            yield claim
        return
    nginx, (answer, age) = Nginx.of(evidence), kept[0]
    in_place_of_file = is_hashed(answer.url)
    if in_place_of_file and not is_told:
        return  # for how long the page itself is kept, this answer does not say
    subjects = endpoint_subjects(answer for answer, _ in kept)
    # What says nothing is not what a line of the configuration says.
    match, directive = (None, None) if _says_nothing(answer) else _decisive(nginx)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*(answer for answer, _ in kept), page, *([old] if old else [])),
        confidence=Confidence.LIKELY,
        severity=None if age >= _MISTAKE or is_told or old else Severity.NOTE,
        location=nginx.location(directive) if directive else None,
        facts={
            "url": f"{evidence.target.origin}/" if in_place_of_file else answer.url,
            "asked": answer.url if in_place_of_file else "",
            "days": age // 86_400,
            "field": _field(answer),
            "silent": _says_nothing(answer),
            "file": hashed,
            "old": old.path if old else "",
            "log": old.file if old else "",
            "directive": directive.text if directive else "",
            "place": file_line(directive) if directive else "",
            "application": "",
        },
        fix=_server_fix(evidence, answer, hashed) or _fix(nginx, match, directive),
    )


def _lacks_its_own_file(evidence: Evidence) -> bool:
    """Whether a file with a hash is gone that the page of today names: that is why it fails."""
    files = evidence.good(PageFileResponse)
    return any(file.status in {404, 410} and is_hashed(file.url) for file in files)


def _server_fix(evidence: Evidence, answer: Exchange, file: str) -> Fix | None:
    """Return the fix of Apache or Caddy, which serve the page from a file, or of HAProxy, whose own
    line says how long it is good: browsers ask for pages again, and keep the other files as they
    do."""
    # Imported late: few pages are kept for long.
    from checks.server import server_on_port
    from checks.server._page_asked_again import asked_again_fix

    view = server_on_port(evidence) if file else None
    values = [value for name, value in answer.headers if name.lower() == "cache-control"]
    is_dated = not values and not _says_nothing(answer)
    if view is None or is_dated:
        return None
    return asked_again_fix(view, _path(answer.url), _path(file), values)


def _old_script(evidence: Evidence, page: Page) -> OtherRequest | None:
    """Return a visitor's request for a file that the page names with another hash today."""
    named = {stem: path for file in page.files if (stem := _stem(path := _path(file.url)))}
    for request in evidence.good(OtherRequest):
        is_visitors = request.source == "log" and request.by_browser and request.is_from_page
        if not is_visitors or request.status != 404 or not is_hashed(request.path):
            continue
        if named.get(_stem(request.path), request.path) != request.path:
            return request
    return None


def _path(url: str) -> str:
    return parsed.path if (parsed := parse_url(url)) else ""


def _stem(path: str) -> tuple[str, ...]:
    """Return the path without the hash, and the ending; () for a name without a hash."""
    match = _STEM.fullmatch(path) if is_hashed(path) else None
    return match.groups() if match else ()


def _kept_data(evidence: Evidence, page: Page) -> Claim | None:
    """Return the claim about an application's answers, which nginx lets browsers keep: those that
    the page's script reads, or the target's own."""
    nginx = Nginx.of(evidence)
    readers: list[Page | PageFileResponse] = [page, *evidence.good(PageFileResponse)]
    own = [evidence.target.path_without_query] if _is_data(evidence) else []
    paths = {path: reader for reader in reversed(readers) for path in reader.data_paths}
    for path in (*own, *reversed(paths)):
        for match in nginx.location_matches(path):
            directive, passing = match.directive("expires"), pass_directive_of(match)
            duration = seconds(directive.args[-1]) if directive and directive.args else None
            words = directive.args if directive else ()
            if passing is None or directive is None or _is_decided_here(match):
                continue
            if words[-1:] == ("max",) or (len(words) == 1 and (duration or 0) > _MOST):
                return _data_claim(nginx, match, directive, path, page)
    return None


def _data_claim(
    nginx: Nginx, match: LocationMatch, directive: Directive, path: str, page: Page
) -> Claim:
    duration = seconds(directive.args[-1])
    passing = pass_directive_of(match)
    return Claim(
        about=Subject(port=nginx.evidence.target.port, path=path),
        covers=(NO_PORT,),
        because=(page, *nginx.configs),
        confidence=Confidence.LIKELY,
        location=nginx.location(directive),
        facts={
            "url": nginx.evidence.target.origin + path,
            "asked": "",
            "days": int(duration or 10 * 365 * _MOST) // _MOST,
            "field": "",
            "silent": False,
            "file": "",
            "old": "",
            "log": "",
            "directive": directive.text,
            "place": file_line(directive),
            "application": passing.args[0] if passing and passing.args else "",
        },
        fix=_fix(nginx, match, directive, "off"),
    )


def _is_data(evidence: Evidence) -> bool:
    return any("json" in (page.header("Content-Type") or "") for page in page_exchanges(evidence))


def _is_decided_here(match: LocationMatch) -> bool:
    """Return whether the location itself decides: somebody has thought of these answers."""
    blocks = (match.block, *children(match.block, "if"))
    return any(children(block, "expires") for block in blocks)


def _seconds(answer: Exchange, is_told: bool = False) -> int:
    """Return for how many seconds browsers use the page without asking, 0 if they ask. A page that
    was changed just now was old before: after words about old content it counts as one that may be
    kept, if it has a date."""
    is_page = (answer.header("Content-Type") or "").lower().startswith("text/html")
    fields = [value for name, value in answer.headers if name.lower() == "cache-control"]
    policy = ",".join(fields)
    if answer.status != 200 or not is_page or _ASKS.search(policy):
        return 0
    if match := _MAX_AGE.search(policy):
        return int(match[1])
    if _says_nothing(answer):
        own = _between(answer, "Last-Modified", "Date") // 10
        return max(own, 1) if is_told and answer.header("Last-Modified") else own
    return _between(answer, "Date", "Expires")


def _says_nothing(answer: Exchange) -> bool:
    """Return whether browsers decide themselves how long they keep the page."""
    names = {name.lower() for name, _ in answer.headers}
    return not names & {"cache-control", "expires", "pragma"}


def _between(answer: Exchange, first: str, second: str) -> int:
    """Return the seconds between two dates of the header, 0 if one is missing or not before."""
    try:
        dates = [parsedate_to_datetime(answer.header(name) or "") for name in (first, second)]
        return max(0, int((dates[1] - dates[0]).total_seconds()))
    except (TypeError, ValueError):
        return 0


def _field(answer: Exchange) -> str:
    policy, date = answer.header("Cache-Control"), answer.header("Expires")
    return policy or (f"Expires: {date}" if date else "")


def _decisive(nginx: Nginx) -> tuple[LocationMatch | None, Directive | None]:
    """Return nginx's `expires` for the page, and its location."""
    for match in nginx.location_matches(nginx.evidence.target.path_without_query):
        if directive := match.directive("expires"):
            return match, directive
        for line in match.directives("add_header"):
            if line.args[:1] and line.args[0].lower() == "cache-control":
                return match, line
    return None, None


def _fix(
    nginx: Nginx, match: LocationMatch | None, directive: Directive | None, value: str = "-1"
) -> Fix:
    """Let browsers ask for the page again: it answers 304 as long as it is the same. Of data the
    application says how long it is good ("off")."""
    if value == "-1":
        # Imported late: few pages are kept for long.
        from checks.http._page_locations import own_location_fix

        if fix := own_location_fix(nginx, nginx.evidence.target.path_without_query):
            return fix
    is_own = match is not None and directive is not None and directive.name == "expires"
    file_edits = setting_edits(nginx, match, {"expires": value}) if match and is_own else ()
    if not match or not file_edits:
        return Fix((Manual("ask-again", Where.SERVER),), Applicability.MANUAL)
    return location_fix(nginx, match, file_edits, sure=False)
