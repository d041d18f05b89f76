"""Two server blocks claim the target's name on one socket: nginx takes the first it reads and
ignores the other, with a warning. Mostly one is a copy that was forgotten: a backup in a folder
that is read, a block that a certificate tool wrote beside the old one.

It is a fault of its own where visitors suffer from what only the winning block has; else a trap for
the next person, who will change the block that counts for nothing.
"""

from collections.abc import Iterator

from checks.nginx import Nginx, where
from diagnose.catalogue import check
from diagnose.frozen import frozen
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Subject,
    Where,
)
from diagnose.model.http import Upgrade
from diagnose.model.nginx import CertificateFile, Directive, NginxConfig, UpstreamTry
from diagnose.model.tls import Handshake
from diagnose.wire import serving
from diagnose.wire.edits import Change
from diagnose.wire.names import covers
from diagnose.wire.serving import Server, Socket

#: A symptom at no port is the only kind that a mere trap covers.
NOWHERE = Subject(port=0)


@frozen
class Rivals:
    """The block that has the name on a socket, and one that has it in vain."""

    socket: Socket
    winner: Server
    loser: Server


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig],
    explains=[
        "certificate.*",
        "upstream.*",
        "http.server-error",
        "websocket.*",
        "nginx.key-type-mismatch",
    ],
)
def duplicate_server_name(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    found = next(_found(nginx), None)
    warned = _warnings(nginx)
    if found is None or (nginx.test and (not nginx.test.passed or not warned)):
        return
    shown = tuple(_suffers(nginx, found))
    winner, loser = found.winner, found.loser
    twice = _is_one_file(nginx, found)
    yield Claim(
        about=Subject(text=f"server_name {evidence.target.host}"),
        covers=(Subject(),) if shown else (NOWHERE,),
        because=tuple(
            dict.fromkeys(
                one for one in (nginx.config, nginx.test if warned else None, *shown) if one
            )
        ),
        facts={
            "name": evidence.target.host,
            "port": evidence.target.port,
            "message": warned[0] if warned else "",
            "winner": where(winner.block),
            "loser": where(loser.block),
            "stale": where((winner if shown else loser).block),
            "twice": twice,
            "matters": bool(shown),
        },
        severity=Severity.ERROR if shown else None,
        confidence=Confidence.CERTAIN if nginx.test and not shown else Confidence.LIKELY,
        location=nginx.location(winner.block if shown else loser.block),
        fix=_fix(nginx, found, shown, twice),
    )


def _found(nginx: Nginx) -> Iterator[Rivals]:
    host = nginx.evidence.target.host
    for one in nginx.answering():
        for loser in serving.rivals(one.socket, host):
            yield Rivals(one.socket, one.server, loser)


def _warnings(nginx: Nginx) -> list[str]:
    said = nginx.test.messages if nginx.test else ()
    port = nginx.evidence.target.port
    return [
        one.text
        for one in said
        if one.level == "warn"
        and one.text.startswith("conflicting server name")
        and f":{port}, ignored" in one.text
    ]


# What visitors have of the block that wins, and would not have of the other


def _suffers(nginx: Nginx, found: Rivals) -> Iterator[Observation]:
    yield from _certificate(nginx, found)
    yield from _websocket(nginx, found)
    yield from _application(nginx, found)


def _certificate(nginx: Nginx, found: Rivals) -> Iterator[Observation]:
    """A certificate that does not do, where the other block's would."""
    mine, theirs = nginx.certificates(found.winner), nginx.certificates(found.loser)
    served = {file.sha256 for file in mine}
    if _would_do(nginx, theirs) and not _would_do(nginx, mine):
        for one in nginx.evidence.of(Handshake):
            if one.chain and one.chain[0].sha256 in served:
                yield one


def _would_do(nginx: Nginx, files: tuple[CertificateFile, ...]) -> bool:
    host, now = nginx.evidence.target.host, nginx.evidence.started_at
    leaves = [file.chain[0] for file in files if file.chain]
    return any(
        leaf.not_before <= now < leaf.not_after and covers(host, leaf.dns_names, leaf.addresses)
        for leaf in leaves
    )


def _websocket(nginx: Nginx, found: Rivals) -> Iterator[Observation]:
    for one in nginx.evidence.good(Upgrade):
        if one.through == "front" and one.variant == "normal" and not one.accepted:
            mine, theirs = (
                serving.find(server, one.path) for server in (found.winner, found.loser)
            )
            passed = serving.passed(theirs) and all(serving.upgrade_passed(theirs))
            if passed and not (serving.passed(mine) and all(serving.upgrade_passed(mine))):
                yield one


def _application(nginx: Nginx, found: Rivals) -> Iterator[Observation]:
    """It passes requests on to where nothing answers, and the other to somewhere else."""
    path = nginx.evidence.target.path
    mine, theirs = (
        serving.passed(serving.find(server, path)) for server in (found.winner, found.loser)
    )
    if mine and theirs and mine.args != theirs.args:
        for one in nginx.evidence.of(UpstreamTry):
            if one.failure and one.target == mine.args[0]:
                yield one


# What to do


def _is_one_file(nginx: Nginx, found: Rivals) -> bool:
    """Whether it is the same block, read twice: by two includes, or through two links."""
    one, other = found.winner.block, found.loser.block
    first, second = nginx.file(one), nginx.file(other)
    if (one.file, one.line) == (other.file, other.line):
        return True
    same = first and second and (first.text, first.changed) == (second.text, second.changed)
    return bool(same) and one.line == other.line


def _fix(nginx: Nginx, found: Rivals, shown: tuple[Observation, ...], twice: bool) -> Fix:
    stale = found.winner if shown else found.loser
    if twice:
        return Fix((Manual("read-once", Where.SERVER), *nginx.taken()), Applicability.MANUAL)
    edit = _without(nginx, stale) if _is_spare(nginx, stale) else None
    if edit is None:
        return Fix((Manual("remove-one", Where.SERVER), *nginx.taken()), Applicability.MANUAL)
    return Fix((edit, *nginx.taken()), Applicability.REVIEW)


def _is_spare(nginx: Nginx, stale: Server) -> bool:
    """Whether a block of another file, or an earlier one, has every name and every socket of it:
    else it would be missed somewhere."""
    return any(
        other is not stale
        and (other.block.file != stale.block.file or other.block.start < stale.block.start)
        and set(stale.names) <= set(other.names)
        and _sockets(stale) <= _sockets(other)
        for other in nginx.servers
    )


def _sockets(server: Server) -> set[tuple[str, int]]:
    return {(one.address, one.port) for one in server.listens}


def _without(nginx: Nginx, stale: Server) -> Edit | None:
    """Without the block, and without what else in its file is as spare: a copy is rarely one of a
    single block."""
    file = nginx.file(stale.block)
    if file is None:
        return None
    spare = [
        one
        for one in nginx.servers
        if one is stale or (one.block.file == file.path and _is_spare(nginx, one))
    ]
    return nginx.edit(file.path, *(_cut(file.text, one.block) for one in spare))


def _cut(text: str, block: Directive) -> Change:
    """Whole lines, if nothing else stands on them."""
    start, stop = text.rfind("\n", 0, block.start) + 1, block.stop
    end = text.find("\n", stop) + 1 or len(text)
    alone = not text[start : block.start].strip() and not text[stop:end].strip()
    return Change(start, end, "") if alone else Change(block.start, stop, "")
