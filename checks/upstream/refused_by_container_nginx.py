"""An nginx in a container, behind the server that visitors reach, answers itself with an error, and
the application behind it does not: 413 (client_max_body_size is 1m there as well), 404 and 403 of
its files, 502 and 504 of what it asks. The server in front shows such an answer as that of "the
application".

nginx writes the reason of each into its error log, which the container's engine keeps: the line has
the path and is of this run, or, for an upload, larger than a limit that still holds.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from checks.nginx import file_line
from checks.nginx._container_edits import container_steps, nginx_in
from checks.nginx._edits import Changes
from checks.nginx._size_limits import NAME, limit_of, limit_place, new_limit
from checks.upstream._container_requests import ContainerRequest, container_request
from checks.upstream._responses import asks_about_size
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.logs import ContainerLogLine, FailedRequests
from diagnose.model.nginx import ContainerNginx
from diagnose.model.pages import PageFileResponse
from diagnose.parsers.nginx import edits, error_log, proxy_headers
from diagnose.parsers.nginx.locations import LocationMatch

#: Uploads of one kind from which on they are no accident.
_OFTEN = 2
_GATEWAY, _MISSING, _FORBIDDEN = "gateway", "missing", "forbidden"
#: What nginx writes where it refuses (ngx_http_access_module, ngx_http_autoindex_module, open(2)).
_REFUSALS = {
    "by_rule": error_log.REFUSED_BY_RULE,
    "no_index": "directory index of",
    "by_rights": "(13: Permission denied)",
}
#: A volume of Docker's or Podman's that has a name, and is no folder of the site.
_VOLUME = re.compile(r"/volumes/([\w.-]{1,100})/_data/")
#: What nginx writes where it answers with these statuses itself.
_REASONS = (
    (_GATEWAY, frozenset({502, 503, 504}), re.compile(
        r"connect\(\) .{0,200}failed|no live upstreams|upstream (?:prematurely|timed out|sent)"
        r"|recv\(\) failed|\S{1,253} could not be resolved|no resolver defined")),
    (_MISSING, frozenset({404}), re.compile(r".{0,600}? (?:failed|is not found) \((?:2|20): ")),
    (_FORBIDDEN, frozenset({403}), re.compile(
        rf"{error_log.REFUSED_BY_RULE}|"
        r"directory index of .{1,600} is forbidden|.{0,600}? failed \(13: ")),
)  # fmt: skip


@check(
    severity=Severity.ERROR,
    needs=[ContainerNginx, ContainerLogLine],
    explains=[
        "http.page-file-missing",
        "http.server-error",
        "nginx.body-limit",
        "nginx.other-requests-failed",
        "server.application-answers",
        "server.application-limit",
        "server.backend-not-reached",
        "server.own-answer",
        "server.other-requests-failed",
        "upstream.application-log",
        "upstream.own-answer",
    ],
)
def refused_by_container_nginx(evidence: Evidence) -> Iterator[Claim]:
    if claim := _upload_claim(evidence):
        yield claim
    path = evidence.target.path_without_query
    failed = [page for page in page_exchanges(evidence) if (page.status or 0) >= 400]
    if not failed and (claim := _page_file_claim(evidence)):
        yield claim
        return
    request = container_request(evidence, path) if failed else None
    if request is None:
        return
    for reason, statuses, pattern in _REASONS:
        pages = [page for page in failed if page.status in statuses]
        lines = _lines(evidence, request, pattern)
        if pages and lines:
            yield _claim(evidence, request, path, lines, pages, reason)
            return


def _page_file_claim(evidence: Evidence) -> Claim | None:
    """Return the claim about the files of the page which the nginx in a container does not find, or
    may not give out."""
    # Imported late: few servers have such a container.
    from checks.http import _page_files as page_files

    refused = [file for file in page_files.refused_files(evidence) if file.reason == "status"]
    for file in refused:
        request = container_request(evidence, file.path)
        if request is None:
            continue
        for reason, statuses, pattern in _REASONS:
            lines = _lines(evidence, request, pattern)
            if not lines or file.response.status not in statuses:
                continue
            claim = _claim(
                evidence, request, file.path, lines, [file.response], reason,
                url=file.response.url, page=file.page.url,
            )  # fmt: skip
            return replace(
                claim,
                covers=(*claim.covers, page_files.page_subject(file.page)),
                severity=page_files.severity(file.page, [each.response.url for each in refused]),
            )
    return None


def _lines(
    evidence: Evidence, request: ContainerRequest, pattern: re.Pattern[str]
) -> list[ContainerLogLine]:
    """Return what its log says of this request in this run, where it says such a thing."""
    return [
        line
        for line in evidence.good(ContainerLogLine)
        if line.container == request.behind.container
        and line.in_run
        and line.path in request.paths
        and pattern.match(line.text)
    ]


def _claim(
    evidence: Evidence,
    request: ContainerRequest,
    path: str,
    lines: list[ContainerLogLine],
    seen: Sequence[Exchange | FailedRequests | PageFileResponse],
    reason: str,
    **facts: object,
) -> Claim:
    line, port = lines[-1], evidence.target.port
    pages = [each for each in seen if isinstance(each, Exchange | PageFileResponse)]
    is_meant = reason in {_MISSING, _FORBIDDEN} and path != "/" and not evidence.target.symptom
    match = request.locations[0]
    about = Subject(port=port, path=path)
    return Claim(
        about=about,
        covers=(about, *(Subject(address=page.address, port=port, path=path) for page in pages)),
        because=(line, request.behind, *seen),
        confidence=Confidence.CERTAIN,
        severity=None if reason == _GATEWAY else Severity.NOTE if is_meant else Severity.WARNING,
        facts={
            "container": request.behind.container,
            "engine": request.behind.engine or "docker",
            "path": path,
            "url": evidence.target.origin + path,
            "page": "",
            "status": pages[0].status if pages else 413,
            "message": line.text,
            "application": line.upstream,
            "place": file_line(match.block),
            "host_folder": (host_folder := _host_folder(request.behind, line.text)),
            "volume": volume[1] if (volume := _VOLUME.search(host_folder)) else "",
            **{name: words in line.text for name, words in _REFUSALS.items()},
            **{name: name == reason for name in ("large", _GATEWAY, _MISSING, _FORBIDDEN)},
            **facts,
        },
        fix=Fix((Manual(reason, Where.SERVER),), Applicability.MANUAL),
    )


def _host_folder(container_nginx: ContainerNginx, message: str) -> str:
    """Return the place on the server of the file that a message names, "" if it is in no folder of
    the server."""
    named = re.search(r'"(/[^"]{1,400})"', message)
    for point, source, replaced in container_nginx.mounts if named else ():
        inside = f"{point.rstrip('/')}/"
        if named and named[1].startswith(inside) and not replaced:
            return f"{source.rstrip('/')}/{named[1].removeprefix(inside)}"
    return ""


# Uploads


def _upload_claim(evidence: Evidence) -> Claim | None:
    """Return the claim about the largest body that a limit in the container refuses still."""
    lines = [line for line in evidence.good(ContainerLogLine) if _size(line)]
    for line in sorted(lines, key=_size, reverse=True):
        failures = [
            failure
            for failure in evidence.good(FailedRequests)
            if failure.status == 413 and failure.path.endswith(line.path)
        ]
        # The server in front may change the path; its own log has the visitors' one.
        path = failures[0].path if failures else line.path
        request = container_request(evidence, path)
        if request is None or line.path not in request.paths:
            continue
        refusing = [match for match in request.locations if _size(line) > limit_of(match) > 0]
        if refusing and line.container == request.behind.container:
            same = [each for each in lines if each.path == line.path]
            return _limit_claim(evidence, request, refusing, same, path, failures)
    return None


def _size(line: ContainerLogLine) -> int:
    return error_log.refused_body_size(line.text)


def _limit_claim(
    evidence: Evidence,
    request: ContainerRequest,
    refusing: list[LocationMatch],
    lines: list[ContainerLogLine],
    path: str,
    failures: list[FailedRequests],
) -> Claim:
    largest, match = max(lines, key=_size), refusing[0]
    directive = match.directive(NAME)
    raised = new_limit(_size(largest), is_cut="chunked body" in largest.text)
    size = proxy_headers.size_text(raised)
    is_wanted = directive is None and sum(line.times for line in lines) >= _OFTEN
    is_asked_for = path not in {"", "/"} and path == evidence.target.path_without_query
    claim = _claim(
        evidence,
        request,
        path,
        [largest],
        failures,
        "large",
        size=_size(largest),
        limit=proxy_headers.size_text(limit_of(match)),
        set=directive is not None,
        line=f"{NAME} {size};",
        place=file_line(limit_place(match)),
    )
    is_fault = asks_about_size(evidence) or is_wanted or is_asked_for
    steps = _limit_steps(evidence, request, refusing, f"{NAME} {size};")
    return replace(
        claim,
        severity=Severity.WARNING if is_fault else Severity.NOTE,
        fix=Fix(steps, Applicability.REVIEW) if steps else claim.fix,
    )


def _limit_steps(
    evidence: Evidence, request: ContainerRequest, refusing: list[LocationMatch], line: str
) -> tuple[Edit | Command, ...]:
    """Return the edits in the container and the reload; () if a file was not read."""
    inner = nginx_in(evidence, request.behind.container)
    if inner is None:
        return ()
    changes: Changes = {}
    own = [match.directive(NAME) or match.blocks[1] for match in refusing]
    places = {(each.file, each.start): each for each in own}
    for place in places.values():
        file = inner.file(place)
        if file is None:
            return ()
        change = (
            edits.replace_directive(place, line)
            if place.name == NAME
            else edits.insert_first(file.text, place, [line])
        )
        changes.setdefault(place.file, []).append(change)
    return container_steps(evidence, inner, request.behind.container, changes)
