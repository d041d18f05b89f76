"""Two server blocks claim the target's name on one socket: nginx takes the first it reads and
ignores the other, with a warning. Mostly one is a copy that was forgotten: a backup in a folder
that is read, a block that a certificate tool wrote beside the old one.

It is a fault of its own where visitors suffer from what only the winning block has; else a trap for
the next person, who will change the block that counts for nothing.
"""

import posixpath
from collections.abc import Iterator

from checks.nginx import Nginx, where
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
    Observation,
    Severity,
    Subject,
    Where,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Upgrade
from diagnose.model.nginx import CertificateFile, Directive, NginxConfig, UpstreamTry
from diagnose.model.tls import Handshake
from diagnose.parsers.hostnames import covers
from diagnose.parsers.nginx import config as wire
from diagnose.parsers.nginx import server_blocks, site_files
from diagnose.parsers.nginx.edits import Change
from diagnose.parsers.nginx.server_blocks import Listen, Server, Socket

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
        for loser in server_blocks.rivals(one.socket, host):
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
        leaf.is_current(now) and covers(host, leaf.dns_names, leaf.addresses) for leaf in leaves
    )


def _websocket(nginx: Nginx, found: Rivals) -> Iterator[Observation]:
    for one in nginx.evidence.good(Upgrade):
        if one.through == "front" and one.variant == "normal" and not one.accepted:
            mine, theirs = (
                server_blocks.find(server, one.path) for server in (found.winner, found.loser)
            )
            passed = server_blocks.passed(theirs) and all(server_blocks.upgrade_passed(theirs))
            if passed and not (
                server_blocks.passed(mine) and all(server_blocks.upgrade_passed(mine))
            ):
                yield one


def _application(nginx: Nginx, found: Rivals) -> Iterator[Observation]:
    """It passes requests on to where nothing answers, and the other to somewhere else."""
    path = nginx.evidence.target.path
    mine, theirs = (
        server_blocks.passed(server_blocks.find(server, path))
        for server in (found.winner, found.loser)
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
    if first is None or second is None or one.line != other.line:
        return False
    return (first.real or first.path) == (second.real or second.path)


def _fix(nginx: Nginx, found: Rivals, shown: tuple[Observation, ...], twice: bool) -> Fix:
    stale, kept = (found.winner, found.loser) if shown else (found.loser, found.winner)
    if twice:
        link = _unlinked(nginx, found)
        steps = (link,) if link else (Manual("read-once", Where.SERVER),)
        how = Applicability.AUTOMATIC if link else Applicability.MANUAL
        return Fix((*steps, *nginx.taken()), how)
    if not _is_spare(nginx, stale):
        return Fix((Manual("remove-one", Where.SERVER), *nginx.taken()), Applicability.MANUAL)
    spare = [
        one
        for one in nginx.servers
        if one.block is stale.block
        or (one.block.file == stale.block.file and _is_spare(nginx, one))
    ]
    step = _put_aside(nginx, stale.block.file, spare) or _without(nginx, stale.block.file, spare)
    if step is None:
        return Fix((Manual("remove-one", Where.SERVER), *nginx.taken()), Applicability.MANUAL)
    sure = all(
        _is_idle(nginx, one)
        or (one.block is stale.block and shown and _is_earlier(nginx, stale, kept))
        for one in spare
    )
    how = Applicability.AUTOMATIC if sure else Applicability.REVIEW
    return Fix((step, *nginx.taken()), how)


def _unlinked(nginx: Nginx, found: Rivals) -> Command | None:
    """The link taken away through which the file is read a second time."""
    files = [nginx.file(one.block) for one in (found.loser, found.winner)]
    for one, other in (files, files[::-1]):
        if one is None or other is None or not one.real or one.path == other.path:
            continue
        if one.real == (other.real or other.path):
            return Command(("rm", one.path), undo=("ln", "-s", one.real, one.path))
    return None


def _put_aside(nginx: Nginx, path: str, spare: list[Server]) -> Command | None:
    """A file that its name calls a backup goes to where nothing reads it, as it is."""
    file, config = nginx.config.file(path) if nginx.config else None, nginx.config
    if file is None or config is None or file.real or not site_files.is_aside(path):
        return None
    folder, name = posixpath.split(path)
    new = posixpath.join(posixpath.dirname(folder), name)
    others = [one for one in config.main for one in wire.walk((one,)) if one.file == path]
    inside = {id(each) for one in spare for each in wire.walk((one.block,))}
    patterns = wire.includes(wire.parse(file.text, path), folder)
    read = any(site_files.fits(new, one) for one in site_files.patterns(config))
    if read or patterns or any(id(one) not in inside for one in others):
        return None
    return Command(("mv", "-n", path, new), undo=("mv", "-n", new, path))


def _is_idle(nginx: Nginx, stale: Server) -> bool:
    """Whether nginx makes no use of a block: an earlier one has all of its names on all of its
    sockets, and says for these whatever it says."""
    every = nginx.servers
    before = every[: next(at for at, one in enumerate(every) if one.block is stale.block)]
    return any(set(stale.names) <= set(one.names) and _options(stale, one) for one in before)


def _options(stale: Server, kept: Server) -> bool:
    """Whether a block's sockets keep all their properties without it."""
    said = {(one.address, one.port): _words(one) for one in kept.listens}
    return all(
        not one.default and _words(one) <= said.get((one.address, one.port), set())
        for one in stale.listens
    )


def _words(one: Listen) -> set[str]:
    return {"listen", *(one.directive.args[1:] if one.directive else ())}


def _is_earlier(nginx: Nginx, stale: Server, kept: Server) -> bool:
    """Whether all that a block says the one that is kept says too, but for the certificate: then
    it is an earlier state of the same. Who asks by no name must not be sent elsewhere."""
    if not _options(stale, kept) or not _said(stale.block) <= _said(kept.block):
        return False
    for port in {one.port for one in stale.listens}:
        for socket in nginx.listening(port):
            nexts = [one.block for one in socket.servers if one.block is not stale.block]
            if socket.default.block is stale.block and nexts[0] is not kept.block:
                return False
    return True


def _said(block: Directive, within: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    """Every directive of a block with the heads of the blocks around it."""
    said: set[tuple[str, ...]] = set()
    for one in block.block or ():
        if one.name not in {"ssl_certificate", "ssl_certificate_key"}:
            head = (one.name, *one.args)
            said.add((*within, *head))
            said |= _said(one, (*within, *head, "{"))
    return said


def _is_spare(nginx: Nginx, stale: Server) -> bool:
    """Whether a block of another file, or an earlier one, has every name and every socket of it:
    else it would be missed somewhere."""
    return any(
        other.block is not stale.block
        and (other.block.file != stale.block.file or other.block.start < stale.block.start)
        and set(stale.names) <= set(other.names)
        and _sockets(stale) <= _sockets(other)
        for other in nginx.servers
    )


def _sockets(server: Server) -> set[tuple[str, int]]:
    return {(one.address, one.port) for one in server.listens}


def _without(nginx: Nginx, path: str, spare: list[Server]) -> Edit | None:
    """Without the block, and without what else in its file is as spare: a copy is rarely one of a
    single block."""
    file = nginx.config.file(path) if nginx.config else None
    return nginx.edit(path, *(_cut(file.text, one.block) for one in spare)) if file else None


def _cut(text: str, block: Directive) -> Change:
    """Whole lines, if nothing else stands on them."""
    start, stop = text.rfind("\n", 0, block.start) + 1, block.stop
    end = text.find("\n", stop) + 1 or len(text)
    alone = not text[start : block.start].strip() and not text[stop:end].strip()
    return Change(start, end, "") if alone else Change(block.start, stop, "")
