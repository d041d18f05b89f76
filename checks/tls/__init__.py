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
    merge_subjects,
)
from diagnose.model.frozen import frozen
from diagnose.model.tls import Handshake

if TYPE_CHECKING:
    from checks.nginx import Nginx
    from diagnose.model.nginx import Directive
    from diagnose.parsers.nginx.edits import TextEdit
    from diagnose.parsers.nginx.server_blocks import Server

#: Alerts (RFC 8446 section 6.2) that say one thing only.
_DECISIVE_ALERTS = {
    70: "no-shared-protocol",
    112: "name-rejected",
    116: "client-certificate-required",
}

#: What a server says that wanted a client certificate and got none (41: SSL 3.0).
_CERTIFICATE_ALERTS = {40, 41, 42, 43, 46, 48, 49}

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

_NO_REPLY = {"reset": "reset", "closed": "closed", "timeout": "stalled"}

#: OpenSSL's words for a server that answered in a version which was not offered.
_FOREIGN_VERSION = {"UNSUPPORTED_PROTOCOL", "WRONG_SSL_VERSION", "UNKNOWN_PROTOCOL"}


@frozen
class FailureGroup:
    """The visits that failed in one way, and the comparisons made for them."""

    visits: tuple[Handshake, ...]
    controls: tuple[Handshake, ...]

    def control(self, *variants: str) -> Handshake | None:
        """The first comparison of these variants that went well."""
        return next(
            (
                handshake
                for handshake in self.controls
                if handshake.variant in variants and not handshake.failure
            ),
            None,
        )

    @property
    def subjects(self) -> tuple[Subject, ...]:
        return endpoints((visit.address for visit in self.visits), self.visits[0].port)

    @property
    def subject(self) -> Subject:
        return merge_subjects(self.subjects)

    @property
    def handshakes(self) -> tuple[Handshake, ...]:
        return self.visits + self.controls

    @property
    def facts(self) -> dict[str, Any]:
        """What every text of this layer may name."""
        alert = self.visits[0].alert
        return {
            "addresses": tuple(dict.fromkeys(visit.address for visit in self.visits)),
            "port": self.visits[0].port,
            "name": self.visits[0].server_name or self.visits[0].address,
            "message": self.visits[0].failure.message if self.visits[0].failure else "",
            "alert": f"{alert.code} {alert.name}" if alert else "",
        }

    @property
    def shares_a_cipher(self) -> bool:
        """Whether, of all suites, the server chose one that had been offered to it before: then
        it is not the suites that it refused."""
        control = self.control("any-cipher")
        return control is not None and control.cipher in OFFERED

    @property
    def is_intermittent(self) -> bool:
        """Whether the same attempt, made once more, went well on every address."""
        good_addresses = {
            handshake.address
            for handshake in self.controls
            if handshake.variant == "again" and _is_tls_reached(handshake)
        }
        return all(visit.address in good_addresses for visit in self.visits)

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.is_intermittent else Severity.ERROR

    @property
    def passing_name(self) -> str | None:
        """The name with which, instead of the host's own, the handshake goes well: "" for none
        at all; None where neither does."""
        control = self.control("other-sni", "no-sni")
        return None if control is None else control.server_name or ""


def failure_groups(evidence: Evidence, fault: str) -> Iterator[FailureGroup]:
    """The visits that are this fault, those of one kind and code together."""
    groups: dict[tuple[str, int | None], list[Handshake]] = {}
    for handshake in evidence.of(Handshake):
        if (
            handshake.variant == "normal"
            and handshake.failure
            and handshake.failure.kind != "certificate"
        ):
            groups.setdefault((handshake.failure.kind, handshake.failure.code), []).append(
                handshake
            )
    for visits in groups.values():
        addresses = {visit.address for visit in visits}
        controls = [
            handshake
            for handshake in evidence.of(Handshake)
            if handshake.variant not in {"normal", "unverified"} and handshake.address in addresses
        ]
        group = FailureGroup(tuple(visits), tuple(controls))
        if fault_of(group) == fault:
            yield group


def no_reply_claims(evidence: Evidence, fault: str) -> Iterator[Claim]:
    """What is said of a server that gives no TLS answer at all, in whichever way it does so."""
    for group in failure_groups(evidence, fault):
        yield Claim(
            about=group.subject,
            covers=group.subjects,
            because=group.handshakes,
            severity=group.severity,
            facts={
                **group.facts,
                "sometimes": group.is_intermittent,
                "by_name": not group.is_intermittent and group.passing_name is not None,
                "bytes": max(visit.bytes_received for visit in group.visits),
            },
            fix=Fix((Manual("look-inside", Where.SERVER),), Applicability.MANUAL),
        )


def fault_of(group: FailureGroup) -> str:
    """Which check's fault it is; "handshake-failed" where the evidence does not decide."""
    failure, alert = group.visits[0].failure, group.visits[0].alert
    assert failure is not None
    if fault := _non_tls_fault(group):
        return fault
    if failure.kind in _NO_REPLY:
        return _NO_REPLY[failure.kind]
    if alert and group.visits[0].wants_client_certificate and alert.code in _CERTIFICATE_ALERTS:
        return "client-certificate-required"
    if alert and alert.code in _DECISIVE_ALERTS:
        return _DECISIVE_ALERTS[alert.code]
    if group.control("old") or failure.name in _FOREIGN_VERSION:
        return "no-shared-protocol"
    if alert and group.passing_name is not None:
        return "name-rejected"
    if failure.kind == "protocol" and alert is None:
        return "refused-here"
    if group.control("lenient") and group.shares_a_cipher:
        return "refused-here"
    if alert and alert.code in {40, 71} and not group.shares_a_cipher:
        return "no-shared-cipher"
    return "handshake-failed"


def confidence(proven: object) -> Confidence:
    return Confidence.CERTAIN if proven else Confidence.LIKELY


def is_http(received: str) -> bool:
    """Whether text is the beginning of an HTTP answer, or of the bare page with which servers
    answer what they take for HTTP/0.9."""
    begins = received.lstrip("\ufffd ").lower()
    return begins.startswith(("http/1.", "<html", "<!doctype html", "<head"))


def _non_tls_fault(group: FailureGroup) -> str:
    """What the other end speaks, if it is not TLS.

    In answer to a plain request also a TLS port may speak HTTP, to say that it wants TLS: nginx
    with status 400. Only another status shows that it speaks nothing else.
    """
    received = next((visit.received for visit in group.visits if visit.received), "")
    if received:
        return "plain-http" if is_http(received) else "not-tls"
    plain = group.control("plain")
    if plain is None or not plain.received:
        return ""
    if not is_http(plain.received):
        return "not-tls"
    return "" if plain.received.split(" ")[1:2] == ["400"] else "plain-http"


def _is_tls_reached(handshake: Handshake) -> bool:
    """Whether TLS was reached, whatever the certificate."""
    return handshake.failure is None or handshake.failure.kind == "certificate"


# What nginx is told of TLS


@frozen
class Setting:
    """A directive as a server block has it: `line` is the one in force, None where it is nginx's
    own default that counts. `own` says that it stands in that block and nobody else reads it."""

    server: "Server"
    directive: "Directive | None"
    own: bool

    @property
    def args(self) -> tuple[str, ...]:
        return self.directive.args if self.directive else ()


@frozen
class TargetSettings:
    """A directive for the target on the server: of the blocks that answer its name, or, for what
    is agreed upon before the name is known, of the default blocks of their sockets. `theirs` says
    that one of these is another site's."""

    nginx: "Nginx"
    settings: tuple[Setting, ...]
    affects_other_sites: bool = False

    @property
    def file_line(self) -> str:
        """file:line of the first, "" where there is none."""
        directive = next(
            (setting.directive for setting in self.settings if setting.directive), None
        )
        return f"{directive.file}:{directive.line}" if directive else ""

    @property
    def location(self) -> Location | None:
        directive = next(
            (setting.directive for setting in self.settings if setting.directive), None
        )
        return self.nginx.location(directive) if directive else None

    def is_confined(self, changed_settings: Iterable[Setting]) -> bool:
        """Whether a change of these is one to the target's own block and to nothing else."""
        return not self.affects_other_sites and all(
            setting.own or _is_inherited(setting) for setting in changed_settings
        )

    def steps(self, lines: Iterable[tuple[Setting, str]]) -> tuple[Edit | Command, ...]:
        """The edits that put these lines in force, and what makes nginx take them; () where
        nothing can be changed. What a block inherits stays as it is for the others: the block
        gets a line of its own."""
        changes: dict[str, dict[tuple[int, str], TextEdit]] = {}
        for setting, text in lines:
            if file_change := _setting_change(self.nginx, setting, text):
                file, change = file_change
                changes.setdefault(file, {})[change.start, change.text] = change
        edited = self.nginx.file_edits(
            {file: [*file_changes.values()] for file, file_changes in changes.items()}
        )
        return (*edited, *self.nginx.reload_steps()) if edited else ()


def target_settings(evidence: Evidence, name: str, early: bool = False) -> TargetSettings | None:
    """A directive as it counts for the target; `early` for what OpenSSL decides before it looks
    at the name ("Virtual server selection", nginx.org). None where nginx was not seen."""
    from checks.nginx import Nginx
    from diagnose.parsers.nginx.server_blocks import LocationMatch

    nginx = Nginx.of(evidence)
    selections = nginx.selected_servers()
    if not selections:
        return None
    blocks = {
        id(server.block): server
        for selection in selections
        for server in (
            (selection.socket.default, selection.server) if early else (selection.server,)
        )
    }
    server_settings = [
        Setting(server, directive, _is_own(nginx, server, directive))
        for server in blocks.values()
        for directive in (LocationMatch((server.http, server.block)).directive(name),)
    ]
    affects_other_sites = early and any(
        selection.socket.default.block is not selection.server.block for selection in selections
    )
    return TargetSettings(nginx, tuple(server_settings), affects_other_sites)


def joined_args(
    args: tuple[str, ...], keep: Callable[[str], bool], additions: Iterable[str]
) -> str:
    """A list of words as a directive has it, without some, and with others at its end."""
    kept_args = [arg for arg in args if keep(arg)]
    return " ".join((*kept_args, *(arg for arg in additions if arg not in kept_args)))


def _is_own(nginx: "Nginx", server: "Server", directive: "Directive | None") -> bool:
    if directive is None or directive not in (server.block.block or ()):
        return False
    readers = [
        reader
        for other_server in nginx.servers
        for reader in other_server.block.block or ()
        if (reader.file, reader.start, reader.name)
        == (directive.file, directive.start, directive.name)
    ]
    return len(readers) == 1


def _is_inherited(setting: Setting) -> bool:
    """Whether the block has no such line, neither in itself nor in a file that it includes."""
    return setting.directive is None or setting.directive not in (setting.server.block.block or ())


def _setting_change(nginx: "Nginx", setting: Setting, text: str) -> "tuple[str, TextEdit] | None":
    from diagnose.parsers.nginx import edits

    if setting.directive is not None and not _is_inherited(setting):
        return setting.directive.file, edits.replace_directive(setting.directive, text)
    block = setting.server.block
    file = nginx.file(block)
    if file is None:
        return None
    anchors = [
        directive
        for directive in block.block or ()
        if directive.file == block.file and directive.end == ";" and directive.name in _ANCHORS
    ]
    if anchors:
        return block.file, edits.insert_after(file.text, anchors[-1], [text])
    return block.file, edits.insert_first(file.text, block, [text])


#: Behind the last of these a line about TLS is at home.
_ANCHORS = {"listen", "server_name", "ssl_certificate", "ssl_certificate_key", "ssl_protocols"}
