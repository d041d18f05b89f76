"""nginx joins two words of a path: proxy_pass has a path without a slash at its end, the location's
prefix has one (ngx_http_proxy_module, proxy_pass: the part that matches the location is replaced by
that path). `location /api/ { proxy_pass http://127.0.0.1:3000/v1; }` asks for "/v1users".

The application answers 404, or a page in place of a file if it has one page for all paths. The page
at the prefix itself opens, because nothing is behind the prefix there.
"""

from collections.abc import Iterator
from dataclasses import replace

from checks.http import _page_files, endpoint_subjects
from checks.nginx import Nginx, _location_edits, file_line
from checks.nginx._edits import Changes, config_edits
from checks.upstream._comparisons import decisive_change
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Subject,
    Where,
    merge_subjects,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx import edits, upstreams
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern
from diagnose.parsers.nginx.upstreams import ProxyTarget
from diagnose.parsers.urls import parse_url


@frozen
class Joined:
    """A path that nginx joins with that of proxy_pass. `requested` is what it asks for, `meant` the
    same with the slash between them."""

    match: LocationMatch
    proxy_target: ProxyTarget
    path: str
    requested: str
    meant: str


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Exchange],
    explains=[
        "http.last-slash", "http.page-file-missing", "http.page-file-type", "http.page-for-api",
        "http.base-path-missing", "upstream.wrong-path", "upstream.own-answer",
    ],
)  # fmt: skip
def path_joined(evidence: Evidence) -> Iterator[Claim]:
    nginx, path = Nginx.of(evidence), evidence.target.path
    pages = [page for page in page_exchanges(evidence) if page.status == 404]
    joined = next(_joined(nginx, path), None) if pages else None
    if joined is not None:
        subjects = endpoint_subjects(pages)
        change = decisive_change(evidence)
        path_change = change if change and change.request.part == "path" else None
        # An application that has the page at another path is told by upstream.wrong-path.
        if path_change is None or path_change.request.value.partition("?")[0] == joined.meant:
            claim = _claim(nginx, joined, merge_subjects(subjects), pages[0], subjects)
            yield replace(claim, confidence=path_change.confidence) if path_change else claim
        return
    yield from _of_page_files(nginx)


def _of_page_files(nginx: Nginx) -> Iterator[Claim]:
    """Yield the claim about the files of the page that the same proxy_pass asks for by other paths.

    A page of an application for all paths comes with 200; only its type tells it from the file.
    """
    own = [
        (file, joined)
        for file in _page_files.refused_files(nginx.evidence)
        if (url := parse_url(file.response.url)) and url.host == nginx.evidence.target.host
        if file.response.status == 404 or file.response.is_html
        for joined in _joined(nginx, file.path)
    ]
    if not own:
        return
    file, joined = own[0]
    subject = _page_files.page_subject(file.page)
    yield _claim(nginx, joined, subject, file.response, (subject,), file.page.url)


def _joined(nginx: Nginx, path: str) -> Iterator[Joined]:
    """Yield how nginx joins the path with that of proxy_pass; nothing if it does not."""
    bare = path.partition("?")[0]
    for match in nginx.location_matches(bare):
        pattern = location_pattern(match.block) if match.block.name == "location" else None
        proxy_target = upstreams.proxy_target_of(
            match, upstreams.request_variables(nginx.evidence.target)
        )
        if pattern is None or pattern.modifier not in {"", "^~"} or proxy_target is None:
            continue
        uri = proxy_target.uri or ""
        remainder = bare.removeprefix(pattern.text)
        is_cut = pattern.text.endswith("/") and uri and not uri.endswith(("/", "=", "-"))
        if not is_cut or not remainder or "?" in uri or proxy_target.has_variables:
            continue
        requested = upstreams.requested_path(match, proxy_target, bare)
        if requested == f"{uri}{remainder}":
            yield Joined(match, proxy_target, bare, requested, f"{uri}/{remainder}")


def _claim(
    nginx: Nginx,
    joined: Joined,
    subject: Subject,
    response: Observation,
    covers: tuple[Subject, ...],
    page: str = "",
) -> Claim:
    directive = joined.proxy_target.directive
    return Claim(
        about=subject,
        covers=(*covers, Subject(port=nginx.evidence.target.port)),
        because=(response, *nginx.configs),
        # What the application has at the other path is not known.
        confidence=Confidence.LIKELY,
        location=nginx.location(directive),
        facts={
            "page": page,
            "path": joined.path,
            "asked": joined.requested,
            "meant": joined.meant,
            "target": directive.args[0],
            "place": file_line(directive),
            "location": joined.match.block.text,
            "whole": joined.match.block.args == ("/",),
        },
        fix=_fix(nginx, joined),
    )


def _fix(nginx: Nginx, joined: Joined) -> Fix:
    """Write the slash. In the location of the whole site, a path in proxy_pass is that of one page,
    and more is to be decided."""
    directive, changes = joined.proxy_target.directive, Changes()
    if joined.match.block.args != ("/",) and "$" not in directive.args[0]:
        line = f"proxy_pass {directive.args[0]}/;"
        changes[directive.file] = [edits.replace_directive(directive, line)]
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return Fix((Manual("write-the-slash", Where.SERVER),), Applicability.MANUAL)
    return _location_edits.location_fix(nginx, joined.match, file_edits, sure=False)
