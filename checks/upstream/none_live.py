"""nginx leaves a server of a group alone for fail_timeout (10 s) after max_fails (1) failures
(nginx.org, ngx_http_upstream_module, server). With all of them left alone it asks none, and says
502 at once (error.log: "no live upstreams while connecting to upstream"), though they may answer
again. Where they still fail, how they do is the cause, and other checks name it.
"""

from collections.abc import Iterator

from checks.nginx import Nginx, where
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Severity, Subject
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.logs import LogLine
from diagnose.model.nginx import Directive, NginxConfig, UpstreamTry
from diagnose.parsers.nginx import error_log, server_blocks
from diagnose.parsers.nginx.config import seconds

#: Seconds that a server is left alone, unless the group says otherwise.
USUAL = 10.0

#: Failures that a direct attempt by another user, or without TLS, does not meet.
_OTHERS = r"\(13: |SSL_do_handshake|certificate|sent too big header|sent invalid header"


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, LogLine],
    explains=["http.server-error", "websocket.not-upgraded", "websocket.inner-proxy"],
)
def none_live(evidence: Evidence) -> Iterator[Claim]:
    nginx, lines = Nginx.of(evidence), evidence.of(LogLine)
    for group, broken in _broken(nginx).items():
        said = error_log.about(lines, says=r"no live upstreams", upstream=group)
        directive = next((one for one in _groups(nginx) if one.args[0] == group), None)
        if directive is None or not said:
            continue
        ends = _servers(directive)
        before = [one for one in lines if error_log.authority(one) in ends]
        other = error_log.about(before, says=_OTHERS)
        answers = _answering(evidence, group)
        if answers and not other:
            yield _claim(nginx, directive, said, before, broken, answers)


def _broken(nginx: Nginx) -> dict[str, list[Exchange | Upgrade]]:
    """What the front door answers with 502 now, by the group that it leads to."""
    evidence, port = nginx.evidence, nginx.evidence.target.port
    seen: list[tuple[str, Exchange | Upgrade]] = [
        (evidence.target.path, one)
        for one in evidence.of(Exchange)
        if one.purpose == "target" and one.port == port and one.status == 502
    ]
    seen += [
        (one.path, one)
        for one in evidence.of(Upgrade)
        if one.through == "front" and one.status == 502
    ]
    found: dict[str, list[Exchange | Upgrade]] = {}
    for path, one in seen:
        for place in nginx.places(path):
            passed = server_blocks.passed(place)
            group = passed.args[0].partition("://")[2].partition("/")[0] if passed else ""
            if group:
                found.setdefault(group, []).append(one)
    return found


def _groups(nginx: Nginx) -> Iterator[Directive]:
    for http in nginx.config.main if nginx.config else ():
        if http.name == "http":
            yield from (one for one in server_blocks.children(http, "upstream") if one.args)


def _servers(group: Directive) -> tuple[str, ...]:
    found = (one.args[0] for one in server_blocks.children(group, "server") if one.args)
    return tuple(one if ":" in one else f"{one}:80" for one in found)


def _answering(evidence: Evidence, group: str) -> list[UpstreamTry | Upgrade]:
    """Servers of the group that answer a request now."""
    tried: list[UpstreamTry | Upgrade] = [
        one
        for one in evidence.of(UpstreamTry)
        if one.asked and one.status and one.target.partition("://")[2].partition("/")[0] == group
    ]
    ends = {(one.host, one.port) for one in evidence.of(UpstreamTry) if group in one.target}
    tried += [
        one
        for one in evidence.of(Upgrade)
        if one.through == "application" and one.status and (one.address, one.port) in ends
    ]
    return tried


def _claim(
    nginx: Nginx,
    group: Directive,
    said: tuple[LogLine, ...],
    before: list[LogLine],
    broken: list[Exchange | Upgrade],
    answers: list[UpstreamTry | Upgrade],
) -> Claim:
    evidence, port = nginx.evidence, nginx.evidence.target.port
    paths = tuple(
        dict.fromkeys(
            one.path if isinstance(one, Upgrade) else evidence.target.path for one in broken
        )
    )
    reasons = dict.fromkeys(one.text for one in before)
    options = [word for one in server_blocks.children(group, "server") for word in one.args[1:]]
    waits = [seconds(word.partition("=")[2]) for word in options if word.startswith("fail_timeout")]
    times = sum(one.times for one in said)
    return Claim(
        about=Subject(port=port, text=f"upstream {group.args[0]}"),
        covers=tuple(Subject(port=port, path=path) for path in paths),
        because=(*said, *before[-3:], *answers, *broken),
        facts={
            "group": group.args[0],
            "place": where(group),
            "servers": _servers(group),
            "paths": paths,
            "message": said[-1].text,
            "again": times if times > 1 else "",
            "reasons": tuple(reasons)[-2:],
            "seconds": max((one for one in waits if one is not None), default=USUAL),
            "status": next(one.status for one in answers) or "",
        },
        ruled_out=("upstream.refused", "upstream.timeout"),
        location=nginx.location(group),
        fix=Fix(nginx.taken(), Applicability.AUTOMATIC),
    )
