"""No block on the port bears the name, so the default one answers. That alone is no fault: a
single block answers whatever it is called. It is one where visitors get what is not theirs: a
certificate for other names, a refused handshake, a closed connection. And where the default block
is the site's own, only called otherwise, its certificate is the fault and not its name."""

import difflib
import re
from collections.abc import Iterator

from checks.nginx import Answering, Nginx, where
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
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.server import Listeners
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake
from diagnose.parsers.hostnames import covers, is_address
from diagnose.parsers.nginx.edits import Change
from diagnose.parsers.nginx.server_blocks import Server, children, files

#: How much two names must have in common (0 to 1) for one to be the other mistyped.
ALIKE = 0.85


@frozen
class Mistyped:
    """A server_name that was meant for the host: the word, and the directive it stands in."""

    word: str
    directive: Directive


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    explains=[
        "certificate.*",
        "tls.name-rejected",
        "tls.closed",
        "http.server-error",
        "http.redirect-wrong-host",
        "http.redirect-loop",
        "http.redirect-downgrade",
        "http.hsts-traps-visitors",
        # What the block that answers instead does with the site's paths.
        "websocket.*",
        "upstream.*",
    ],
)
def no_matching_server(evidence: Evidence) -> Iterator[Claim]:
    nginx, target = Nginx.of(evidence), evidence.target
    found = [one for one in nginx.answering() if one.how == "default"]
    seen = symptoms(evidence, found)
    if not found or not seen or is_address(target.host):
        return
    default = found[0].server
    mistyped = _mistyped(nginx, found, target.host)
    if _is_own(found[0], mistyped, _elsewhere(nginx, target.host)):
        return
    yield Claim(
        about=Subject(port=target.port, text=f"server_name {target.host}"),
        because=(*seen, *([nginx.config] if nginx.config else [])),
        facts={
            "name": target.host,
            "port": target.port,
            "default": where(default.block),
            "default_names": default.names or ("-",),
            "mistyped": mistyped.word if mistyped else "",
            "place": where(mistyped.directive) if mistyped else "",
            "elsewhere": _elsewhere(nginx, target.host),
        },
        confidence=Confidence.CERTAIN
        if len(found) == len(nginx.answering())
        else Confidence.LIKELY,
        location=nginx.location(mistyped.directive if mistyped else default.block),
        fix=_fix(nginx, mistyped, target.host),
    )


def nobody_listens(nginx: Nginx) -> tuple[Observation, ...]:
    """What shows that nothing listens on the target's port; nothing where that was not seen."""
    port = nginx.evidence.target.port
    seen = [one for one in nginx.evidence.good(Listeners) if not one.on(port)]
    tried = [
        one
        for one in nginx.evidence.of(Connection)
        if one.port == port and one.failure and one.failure.kind == "refused"
    ]
    return (*seen, *tried) if seen else ()


def symptoms(evidence: Evidence, found: list[Answering]) -> tuple[Observation, ...]:
    """What shows that the default block is not meant for the name."""
    host, port = evidence.target.host, evidence.target.port
    wrong: list[Observation] = []
    for one in evidence.of(Handshake):
        if one.port != port or one.variant not in {"normal", "unverified", "again"}:
            continue
        foreign = one.chain and not covers(
            host, one.chain[0].dns_names or (one.chain[0].common_name,), one.chain[0].addresses
        )
        if foreign or (one.alert and one.alert.code == 112):
            wrong.append(one)
    if any(_hangs_up(one.server) for one in found):
        wrong += [
            one
            for one in evidence.of(Exchange)
            if one.port == port and one.status is None and one.failure
        ]
    return tuple(wrong)


def _hangs_up(server: Server) -> bool:
    """`return 444` closes the connection without an answer."""
    blocks = (server.block, *children(server.block, "location"))
    return any(one.args[:1] == ("444",) for block in blocks for one in children(block, "return"))


def _is_own(one: Answering, mistyped: Mistyped | None, elsewhere: str) -> bool:
    """Whether the default block may well be the site's own: the slip is in its own name, or it
    is alone there, has no name but "_", and no other block is named as the site."""
    default = one.server
    if mistyped:
        return mistyped.directive in children(default.block, "server_name")
    rejects = any(one.args == ("on",) for one in children(default.block, "ssl_reject_handshake"))
    if elsewhere or rejects or _hangs_up(default) or len(one.socket.servers) > 1:
        return False
    return not any("." in name.strip(".") for name in default.names)


def _mistyped(nginx: Nginx, found: list[Answering], host: str) -> Mistyped | None:
    """The name on this port that is nearly the host's, or is it in another spelling."""
    best, nearest = ALIKE, None
    on_port = {id(server.block): server for one in found for server in one.socket.servers}
    for server in on_port.values():
        for directive in children(server.block, "server_name"):
            for word in directive.args:
                likeness = 1.0 if _ascii(word) == host else _likeness(word, host)
                if likeness >= best and nginx.file(directive):
                    best, nearest = likeness, Mistyped(word, directive)
    return nearest


def _is_meant(nginx: Nginx, mistyped: Mistyped, host: str) -> bool:
    """Whether it is a slip and not another site's name (of api1 and api2 neither is one): the
    host's site stands elsewhere by its right name, no other block bears this one, and the block's
    certificate lies under the host's name or, where it was read, is for the host alone."""
    word = mistyped.word.lower()
    bearing = [server for server in nginx.servers if word in server.names]
    if len(bearing) != 1 or not _elsewhere(nginx, host):
        return False
    leaves = [file.chain[0] for file in nginx.certificates(bearing[0]) if file.chain]
    if leaves:
        return all(
            covers(host, one.dns_names, one.addresses)
            and not covers(word, one.dns_names, one.addresses)
            for one in leaves
        )
    paths = files(bearing[0], "ssl_certificate")
    parts = {part for path in paths for part in re.split(r"/|\.(?:pem|crt|cer)$", path)}
    return host in parts and not any(word in path for path in paths)


def _likeness(word: str, host: str) -> float:
    if word.startswith(("~", "*", ".")) or word.endswith("*"):
        return 0.0
    # www.example.com and example.com are two names, and neither is the other mistyped.
    if word.removeprefix("www.") == host.removeprefix("www."):
        return 0.0
    return difflib.SequenceMatcher(None, word.lower(), host, autojunk=False).ratio()


def _ascii(word: str) -> str:
    """The name as clients send it (RFC 5891)."""
    try:
        return "" if word.isascii() else word.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


def _elsewhere(nginx: Nginx, host: str) -> str:
    """Where a block bears the name, on other ports only."""
    named = (one for one in nginx.servers if host in one.names)
    return next((where(one.block) for one in named), "")


def _fix(nginx: Nginx, mistyped: Mistyped | None, host: str) -> Fix:
    edit = None
    if mistyped and (file := nginx.file(mistyped.directive)):
        at = file.text.find(mistyped.word, mistyped.directive.start, mistyped.directive.stop)
        if at >= 0:
            change = Change(at, at + len(mistyped.word), host)
            edit = nginx.edit(mistyped.directive.file, change)
    if edit and mistyped:
        sure = _ascii(mistyped.word) == host or _is_meant(nginx, mistyped, host)
        how = Applicability.AUTOMATIC if sure else Applicability.REVIEW
        return Fix((edit, *nginx.taken()), how)
    step = "listen-there" if _elsewhere(nginx, host) else "add-the-name"
    return Fix((Manual(step, Where.SERVER), *nginx.taken()), Applicability.MANUAL)
