"""Somebody sent more than client_max_body_size (default 1m) and got 413 (error.log: "client
intended to send too large body: 2097152 bytes"). The site works; whether such uploads should be
possible is a decision, unless a person asks about 413, or the limit refuses what is no upload: the
unit is forgotten (`client_max_body_size 10;` are ten bytes). A limit that nobody has set is no
decision: where a page of the site itself sent the upload to the application, or a program did so
again and again (git, docker, rclone, a client that synchronises), it is a fault too. Once is enough
where the application itself gave out the address for this upload (Git LFS Batch API, "Basic
Transfer"; OCI Distribution Specification, "Pushing a blob"; git's gitprotocol-http(5)), and where
this address is asked for. So is a limit that somebody has set and that pages of the site meet again
and again.

nginx reads the limit anew in each location to which it redirects the request internally
(ngx_http_core_find_config_phase), so all of them must allow the upload; and so must those of
another server block of the same nginx behind it."""

import re
from collections.abc import Iterator

from checks.nginx import Nginx, _location_edits, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import Changes, config_edits
from checks.nginx._failed_requests import current_failures
from checks.nginx._inner_blocks import passed_locations
from checks.nginx._other_limits import uncounted_limit
from checks.nginx._size_limits import NAME, limit_of, limit_place, new_limit
from checks.upstream._responses import asks_about_size
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Edit, Evidence, Fix, Severity, Subject
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx import edits, error_log
from diagnose.parsers.nginx import proxy_headers as header_parser
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.upstreams import pass_directive_of

#: Bytes. A form without a file is smaller.
_FORM = 16 << 10
#: The methods of an upload, and how many of them are no accident: those of pages where somebody has
#: set the limit, and those of programs.
_UPLOADS, _OFTEN = {"POST", "PUT", "PATCH"}, 2
#: Addresses that the application gives out for one upload: an object of Git LFS by its SHA-256, a
#: part of an image, what git pushes after it read the application's references.
_GIVEN_OUT = re.compile(
    r"/info/lfs/objects/[0-9a-f]{64}\b|/v2/.{1,300}/blobs/uploads/|/git-receive-pack$"
)


@check(
    severity=Severity.NOTE,
    needs=[NginxConfig, LogLine],
    explains=["nginx.other-requests-failed", "server.other-requests-failed"],
)
def body_too_large(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    log_lines = error_log.matching_lines(
        evidence.of(LogLine), host=evidence.target.host, pattern=error_log.TOO_LARGE
    )
    groups: dict[int, tuple[list[LocationMatch], tuple[LocationMatch, ...], list[LogLine]]] = {}
    if nginx.is_refused:
        return
    for line in log_lines:
        for way in passed_locations(nginx, line.path or "/"):
            refusing = [match for match in way if _size(line) > limit_of(match) > 0]
            if refusing:
                key = id(limit_place(refusing[0]))
                groups.setdefault(key, (refusing, way, []))[2].append(line)
    for refusing, way, lines in groups.values():
        yield _claim(nginx, refusing, way, lines)


def _size(line: LogLine) -> int:
    return error_log.refused_body_size(line.text)


def _limit_edits(
    nginx: Nginx, refusing: list[LocationMatch], way: tuple[LocationMatch, ...], size: str
) -> tuple[Edit, ...]:
    """Return the edits that let all locations of a request's way take a body of this size: in the
    server block where more than one has no limit of its own, and in each that has."""
    line = f"{NAME} {size};"
    own = {id(match.block): children(match.block, NAME) for match in refusing}
    inheriting = [match for match in refusing if not own[id(match.block)]]
    if len(way) == 1 and inheriting:
        return _location_edits.setting_edits(nginx, inheriting[0], {NAME: size})
    changes: Changes = {}
    places = [directives[-1] for directives in own.values() if directives]
    for server in {id(match.blocks[1]): match.blocks[1] for match in inheriting}.values():
        file = nginx.file(server)
        if server_limit := children(server, NAME):
            places.append(server_limit[-1])
        elif file:
            change = edits.insert_first(file.text, server, [line])
            changes.setdefault(server.file, []).append(change)
    for place in {(place.file, place.start): place for place in places}.values():
        changes.setdefault(place.file, []).append(edits.replace_directive(place, line))
    return config_edits(nginx, changes)


def _claim(
    nginx: Nginx,
    refusing: list[LocationMatch],
    way: tuple[LocationMatch, ...],
    lines: list[LogLine],
) -> Claim:
    largest, match = max(lines, key=_size), refusing[0]
    directive = match.directive(NAME)
    is_cut = "chunked body" in largest.text
    raised = new_limit(_size(largest), is_cut=is_cut)
    size = _documented_size(nginx, match, raised) or header_parser.size_text(raised)
    file_edits = _limit_edits(nginx, refusing, way, size)
    reported_directive = directive or match.block
    times = sum(line.times for line in lines)
    return Claim(
        about=Subject(
            port=nginx.evidence.target.port, path=largest.path, text=file_line(reported_directive)
        ),
        covers=tuple(
            Subject(port=nginx.evidence.target.port, path=path)
            for path in dict.fromkeys(line.path for line in lines)
        ),
        because=(*lines, *nginx.configs),
        facts={
            "path": largest.path,
            "size": _size(largest),
            "cut": is_cut,
            "limit": header_parser.size_text(limit_of(match)),
            "set": directive is not None,
            **uncounted_limit(nginx, limit_of(match)),
            "place": file_line(reported_directive),
            "again": times if times > 1 else "",
            "message": largest.text,
        },
        confidence=Confidence.CERTAIN,
        # Who asks about 413 wants the uploads to work, and nobody wants forms to fail.
        severity=Severity.WARNING
        if asks_about_size(nginx.evidence)
        or limit_of(match) < _FORM
        or _is_met_by_clients(nginx.evidence, way, lines)
        else None,
        location=nginx.location(reported_directive),
        fix=Fix((*file_edits, *reload_steps(nginx)), Applicability.REVIEW),
    )


def _documented_size(nginx: Nginx, match: LocationMatch, raised: int) -> str:
    """Return the limit that the application's documentation asks nginx for, if that lets more in:
    the next upload may be larger than the largest one so far. "" if nothing is known."""
    # Imported late: only a finding needs them.
    from checks.http._known_application import recognized_application
    from checks.nginx._documented import gaps

    pair = recognized_application(nginx.evidence)
    for gap in gaps(nginx, pair[0].folder, pair[1]) if pair else ():
        wanted = header_parser.parse_size(gap.value) if gap.topic == "upload" else None
        if wanted is not None and gap.match.block is match.block and not 0 < wanted <= raised:
            return gap.value
    return ""


def _is_met_by_clients(
    evidence: Evidence, way: tuple[LocationMatch, ...], lines: list[LogLine]
) -> bool:
    """Return whether a client of the application sent what nginx refused on the way to it: a page
    of the site, once where nobody has set a limit, and again where somebody has; or a program,
    which sends no Referer, where nobody has: again, or once at an address that the application gave
    out; or an upload at the very address that is asked for, whoever has set a limit. Who
    looks for weak sites sends small requests.

    An address of a PHP program comes to the application by an internal redirect (`try_files …
    /index.php`), so any location of the way may pass it on."""
    if not any(map(pass_directive_of, way)):
        return False
    paths = {line.path for line in lines}
    is_set = any(match.directive(NAME) is not None for match in way)
    uploads = [line for line in lines if line.request.partition(" ")[0] in _UPLOADS]
    is_wanted = sum(line.times for line in uploads) >= _OFTEN or any(
        _GIVEN_OUT.search(line.path) for line in uploads
    )
    is_asked_for = any(_is_asked_for(evidence, line.path) for line in uploads)
    return (
        is_asked_for
        or (not is_set and is_wanted)
        or any(
            failure.is_from_page
            and failure.path in paths
            and failure.times >= (_OFTEN if is_set else 1)
            for failure in current_failures(evidence, {413})
        )
    )


def _is_asked_for(evidence: Evidence, path: str) -> bool:
    """Return whether the target is this address. Everybody asks for the start page."""
    return path not in {"", "/"} and path == evidence.target.path_without_query
