"""nginx asks the application for another spelling of the path, because proxy_pass has a path of its
own (ngx_http_proxy_module, proxy_pass): the part that matches the location is replaced in the
decoded path.

A location without a slash at its end and a proxy_pass with one give "//users": Go answers with a
redirect to the path without the location, others with 404. "%2F" becomes a slash: applications that
have names with slashes (RabbitMQ, GitLab, registries) answer 404. "%5B" becomes "[": the scripts of
Next.js have such names. Double slashes become one (ngx_http_core_module, merge_slashes): an address
in the path, as those of image services, is lost.

The application itself, asked with both encodings, is the evidence: for the target, for a file of
its page, and for a request that failed by the access log. A "%2F" is enough without it, also where
the application wants a login first: visitors who have logged in got 404 or 405.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from checks.http import endpoint_subjects
from checks.nginx import Nginx, _location_edits, _rest_edits, file_line
from checks.nginx._edits import Changes, config_edits
from checks.nginx._prefix_edits import one_slash
from checks.upstream._comparisons import decided_by, proxied_match, redirected_here, respelled_files
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
from diagnose.model.requests import ComparedRequest
from diagnose.parsers.nginx import edits, upstreams
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.forwarding import is_respelling, spelled_anew
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern
from diagnose.parsers.nginx.upstreams import ProxyTarget

#: An encoded character (RFC 3986 section 2.1).
_CODE = re.compile(r"%[0-9A-Fa-f]{2}")


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
    def is_encoded_anew(self) -> bool:
        """Whether the path reaches the application with other characters encoded."""
        if self.is_doubled:
            return False
        return self.is_encoded or not (self.is_merged or self.is_rewritten)

    @property
    def other_encoding(self) -> tuple[str, str]:
        """The first character that nginx encodes otherwise, as the visitor and as nginx writes
        it: "%5B" and "["."""
        for code in _CODE.findall(self.path.partition("?")[0]):
            if (written := spelled_anew(code)).lower() != code.lower():
                return code, written
        return "%2F", "/"

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
        "http.page-file-missing",
        "http.page-file-type",
        "http.redirect-downgrade",
        "http.redirect-to-error",
        "http.redirect-wrong-host",
        "http.server-error",
        "nginx.other-requests-failed",
        "nginx.rule-refuses",
        "upstream.own-answer",
        "upstream.wrong-path",
    ],
)
def path_respelled(evidence: Evidence) -> Iterator[Claim]:
    claims = [*_by_answers(evidence), *_by_files(evidence)]
    claims = claims or [*_by_path(evidence)]
    yield from claims or _by_visitors(evidence)


def _by_answers(evidence: Evidence) -> Iterator[Claim]:
    """Judge by an application that has the path only as visitors encode it."""
    for nginx, match, change in decided_by(evidence, "path"):
        request = change.request
        respelling = _respelling(nginx, match, request.path)
        if respelling is None or not is_respelling(request.original, request.value):
            continue
        url = nginx.evidence.target.origin + request.path
        subject = Subject(port=nginx.evidence.target.port, path=request.path)
        yield _claim(
            nginx, respelling, url, change.status,
            (subject, *(redirected_here(nginx.evidence, request.path) if change.failures else ())),
            (*change.exchanges, *change.failures, *change.as_nginx, *change.changed),
            change.confidence, severity=Severity.WARNING if change.failures else None,
        )  # fmt: skip


def _by_files(evidence: Evidence) -> Iterator[Claim]:
    """Judge by a file of the page that the application has only as browsers encode its path."""
    # Imported late: most pages get their files.
    from checks.http import _page_files

    refused = _page_files.all_refused_files(evidence)
    files = [
        file
        for file in refused
        if file.response.status == 404 or (file.response.status == 200 and file.response.is_html)
    ]
    for file, change in respelled_files(evidence, files):
        nginx = Nginx.of(replace(evidence, target=replace(evidence.target, path=file.path)))
        match = proxied_match(nginx, file.path)
        respelling = _respelling(nginx, match, file.path) if match else None
        if respelling is None:
            continue
        is_same = respelling.is_doubled or respelling.is_rewritten
        urls = [each.response.url for each in files if is_same or "%" in each.path]
        severity, response = _page_files.severity(file.page, urls), file.response
        yield _claim(
            nginx, respelling, response.url, response.status or 0,
            (_page_files.page_subject(file.page),),
            (file.page, file.response, *change.as_nginx, *change.changed), change.confidence,
            # A script that may come late is missed all the same: what it does is not known.
            severity=Severity.WARNING if severity is Severity.NOTE else severity,
            page=file.page.url,
        )  # fmt: skip
        return


def _by_path(evidence: Evidence) -> Iterator[Claim]:
    nginx, path = Nginx.of(evidence), evidence.target.path
    for match in nginx.location_matches(path):
        respelling = _respelling(nginx, match, path)
        if respelling is None or not (
            respelling.is_doubled or respelling.is_encoded or respelling.is_merged
        ):
            continue
        if respelling.is_doubled and _has_whole_path(evidence):
            continue  # upstream.wrong-path
        pages = [page for page in page_exchanges(evidence) if respelling.is_unknown_on(page)]
        # An application may fail for other reasons: that it has the path is to be proven.
        if not pages or (respelling.is_kept_apart and _is_unknown_directly(evidence, pages[0])):
            continue
        if pages[0].status == 404 or not respelling.is_merged or _is_served_directly(evidence):
            is_proven = respelling.is_kept_apart and _is_served_directly(evidence)
            is_redirected = pages[0].status != 404 and not respelling.is_merged
            confidence = Confidence.CERTAIN if is_redirected or is_proven else Confidence.LIKELY
            status, subjects = pages[0].status or 0, endpoint_subjects(pages)
            redirect = pages[0].header("Location") or "" if is_redirected else ""
            yield _claim(
                nginx, respelling, pages[0].url, status, subjects, pages, confidence, redirect
            )


def _by_visitors(evidence: Evidence) -> Iterator[Claim]:
    """Judge by visitors who had logged in and got 404 or 405 for a path with "%2F", where this run
    is asked to log in for each spelling: nginx decodes it, and the application looks for a name."""
    # Imported late: few runs have these.
    from diagnose.model.logs import FailedRequests

    failures = [
        failure
        for failure in evidence.good(FailedRequests)
        if failure.server == "nginx" and failure.status in {404, 405} and failure.is_from_page
        if "%2f" in failure.path.lower() and _is_behind_a_login(evidence, failure.path)
    ]
    for failure in failures:
        nginx = Nginx.of(replace(evidence, target=replace(evidence.target, path=failure.path)))
        match = proxied_match(nginx, failure.path)
        respelling = _respelling(nginx, match, failure.path) if match else None
        if respelling is None or not respelling.is_encoded:
            continue
        alike = [other for other in failures if other.path == failure.path]
        yield _claim(
            nginx, respelling, evidence.target.origin + failure.path, failure.status,
            (Subject(port=evidence.target.port, path=failure.path),),
            alike, Confidence.LIKELY, severity=Severity.WARNING,
        )  # fmt: skip
        return


def _is_behind_a_login(evidence: Evidence, path: str) -> bool:
    """Return whether the application asks this run to log in for the path as nginx spells it, and
    for the visitor's spelling."""
    # Imported late: few runs have these.
    from diagnose.model.requests import LoggedComparison

    requests = [*evidence.of(ComparedRequest), *evidence.of(LoggedComparison)]
    own = [request for request in requests if request.path.partition("?")[0] == path]
    spelled = [request for request in own if is_respelling(request.original, request.value)]
    as_nginx = [request for request in own if request.part == "none"]
    return bool(spelled and as_nginx) and {request.status for request in (*spelled, *as_nginx)} <= {
        401,
        403,
    }


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


def _has_whole_path(evidence: Evidence) -> bool:
    """Return whether the application has the page at the visitor's whole path: then no part of it
    has to go, and one slash less would lead past it, too."""
    return any(
        request.part == "path"
        and request.value == evidence.target.path
        and 200 <= (request.status or 0) < 300
        for request in evidence.of(ComparedRequest)
    )


def _is_served_directly(evidence: Evidence) -> bool:
    """Return whether the application has the path as the visitor spells it."""
    return any(200 <= (request.status or 0) < 300 for request in _as_visitor(evidence))


def _is_unknown_directly(evidence: Evidence, page: Exchange) -> bool:
    """Return whether the application answers the path the same as the visitor spells it."""
    answers = {request.status for request in _as_visitor(evidence)}
    return answers == {page.status}


def _as_visitor(evidence: Evidence) -> list[ComparedRequest]:
    """Return the requests with the visitor's spelling: another one than nginx's, or the very one
    that nginx would send, if this run does not know how it spells the path."""
    requests = evidence.of(ComparedRequest)
    respelled = [
        request for request in requests
        if request.part == "path" and is_respelling(request.original, request.value)
    ]  # fmt: skip
    return respelled or [request for request in requests if request.part == "none"]


def _claim(
    nginx: Nginx,
    respelling: _Respelling,
    url: str,
    status: int,
    subjects: Sequence[Subject],
    because: Sequence[Observation],
    confidence: Confidence,
    redirect: str = "",
    severity: Severity | None = None,
    page: str = "",
) -> Claim:
    directive, block = respelling.proxy.directive, respelling.match.block
    requested_path, is_doubled = respelling.requested_path, respelling.is_doubled
    code, character = respelling.other_encoding
    return Claim(
        about=merge_subjects(tuple(subjects)),
        covers=tuple(subjects),
        because=(*because, *nginx.configs),
        confidence=confidence,
        severity=severity,
        location=nginx.location(directive),
        facts={
            "url": url,
            "page": page,
            "status": status,
            "replaced": bool(page) and status == 200,
            "path": respelling.path,
            "asked": requested_path if is_doubled else spelled_anew(requested_path),
            "target": directive.args[0],
            "place": file_line(directive),
            "location": block.text,
            "doubled": is_doubled and not respelling.is_rewritten,
            "encoded": respelling.is_encoded_anew,
            "code": code,
            "character": character,
            "slash": character == "/",
            "merged": respelling.is_merged,
            "rewritten": respelling.is_rewritten,
            "decoded": respelling.is_decoded,
            "redirect": redirect,
            **_rest_lines(respelling),
        },
        fix=_fix(nginx, respelling),
    )


def _rest_lines(respelling: _Respelling) -> dict[str, str]:
    lines = _rest_edits.rest_lines(respelling.match, respelling.proxy)
    return {
        "rest_line": lines.condition if lines else "",
        "pass_line": lines.passed if lines else "",
    }


def _by_hand() -> Fix:
    return Fix((Manual("keep-the-path", Where.SERVER),), Applicability.MANUAL)


def _fix(nginx: Nginx, respelling: _Respelling) -> Fix:
    """Write the slash at the end of the location; keep double slashes; or pass the path on as it
    is, or what follows the location's prefix. A person decides what a `rewrite` is for."""
    if respelling.is_rewritten:
        return _keep_one_slash(nginx, respelling) or _by_hand()
    match, block = respelling.match, respelling.match.block
    pattern = location_pattern(block)
    changes: Changes = {}
    is_prefix = pattern is not None and pattern.modifier in {"", "^~"}
    if respelling.is_doubled and is_prefix and nginx.file(block):
        changes = one_slash(nginx, match, respelling.proxy)
    elif respelling.is_merged and nginx.file(match.blocks[1]):
        server = match.blocks[1]
        file = nginx.file(server)
        names = children(server, "server_name")
        if file is not None and names and names[-1].file == server.file:
            line = edits.insert_after(file.text, names[-1], ["merge_slashes off;"])
            changes[server.file] = [line]
    elif pattern and pattern.text == "/" and respelling.proxy.uri == "/":
        _location_edits.pass_whole_path(match, changes)
    elif respelling.is_encoded_anew:
        changes = _rest_edits.pass_rest(nginx, match, respelling.proxy)
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return _by_hand()
    return _location_edits.location_fix(nginx, match, file_edits, sure=False)


def _keep_one_slash(nginx: Nginx, respelling: _Respelling) -> Fix | None:
    """Let the pattern of the location's only `rewrite` end before its group with the slash that the
    replacement writes: "^/app/(.*)" in place of "^/app(.*)" for "/$1"."""
    rewrites = children(respelling.match.block, "rewrite")
    pattern = rewrites[0].args[0] if len(rewrites) == 1 else ""
    head, group, rest = pattern.partition("(.*)")
    is_plain = bool(re.fullmatch(r"\^/[\w/-]*\w", head)) and rest in {"", "$"}
    if not respelling.is_doubled or not is_plain or rewrites[0].args[1:2] != ("/$1",):
        return None
    flags = " ".join(rewrites[0].args[2:])
    line = f"rewrite {head}/{group}{rest} /$1 {flags}".rstrip() + ";"
    file_edits = config_edits(
        nginx, {rewrites[0].file: [edits.replace_directive(rewrites[0], line)]}
    )
    if not file_edits:
        return None
    return _location_edits.location_fix(nginx, respelling.match, file_edits, sure=False)
