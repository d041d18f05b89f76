"""nginx asks the application for another spelling of the path, because proxy_pass has a path of its
own (ngx_http_proxy_module, proxy_pass): the part that matches the location is replaced in the
decoded path.

A location without a slash at its end and a proxy_pass with one give "//users": Go answers with a
redirect to the path without the location, others with 404. "%2F" becomes a slash: applications that
have names with slashes (RabbitMQ, GitLab, registries) answer 404. Double slashes become one
(ngx_http_core_module, merge_slashes): an address in the path, as those of image services, is lost.
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
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.model.requests import ComparedRequest
from diagnose.parsers.nginx import edits, upstreams
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import TextEdit
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern
from diagnose.parsers.nginx.upstreams import ProxyTarget


@frozen(eq=False)
class _Respelling:
    """The path of a visitor as nginx asks the application for it.

    `is_rewritten` is whether a `rewrite` of the location changes the path, `is_decoded` whether one
    writes it anew from the decoded path, `is_merged` whether double slashes of the visitor's path
    become one.
    """

    match: LocationMatch
    proxy: ProxyTarget
    path: str
    requested_path: str
    is_rewritten: bool
    is_decoded: bool
    is_merged: bool

    @property
    def is_doubled(self) -> bool:
        return "//" in self.requested_path and "//" not in self.path

    @property
    def is_encoded(self) -> bool:
        """Whether "%2F" of the visitor's path becomes a slash."""
        return "%2f" in self.path.lower() and not self.is_rewritten

    @property
    def is_kept_apart(self) -> bool:
        """Whether the application, asked itself, gets the path as the visitor spells it."""
        return self.is_encoded or self.is_merged

    def is_unknown_on(self, page: Exchange) -> bool:
        """Return whether an answer is that of an application which does not know the path: 404, or
        a redirect to the path with one slash."""
        if page.status == 404 or (self.is_merged and (page.status or 0) >= 400):
            return True
        if not self.is_doubled or page.status not in {301, 302, 307, 308}:
            return False
        path = urlsplit(page.header("Location") or "").path
        return path == re.sub("/{2,}", "/", self.requested_path.partition("?")[0])


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Exchange],
    explains=[
        "http.answer-says-why",
        "http.last-slash",
        "http.redirect-downgrade",
        "http.redirect-wrong-host",
        "http.server-error",
        "upstream.own-answer",
        "upstream.wrong-path",
    ],
)
def path_respelled(evidence: Evidence) -> Iterator[Claim]:
    nginx, path = Nginx.of(evidence), evidence.target.path
    for match in nginx.location_matches(path):
        respelling = _respelling(nginx, match, path)
        if respelling is None or not (
            respelling.is_doubled or respelling.is_encoded or respelling.is_merged
        ):
            continue
        pages = [page for page in page_exchanges(evidence) if respelling.is_unknown_on(page)]
        # An application may fail for other reasons: that it has the path is to be proven.
        if not pages or (respelling.is_kept_apart and _is_unknown_directly(evidence, pages[0])):
            continue
        if pages[0].status == 404 or not respelling.is_merged or _is_served_directly(evidence):
            yield _claim(nginx, respelling, pages)


def _respelling(nginx: Nginx, match: LocationMatch, path: str) -> _Respelling | None:
    """Return how nginx spells the path for the application; None if it passes it on as it is, or if
    that depends on variables."""
    proxy = upstreams.proxy_target_of(match, upstreams.request_variables(nginx.evidence.target))
    rewritten = upstreams.rewritten_path(match, path)
    is_decoded = _is_decoded_by_rewrite(match, path)
    if proxy is None or not (proxy.uri or rewritten or is_decoded) or not proxy.speaks_http:
        return None
    if proxy.has_variables:
        return None
    requested_path = upstreams.requested_path(match, proxy, path)
    is_merged = not rewritten and "//" in path.partition("?")[0] and _merges_slashes(match)
    if is_merged:
        bare, mark, query = requested_path.partition("?")
        requested_path = f"{re.sub('/{2,}', '/', bare)}{mark}{query}"
    return _Respelling(match, proxy, path, requested_path, bool(rewritten), is_decoded, is_merged)


def _merges_slashes(match: LocationMatch) -> bool:
    directive = LocationMatch(match.blocks[:2]).directive("merge_slashes")
    return directive is None or directive.args[:1] != ("off",)


def _is_decoded_by_rewrite(match: LocationMatch, path: str) -> bool:
    """Return whether a `rewrite … break` of the location writes the path anew: it works on the
    decoded path (ngx_http_rewrite_module)."""
    rewrites = children(match.block, "rewrite")
    is_whole = any("$request_uri" in directive.args for directive in rewrites)
    is_here = any(directive.args[2:3] == ("break",) for directive in rewrites)
    return "%2f" in path.lower() and is_here and not is_whole


def _is_served_directly(evidence: Evidence) -> bool:
    """Return whether the application has the path as the visitor spells it."""
    return any(
        request.part == "none" and 200 <= (request.status or 0) < 300
        for request in evidence.good(ComparedRequest)
    )


def _is_unknown_directly(evidence: Evidence, page: Exchange) -> bool:
    """Return whether the application answers the path the same as the visitor spells it."""
    answers = [
        request.status for request in evidence.good(ComparedRequest) if request.part == "none"
    ]
    return bool(answers) and set(answers) == {page.status}


def _claim(nginx: Nginx, respelling: _Respelling, pages: list[Exchange]) -> Claim:
    subjects = endpoint_subjects(pages)
    directive, block = respelling.proxy.directive, respelling.match.block
    requested_path, is_doubled = respelling.requested_path, respelling.is_doubled
    is_redirected = pages[0].status != 404 and not respelling.is_merged
    is_proven = respelling.is_kept_apart and _is_served_directly(nginx.evidence)
    return Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, *([nginx.config] if nginx.config else [])),
        confidence=Confidence.CERTAIN if is_redirected or is_proven else Confidence.LIKELY,
        location=nginx.location(directive),
        facts={
            "url": pages[0].url,
            "status": pages[0].status,
            "path": respelling.path,
            "asked": requested_path
            if is_doubled
            else requested_path.replace("%2F", "/").replace("%2f", "/"),
            "target": directive.args[0],
            "place": file_line(directive),
            "location": " ".join((block.name, *block.args)),
            "doubled": is_doubled and not respelling.is_rewritten,
            "encoded": not is_doubled and respelling.is_encoded,
            "merged": respelling.is_merged,
            "rewritten": respelling.is_rewritten,
            "decoded": respelling.is_decoded,
            "redirect": pages[0].header("Location") or "" if is_redirected else "",
        },
        fix=_fix(nginx, respelling),
    )


def _by_hand() -> Fix:
    return Fix((Manual("keep-the-path", Where.SERVER),), Applicability.MANUAL)


def _fix(nginx: Nginx, respelling: _Respelling) -> Fix:
    """Write the slash at the end of the location; keep double slashes; or pass the path on as it
    is, if the location is the whole site. A person decides what a `rewrite` is for."""
    if respelling.is_rewritten:
        return _by_hand()
    match, block = respelling.match, respelling.match.block
    pattern = location_pattern(block)
    changes: Changes = {}
    is_prefix = pattern is not None and pattern.modifier in {"", "^~"}
    if respelling.is_doubled and is_prefix and nginx.file(block):
        head = " ".join(("location", *block.args[:-1], f"{block.args[-1]}/ {{"))
        changes[block.file] = [TextEdit(block.start, block.opened, head)]
    elif respelling.is_merged and nginx.file(match.blocks[1]):
        server = match.blocks[1]
        file = nginx.file(server)
        names = children(server, "server_name")
        if file is not None and names and names[-1].file == server.file:
            line = edits.insert_after(file.text, names[-1], ["merge_slashes off;"])
            changes[server.file] = [line]
    elif pattern and pattern.text == "/" and respelling.proxy.uri == "/":
        _location_edits.pass_whole_path(match, changes)
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return _by_hand()
    return _location_edits.location_fix(nginx, match, file_edits, sure=False)
