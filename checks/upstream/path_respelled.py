"""nginx asks the application for another spelling of the path, because proxy_pass has a path of its
own (ngx_http_proxy_module, proxy_pass): the part that matches the location is replaced in the
decoded path.

A location without a slash at its end and a proxy_pass with one give "//users": Go answers with a
redirect to the path without the location, others with 404. "%2F" becomes a slash: applications that
have names with slashes (RabbitMQ, GitLab, registries) answer 404.
"""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from checks.http import endpoint_subjects
from checks.nginx import Nginx, _location_edits, file_line
from checks.nginx._edits import Changes, config_edits
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.model.requests import ComparedRequest
from diagnose.parsers.nginx import upstreams
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import TextEdit
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern
from diagnose.parsers.nginx.upstreams import ProxyTarget


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Exchange],
    explains=["http.redirect-downgrade", "http.redirect-wrong-host", "upstream.wrong-path"],
)
def path_respelled(evidence: Evidence) -> Iterator[Claim]:
    nginx, target = Nginx.of(evidence), evidence.target
    for match in nginx.location_matches(target.path):
        proxy = upstreams.proxy_target_of(match, upstreams.request_variables(target))
        rewritten = upstreams.rewritten_path(match, target.path)
        is_decoded = _is_decoded_by_rewrite(match, target.path)
        if proxy is None or not (proxy.uri or rewritten or is_decoded) or not proxy.speaks_http:
            continue
        if proxy.has_variables:
            continue
        requested_path = upstreams.requested_path(match, proxy, target.path)
        is_doubled = "//" in requested_path and "//" not in target.path
        is_encoded = "%2f" in target.path.lower() and not rewritten
        pages = [
            page for page in page_exchanges(evidence) if _fits(page, requested_path, is_doubled)
        ]
        is_proven = is_encoded and _is_served_directly(evidence)
        if pages and (is_doubled or is_encoded):
            yield _claim(
                nginx,
                match,
                proxy,
                pages,
                requested_path,
                is_doubled,
                is_proven,
                bool(rewritten),
                is_decoded,
            )


def _is_decoded_by_rewrite(match: LocationMatch, path: str) -> bool:
    """Return whether a `rewrite … break` of the location writes the path anew: it works on the
    decoded path (ngx_http_rewrite_module)."""
    rewrites = children(match.block, "rewrite")
    is_whole = any("$request_uri" in directive.args for directive in rewrites)
    is_here = any(directive.args[2:3] == ("break",) for directive in rewrites)
    return "%2f" in path.lower() and is_here and not is_whole


def _fits(page: Exchange, asked: str, is_doubled: bool) -> bool:
    """Return whether an answer is that of an application which does not know the path: 404, or a
    redirect to the path with one slash."""
    if page.status == 404:
        return True
    if not is_doubled or page.status not in {301, 302, 307, 308}:
        return False
    path = urlsplit(page.header("Location") or "").path
    return path == re.sub("/{2,}", "/", asked.partition("?")[0])


def _is_served_directly(evidence: Evidence) -> bool:
    """Return whether the application has the path as the visitor spells it."""
    return any(
        request.part == "none" and 200 <= (request.status or 0) < 300
        for request in evidence.good(ComparedRequest)
    )


def _claim(
    nginx: Nginx, match: LocationMatch, proxy: ProxyTarget, pages: list[Exchange], asked: str,
    is_doubled: bool, is_proven: bool, is_rewritten: bool, is_decoded: bool,
) -> Claim:  # fmt: skip
    subjects = endpoint_subjects(pages)
    is_redirected = pages[0].status != 404
    return Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, *([nginx.config] if nginx.config else [])),
        confidence=Confidence.CERTAIN if is_redirected or is_proven else Confidence.LIKELY,
        location=nginx.location(proxy.directive),
        facts={
            "url": pages[0].url,
            "status": pages[0].status,
            "path": nginx.evidence.target.path,
            "asked": asked if is_doubled else asked.replace("%2F", "/").replace("%2f", "/"),
            "target": proxy.directive.args[0],
            "place": file_line(proxy.directive),
            "location": " ".join((match.block.name, *match.block.args)),
            "doubled": is_doubled and not is_rewritten,
            "encoded": not is_doubled,
            "rewritten": is_rewritten,
            "decoded": is_decoded,
            "redirect": pages[0].header("Location") or "" if is_redirected else "",
        },
        fix=_by_hand() if is_rewritten else _fix(nginx, match, proxy, is_doubled),
    )


def _by_hand() -> Fix:
    return Fix((Manual("keep-the-path", Where.SERVER),), Applicability.MANUAL)


def _fix(nginx: Nginx, match: LocationMatch, proxy: ProxyTarget, is_doubled: bool) -> Fix:
    """Write the slash at the end of the location; or pass the path on as it is, if the location is
    the whole site."""
    pattern, block = location_pattern(match.block), match.block
    changes: Changes = {}
    if is_doubled and pattern and pattern.modifier in {"", "^~"} and nginx.file(block):
        head = " ".join(("location", *block.args[:-1], f"{block.args[-1]}/ {{"))
        changes[block.file] = [TextEdit(block.start, block.opened, head)]
    elif pattern and pattern.text == "/" and proxy.uri == "/":
        _location_edits.pass_whole_path(match, changes)
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return _by_hand()
    return _location_edits.location_fix(nginx, match, file_edits, sure=False)
