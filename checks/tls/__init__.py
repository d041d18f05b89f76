"""Checks of the layer `tls`, and what they share: which fault a failed handshake is.

Each failed visit is exactly one of them, so that no two checks of this layer speak of the same
handshake. A certificate that does not verify is none: the layer `certificate` says why.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Location,
    Manual,
    Severity,
    Subject,
    Where,
    endpoints,
    together,
)
from diagnose.model.frozen import frozen
from diagnose.model.tls import Handshake

if TYPE_CHECKING:
    from checks.nginx import Nginx
    from diagnose.model.nginx import Directive
    from diagnose.parsers.nginx.edits import Change
    from diagnose.parsers.nginx.server_blocks import Server

#: Alerts (RFC 8446 section 6.2) that say one thing only.
_SPEAKING = {
    70: "no-shared-protocol",
    112: "name-rejected",
    116: "client-certificate-required",
}

#: What a server says that wanted a client certificate and got none (41: SSL 3.0).
_UNCERTIFIED = {40, 41, 42, 43, 46, 48, 49}

#: What a visit offers up to TLS 1.2 (OpenSSL's DEFAULT at security level 2), by IANA's names.
OFFERED = frozenset(
    f"TLS_{exchange}_WITH_{cipher}"
    for exchange, ciphers in (
        (
            "ECDHE_ECDSA ECDHE_RSA DHE_RSA",
            "AES_128_GCM_SHA256 AES_256_GCM_SHA384 CHACHA20_POLY1305_SHA256 AES_128_CBC_SHA "
            "AES_256_CBC_SHA AES_128_CBC_SHA256",
        ),
        ("ECDHE_ECDSA ECDHE_RSA", "AES_256_CBC_SHA384"),
        ("DHE_RSA RSA", "AES_256_CBC_SHA256"),
        (
            "RSA",
            "AES_128_GCM_SHA256 AES_256_GCM_SHA384 AES_128_CBC_SHA AES_256_CBC_SHA "
            "AES_128_CBC_SHA256",
        ),
    )
    for exchange in exchange.split()
    for cipher in ciphers.split()
)

_MUTE = {"reset": "reset", "closed": "closed", "timeout": "stalled"}

#: OpenSSL's words for a server that answered in a version which was not offered.
_FOREIGN_VERSION = {"UNSUPPORTED_PROTOCOL", "WRONG_SSL_VERSION", "UNKNOWN_PROTOCOL"}


@frozen
class Failed:
    """The visits that failed in one way, and the comparisons made for them."""

    visits: tuple[Handshake, ...]
    controls: tuple[Handshake, ...]

    def control(self, *variants: str) -> Handshake | None:
        """The first comparison of these variants that went well."""
        return next(
            (one for one in self.controls if one.variant in variants and not one.failure), None
        )

    @property
    def subjects(self) -> tuple[Subject, ...]:
        return endpoints((one.address for one in self.visits), self.visits[0].port)

    @property
    def about(self) -> Subject:
        return together(self.subjects)

    @property
    def because(self) -> tuple[Handshake, ...]:
        return self.visits + self.controls

    @property
    def facts(self) -> dict[str, Any]:
        """What every text of this layer may name."""
        alert = self.visits[0].alert
        return {
            "addresses": tuple(dict.fromkeys(one.address for one in self.visits)),
            "port": self.visits[0].port,
            "name": self.visits[0].server_name or self.visits[0].address,
            "message": self.visits[0].failure.message if self.visits[0].failure else "",
            "alert": f"{alert.code} {alert.name}" if alert else "",
        }

    @property
    def shares_a_cipher(self) -> bool:
        """Whether, of all suites, the server chose one that had been offered to it before: then
        it is not the suites that it refused."""
        taken = self.control("any-cipher")
        return taken is not None and taken.cipher in OFFERED

    @property
    def sometimes(self) -> bool:
        """Whether the same attempt, made once more, went well on every address."""
        well = {one.address for one in self.controls if one.variant == "again" and _open(one)}
        return all(one.address in well for one in self.visits)

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.sometimes else Severity.ERROR

    @property
    def passing_name(self) -> str | None:
        """The name with which, instead of the host's own, the handshake goes well: "" for none
        at all; None where neither does."""
        other = self.control("other-sni", "no-sni")
        return None if other is None else other.server_name or ""


def failed(evidence: Evidence, fault: str) -> Iterator[Failed]:
    """The visits that are this fault, those of one kind and code together."""
    groups: dict[tuple[str, int | None], list[Handshake]] = {}
    for seen in evidence.of(Handshake):
        if seen.variant == "normal" and seen.failure and seen.failure.kind != "certificate":
            groups.setdefault((seen.failure.kind, seen.failure.code), []).append(seen)
    for visits in groups.values():
        places = {one.address for one in visits}
        controls = [
            one
            for one in evidence.of(Handshake)
            if one.variant not in {"normal", "unverified"} and one.address in places
        ]
        together = Failed(tuple(visits), tuple(controls))
        if fault_of(together) == fault:
            yield together


def mute(evidence: Evidence, fault: str) -> Iterator[Claim]:
    """What is said of a server that gives no TLS answer at all, in whichever way it does so."""
    for one in failed(evidence, fault):
        yield Claim(
            about=one.about,
            covers=one.subjects,
            because=one.because,
            severity=one.severity,
            facts={
                **one.facts,
                "sometimes": one.sometimes,
                "by_name": not one.sometimes and one.passing_name is not None,
                "bytes": max(seen.bytes_received for seen in one.visits),
            },
            fix=Fix((Manual("look-inside", Where.SERVER),), Applicability.MANUAL),
        )


def fault_of(failed: Failed) -> str:
    """Which check's fault it is; "handshake-failed" where the evidence does not decide."""
    failure, alert = failed.visits[0].failure, failed.visits[0].alert
    assert failure is not None
    if spoken := _spoken(failed):
        return spoken
    if failure.kind in _MUTE:
        return _MUTE[failure.kind]
    if alert and failed.visits[0].wants_client_certificate and alert.code in _UNCERTIFIED:
        return "client-certificate-required"
    if alert and alert.code in _SPEAKING:
        return _SPEAKING[alert.code]
    if failed.control("old") or failure.name in _FOREIGN_VERSION:
        return "no-shared-protocol"
    if alert and failed.passing_name is not None:
        return "name-rejected"
    if failure.kind == "protocol" and alert is None:
        return "refused-here"
    if failed.control("lenient") and failed.shares_a_cipher:
        return "refused-here"
    if alert and alert.code in {40, 71} and not failed.shares_a_cipher:
        return "no-shared-cipher"
    return "handshake-failed"


def confidence(proven: object) -> Confidence:
    return Confidence.CERTAIN if proven else Confidence.LIKELY


def is_http(received: str) -> bool:
    """Whether text is the beginning of an HTTP answer, or of the bare page with which servers
    answer what they take for HTTP/0.9."""
    begins = received.lstrip("\ufffd ").lower()
    return begins.startswith(("http/1.", "<html", "<!doctype html", "<head"))


def _spoken(failed: Failed) -> str:
    """What the other end speaks, if it is not TLS.

    In answer to a plain request also a TLS port may speak HTTP, to say that it wants TLS: nginx
    with status 400. Only another status shows that it speaks nothing else.
    """
    received = next((one.received for one in failed.visits if one.received), "")
    if received:
        return "plain-http" if is_http(received) else "not-tls"
    plain = failed.control("plain")
    if plain is None or not plain.received:
        return ""
    if not is_http(plain.received):
        return "not-tls"
    return "" if plain.received.split(" ")[1:2] == ["400"] else "plain-http"


def _open(seen: Handshake) -> bool:
    """Whether TLS was reached, whatever the certificate."""
    return seen.failure is None or seen.failure.kind == "certificate"


# What nginx is told of TLS


@frozen
class Setting:
    """A directive as a server block has it: `line` is the one in force, None where it is nginx's
    own default that counts. `own` says that it stands in that block and nobody else reads it."""

    server: "Server"
    line: "Directive | None"
    own: bool

    @property
    def args(self) -> tuple[str, ...]:
        return self.line.args if self.line else ()


@frozen
class Settings:
    """A directive for the target on the server: of the blocks that answer its name, or, for what
    is agreed upon before the name is known, of the default blocks of their sockets. `theirs` says
    that one of these is another site's."""

    nginx: "Nginx"
    found: tuple[Setting, ...]
    theirs: bool = False

    @property
    def place(self) -> str:
        """file:line of the first, "" where there is none."""
        line = next((one.line for one in self.found if one.line), None)
        return f"{line.file}:{line.line}" if line else ""

    @property
    def location(self) -> Location | None:
        line = next((one.line for one in self.found if one.line), None)
        return self.nginx.location(line) if line else None

    def alone(self, changed: Iterable[Setting]) -> bool:
        """Whether a change of these is one to the target's own block and to nothing else."""
        return not self.theirs and all(one.own or _outside(one) for one in changed)

    def steps(self, lines: Iterable[tuple[Setting, str]]) -> tuple[Edit | Command, ...]:
        """The edits that put these lines in force, and what makes nginx take them; () where
        nothing can be changed. What a block inherits stays as it is for the others: the block
        gets a line of its own."""
        changes: dict[str, dict[tuple[int, str], Change]] = {}
        for one, text in lines:
            if made := _change(self.nginx, one, text):
                file, change = made
                changes.setdefault(file, {})[change.start, change.text] = change
        edited = self.nginx.edited({file: [*some.values()] for file, some in changes.items()})
        return (*edited, *self.nginx.taken()) if edited else ()


def settings(evidence: Evidence, name: str, early: bool = False) -> Settings | None:
    """A directive as it counts for the target; `early` for what OpenSSL decides before it looks
    at the name ("Virtual server selection", nginx.org). None where nginx was not seen."""
    from checks.nginx import Nginx
    from diagnose.parsers.nginx.server_blocks import Place

    nginx = Nginx.of(evidence)
    answering = nginx.answering()
    if not answering:
        return None
    blocks = {
        id(server.block): server
        for one in answering
        for server in ((one.socket.default, one.server) if early else (one.server,))
    }
    found = [
        Setting(server, line, _own(nginx, server, line))
        for server in blocks.values()
        for line in (Place((server.http, server.block)).one(name),)
    ]
    theirs = early and any(one.socket.default.block is not one.server.block for one in answering)
    return Settings(nginx, tuple(found), theirs)


def value(args: tuple[str, ...], keep: Callable[[str], bool], more: Iterable[str]) -> str:
    """A list of words as a directive has it, without some, and with others at its end."""
    left = [arg for arg in args if keep(arg)]
    return " ".join((*left, *(one for one in more if one not in left)))


def _own(nginx: "Nginx", server: "Server", line: "Directive | None") -> bool:
    if line is None or line not in (server.block.block or ()):
        return False
    readers = [
        one
        for other in nginx.servers
        for one in other.block.block or ()
        if (one.file, one.start, one.name) == (line.file, line.start, line.name)
    ]
    return len(readers) == 1


def _outside(one: Setting) -> bool:
    """Whether the block has no such line, neither in itself nor in a file that it includes."""
    return one.line is None or one.line not in (one.server.block.block or ())


def _change(nginx: "Nginx", one: Setting, text: str) -> "tuple[str, Change] | None":
    from diagnose.parsers.nginx import edits

    if one.line is not None and not _outside(one):
        return one.line.file, edits.instead(one.line, text)
    block = one.server.block
    file = nginx.file(block)
    if file is None:
        return None
    anchors = [
        each
        for each in block.block or ()
        if each.file == block.file and each.end == ";" and each.name in _ANCHORS
    ]
    if anchors:
        return block.file, edits.after(file.text, anchors[-1], [text])
    return block.file, edits.first(file.text, block, [text])


#: Behind the last of these a line about TLS is at home.
_ANCHORS = {"listen", "server_name", "ssl_certificate", "ssl_certificate_key", "ssl_protocols"}
