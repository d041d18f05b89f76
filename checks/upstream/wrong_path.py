"""nginx asks the application for another path than it serves: proxy_pass with a path cuts the
location's prefix off, and without one keeps it (ngx_http_proxy_module, proxy_pass).

An application that is configured for a sub-path answers 404, or redirects for ever, if the prefix
is cut off; one that is not configured for it answers 404 if it is kept. The evidence is the
application itself, asked for both paths. Where only a page behind the target redirects to itself,
the evidence is that redirect: it leads below the prefix that nginx cuts off.

The path may be the target's own, or one at which requests of visitors failed by the access log:
those of pages of the site, and those that came again and again.

One that other locations forward to as well keeps the prefix on purpose. But a location that sets
nothing else than the one around it has no purpose if it keeps the prefix: after a message that the
path is missing, cutting it off is a possible remedy.

Where the application has one page for many paths, the evidence is a file of that page: it is not
there with the prefix, or that page comes in its place. Without it, both are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from checks.nginx import Nginx, _location_edits, file_line
from checks.nginx._edits import Changes, config_edits
from checks.nginx._prefix_edits import replace_prefix
from checks.upstream._comparisons import (
    CONSEQUENCES,
    DecisiveChange,
    comparison_claim,
    decided_by,
    file_changes,
    proxied_match,
)
from checks.upstream._doubled_folders import added_folder, doubled_folder, folder_fix
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
)
from diagnose.model.http import Exchange, Upgrade, page_exchanges
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.pages import PageFileResponse
from diagnose.model.requests import ComparedRequest
from diagnose.parsers.http import hops
from diagnose.parsers.nginx import edits, upstreams
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.forwarding import is_respelling
from diagnose.parsers.nginx.locations import (
    LocationMatch,
    all_locations,
    literal_prefix,
    location_pattern,
    proxy_pass_of,
)
from diagnose.parsers.nginx.upstreams import ProxyTarget
from diagnose.parsers.redirects import REDIRECTS, follow_redirects, leads_to_itself
from diagnose.parsers.upstream_answers import is_known_path
from diagnose.parsers.urls import parse_url


@check(
    severity=Severity.ERROR,
    needs=[Exchange, NginxConfig],
    explains=[
        *CONSEQUENCES,
        "http.answer-says-why",
        "http.last-slash",
        "http.page-file-missing",
        "http.page-file-type",
        "http.redirect-to-error",
    ],
)
def wrong_path(evidence: Evidence) -> Iterator[Claim]:
    is_judged = False
    for nginx, match, change in decided_by(evidence, "path"):
        is_judged = is_judged or not change.failures
        target = nginx.evidence.target
        directive = proxy_pass_of(match)
        proxy_target = upstreams.proxy_target_of(match, upstreams.request_variables(target))
        is_cut = change.request.value == target.path
        is_about_path = change.status == 404 or (is_cut and change.is_loop)
        if directive is None or proxy_target is None or not is_about_path:
            continue
        if change.request.name:
            continue  # a part of the prefix: upstream.prefix-kept-in-part
        if is_respelling(change.request.original, change.request.value):
            continue
        if is_cut and proxy_target.uri is None:
            # A `rewrite` has cut the prefix off: somebody wanted it.
            continue
        if claim := _claim(nginx, match, change, directive, proxy_target):
            yield claim
    if not is_judged:
        yield from _by_loop(evidence)
    if not is_judged and evidence.good(PageFileResponse):
        yield from _by_files(evidence)


def _claim(
    nginx: Nginx,
    match: LocationMatch,
    change: DecisiveChange,
    directive: Directive,
    proxy_target: ProxyTarget,
) -> Claim | None:
    """Return the claim that the path is passed on wrongly; None if it may be meant so."""
    is_cut = change.request.value == nginx.evidence.target.path
    doubled = doubled_folder(match, proxy_target, nginx.evidence.target.path) if is_cut else ""
    is_added = is_cut and not doubled and bool(added_folder(match, proxy_target))
    if is_added and not change.request.is_html:
        # Programs that serve hooks or data below a folder say "OK" at "/", and nothing else.
        return None
    is_refused = is_known_path(change.request, change.as_nginx[0])
    if not is_cut and change.is_one_missed_page:
        # Some programs ask for the address of an interface, which need not be there.
        return None
    is_whole = is_cut or _is_whole_site(nginx, match, proxy_target, change.request)
    is_purposeless = (
        not is_whole
        and nginx.evidence.target.symptom is not None
        and _has_page(match, change.request)
        and _sets_nothing(nginx, match, proxy_target)
    )
    if not is_cut and (is_refused or not (is_whole or is_purposeless)):
        return None
    claim = comparison_claim(
        nginx,
        match,
        change,
        directive,
        {
            "cut": is_cut,
            "kept": not is_cut,
            "doubled": doubled,
            "target": directive.args[0],
            "asked": True,
            "file": False,
        },
        folder_fix(nginx, match, directive, doubled)
        if doubled
        else _fix(nginx, match, directive, is_cut, change.request.is_html),
        # A page at "/" shows that the application works there, not that it is meant here. What
        # wants credentials, or another method, was not seen.
        confidence=None
        if not is_refused and not is_added and (is_cut or _knows_prefix(match, change.request))
        else Confidence.LIKELY,
    )
    if is_purposeless:
        claim = replace(claim, confidence=Confidence.POSSIBLE, severity=Severity.WARNING)
    return claim


def _by_files(evidence: Evidence) -> Iterator[Claim]:
    """Judge by a file of the page that the application has without the prefix alone, and by the
    page, which it has with and without the prefix."""
    # Imported late: most pages get their files.
    from checks.http import _page_files

    files = [
        file
        for file in _page_files.refused_files(evidence)
        if file.response.status == 404 or (file.response.status == 200 and file.response.is_html)
    ]
    for file, change in file_changes(evidence, files):
        nginx = Nginx.of(replace(evidence, target=replace(evidence.target, path=file.path)))
        match = proxied_match(nginx, file.path)
        directive = proxy_pass_of(match) if match else None
        if match is None or directive is None:
            continue
        proxy_target = upstreams.proxy_target_of(
            match, upstreams.request_variables(evidence.target)
        )
        if proxy_target is None:
            continue
        if proxy_target.uri is not None or change.request.is_html:
            continue
        if not _is_whole_site(nginx, match, proxy_target, change.request):
            continue
        claim = comparison_claim(
            nginx,
            match,
            change,
            directive,
            {
                "cut": False, "kept": True, "doubled": "", "target": directive.args[0],
                "asked": True, "file": True,
            },
            _fix(nginx, match, directive, is_cut=False),
            # Another page may be meant to be there.
            confidence=None if _is_same_page(change.pages) else Confidence.LIKELY,
        )  # fmt: skip
        missing = [other.response for other in files if match.block is _block_of(nginx, other.path)]
        yield replace(
            claim,
            covers=(*claim.covers, _page_files.page_subject(file.page)),
            because=tuple(dict.fromkeys((file.page, *missing, *claim.because))),
            severity=_page_files.severity(file.page, [each.url for each in missing]),
        )
        return


def _is_same_page(pages: Sequence[ComparedRequest]) -> bool:
    """Return whether the responses have one known length: bodies are masked in recordings."""
    lengths = {page.length for page in pages}
    return len(lengths) == 1 and None not in lengths


def _block_of(nginx: Nginx, path: str) -> Directive | None:
    match = proxied_match(nginx, path)
    return match.block if match else None


def _by_loop(evidence: Evidence) -> Iterator[Claim]:
    """Judge by a page behind the target that redirects to itself: its path is below the prefix that
    nginx cuts off, so the application knows of the prefix and waits for it."""
    nginx, target = Nginx.of(evidence), evidence.target
    chains = (follow_redirects(start, evidence.of(Exchange)) for start in page_exchanges(evidence))
    last = next((chain.steps[-1] for chain in chains if chain.end == "loop"), None)
    url = parse_url(last.url) if last else None
    if last is None or url is None or url.host != target.host or not leads_to_itself(last):
        return
    for match in nginx.location_matches(url.path.partition("?")[0]):
        directive = proxy_pass_of(match)
        variables = upstreams.request_variables(target)
        proxy_target = upstreams.proxy_target_of(match, variables)
        if directive is None or proxy_target is None or proxy_target.uri != "/":
            continue
        requested_path = upstreams.requested_path(match, proxy_target, url.path)
        if (
            requested_path == url.path
            or not url.path.endswith(requested_path)
            or hops(last.headers)
        ):
            continue
        yield Claim(
            about=Subject(port=target.port, path=url.path, text=file_line(directive)),
            because=(*page_exchanges(evidence), last, *nginx.configs),
            facts={
                "url": last.url,
                "path": url.path,
                "status": last.status,
                "loop": True,
                "application": "",
                "original": requested_path,
                "value": url.path,
                "other_status": "",
                "place": file_line(directive),
                "location": match.block.text,
                "cut": True,
                "kept": False,
                "doubled": "",
                "target": directive.args[0],
                "asked": False,
                "file": False,
            },
            confidence=Confidence.LIKELY,
            location=nginx.location(directive),
            fix=_fix(nginx, match, directive, True),
        )


def _knows_prefix(match: LocationMatch, request: ComparedRequest) -> bool:
    """Return whether the application, asked without the prefix, redirects to a page below it."""
    pattern = location_pattern(match.block) if match.block.name == "location" else None
    prefix = literal_prefix(pattern) if pattern else ""
    url = parse_url(request.location) if request.status in REDIRECTS else None
    return bool(prefix) and url is not None and url.path.startswith(f"{prefix}/")


def _is_whole_site(
    nginx: Nginx, match: LocationMatch, proxy_target: ProxyTarget, request: ComparedRequest
) -> bool:
    """Return whether the application serves the path without the prefix and belongs to this
    location alone.

    One that another location forwards to as well keeps the prefix on purpose. At its root only a
    page shows that the application has anything there.
    """
    return _has_page(match, request) and not any(_sharers(nginx, proxy_target))


def _has_page(match: LocationMatch, request: ComparedRequest) -> bool:
    """Return whether the application has the path without the prefix."""
    is_page = request.status == 200 and (request.is_html or request.value.partition("?")[0] != "/")
    return is_page or _knows_prefix(match, request)


def _sharers(nginx: Nginx, proxy_target: ProxyTarget) -> Iterator[LocationMatch]:
    """Yield the other locations that forward to the same application."""
    variables = upstreams.request_variables(nginx.evidence.target)
    endpoints = {str(endpoint) for endpoint in proxy_target.endpoints}
    for selected in nginx.answering_servers():
        for match in all_locations(selected.server):
            other = upstreams.proxy_target_of(match, variables)
            if other is None or other.directive is proxy_target.directive:
                continue
            if endpoints & {str(endpoint) for endpoint in other.endpoints}:
                yield match


def _sets_nothing(nginx: Nginx, match: LocationMatch, proxy_target: ProxyTarget) -> bool:
    """Return whether a location has the settings of `location /`, and passes requests on to the
    same application: with the whole path it does what that one does without it. Another location
    with the same application may be why it is there."""
    sharers, pattern = list(_sharers(nginx, proxy_target)), location_pattern(match.block)
    outer = location_pattern(sharers[0].block) if len(sharers) == 1 else None
    if pattern is None or pattern.modifier not in {"", "^~"} or outer is None:
        return False
    if (outer.modifier, outer.text) != ("", "/") or pattern.text == "/":
        return False
    return _settings(match) == _settings(sharers[0])


def _settings(match: LocationMatch) -> frozenset[tuple[str, ...]]:
    """Return what a location sets, but for where it passes requests on, and what it adds to
    answers."""
    return frozenset(
        (line.name, *line.args)
        for line in match.block.block or ()
        if line.name not in {"proxy_pass", "add_header"}
    )


def _fix(
    nginx: Nginx, match: LocationMatch, directive: Directive, is_cut: bool, is_page: bool = True
) -> Fix:
    """Edit proxy_pass, to be reviewed: other pages of the location get another path as well."""
    changes: Changes = {}
    if is_cut:
        _location_edits.pass_whole_path(match, changes)
    else:
        changes = _cut_prefix(nginx, match, directive, is_page)
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return Fix((Manual("change-the-path", Where.SERVER),), Applicability.MANUAL)
    return _location_edits.location_fix(nginx, match, file_edits, sure=False)


def _cut_prefix(nginx: Nginx, match: LocationMatch, directive: Directive, is_page: bool) -> Changes:
    """Add the slash to proxy_pass that replaces the prefix. The location of a page gets one too if
    it ends with none, because otherwise two slashes would follow each other: nginx redirects the
    path without the slash itself then (ngx_http_core_module, location), so that the page's relative
    links are right. What follows no redirect, as a WebSocket, gets its answer by a `rewrite`."""
    pattern, target = location_pattern(match.block), directive.args[0]
    if pattern is None or pattern.modifier not in {"", "^~"} or "$" in target:
        return {}
    changes: Changes = {}
    if not pattern.text.endswith("/"):
        websockets = {upgrade.path.partition("?")[0] for upgrade in nginx.evidence.of(Upgrade)}
        if not is_page or pattern.text in websockets:
            return replace_prefix(nginx, match, directive, target, "/")
        others = map(location_pattern, children(match.blocks[1], "location"))
        if any(other is not None and other.text == f"{pattern.text}/" for other in others):
            return {}
        modifier = f"{pattern.modifier} " if pattern.modifier else ""
        head = f"location {modifier}{pattern.text}/ {{"
        changes.setdefault(match.block.file, []).append(
            edits.TextEdit(match.block.start, match.block.opened, head)
        )
    line = f"proxy_pass {target}/;"
    changes.setdefault(directive.file, []).append(edits.replace_directive(directive, line))
    return changes
