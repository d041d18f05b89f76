"""nginx does not run, and cannot start: two of its own `listen` lines ask for one port. No other
program has it. `nginx -t` does not notice; the start ends with "bind() … failed (98: Address
already in use)".
"""

import re
from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import Changes, config_edits
from checks.nginx._errors import NOT_RUNNING_SYMPTOMS, failed_starts
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
from diagnose.model.nginx import Directive, NginxConfig, NginxState
from diagnose.model.server import Listeners
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.listen_overlaps import (
    ListenOverlap,
    listen_overlaps,
    without_socket_options,
)
from diagnose.parsers.nginx.server_blocks import parse_listen

_BIND = re.compile(r"bind\(\) to \S{1,60}:(\d{1,5}) failed \(98: ")


@check(
    severity=Severity.ERROR,
    needs=[NginxState, NginxConfig, Listeners],
    explains=["nginx.not-running", *NOT_RUNNING_SYMPTOMS],
)
def listens_overlap(evidence: Evidence) -> Iterator[Claim]:
    nginx, listeners = Nginx.of(evidence), evidence.good(Listeners)
    state, config = nginx.state, nginx.config
    if state is None or config is None or not state.installed or state.masters or not listeners:
        return
    if not nginx.listen_sockets(evidence.target.port):
        return
    overlaps = [
        overlap
        for overlap in listen_overlaps(config.main)
        if not any(listening.on(overlap.port) for listening in listeners)
    ]
    if not overlaps:
        return
    failed = next(
        (
            (error, seen)
            for error, seen in failed_starts(nginx)
            if (match := _BIND.match(error.text))
            if int(match[1]) in {overlap.port for overlap in overlaps}
        ),
        None,
    )
    first = overlaps[0]
    yield Claim(
        about=Subject(text=file_line(first.wide)),
        covers=(Subject(),),
        because=(state, config, *listeners, *((failed[1],) if failed else ())),
        facts={
            "dual": first.kind == "both-families",
            "own": first.kind == "own-socket",
            "modules": first.kind == "two-modules",
            "port": first.port,
            "ports": tuple(overlap.port for overlap in overlaps),
            "wide": first.wide.text,
            "other": first.other.text,
            "wide_place": file_line(first.wide),
            "other_place": file_line(first.other),
            "message": failed[0].text if failed else "",
        },
        confidence=Confidence.CERTAIN
        if failed or first.kind != "two-modules"
        else Confidence.LIKELY,
        ruled_out=("tcp.rejected-by-host",),
        fix=_fix(nginx, overlaps),
    )


def _fix(nginx: Nginx, overlaps: list[ListenOverlap]) -> Fix:
    """Return the edits of all ports: nginx starts with none of them taken twice, or not at all."""
    changes: Changes = {}
    for overlap in overlaps:
        if overlap.kind == "two-modules" or _is_range(overlap):
            return _by_hand(nginx)
        for path, change in _changes(nginx, overlap):
            # A line may stand for several ports.
            if change not in changes.setdefault(path, []):
                changes[path].append(change)
    made = config_edits(nginx, changes)
    if not made:
        return _by_hand(nginx)
    kinds = {overlap.kind for overlap in overlaps}
    is_exact = kinds == {"both-families"}
    return Fix(
        (*made, *reload_steps(nginx)),
        Applicability.AUTOMATIC if is_exact else Applicability.REVIEW,
    )


def _is_range(overlap: ListenOverlap) -> bool:
    """Return whether one of the lines stands for several ports."""
    return any(len(list(parse_listen(line))) > 1 for line in (overlap.wide, overlap.other))


def _by_hand(nginx: Nginx) -> Fix:
    return Fix((Manual("one-of-them", Where.SERVER), *reload_steps(nginx)), Applicability.MANUAL)


def _changes(nginx: Nginx, overlap: ListenOverlap) -> Iterator[tuple[str, edits.TextEdit]]:
    """Yield what gives each line a socket of its own, or none, and every block its visitors."""
    if overlap.kind == "own-socket":
        kept = without_socket_options(overlap.other)
        yield overlap.other.file, edits.replace_directive(overlap.other, kept)
        return
    has_default = any(
        listen.default and listen.address == "*" and listen.port == overlap.port
        for server in nginx.servers
        for listen in server.listens
    )
    for server in nginx.servers:
        of_port = [listen for listen in server.listens if listen.port == overlap.port]
        line = next((listen.directive for listen in of_port if listen.address == "::"), None)
        file = nginx.file(line) if line else None
        if line is None or file is None:
            continue
        lines = [f"listen {' '.join(word for word in line.args if word != 'ipv6only=off')};"]
        if not any(listen.address == "*" for listen in of_port):
            lines.append(f"listen {overlap.port}{_options(line, has_default)};")
        text = f"\n{edits.indentation(file.text, line)}".join(lines)
        yield line.file, edits.replace_directive(line, text)


def _options(line: Directive, has_default: bool) -> str:
    """Return the options of a line that are not the socket's; one block alone is the default."""
    words = without_socket_options(line).removesuffix(";").split()[2:]
    return "".join(
        f" {word}" for word in words if not (has_default and word in {"default_server", "default"})
    )
