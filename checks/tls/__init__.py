"""Checks of the layer `tls`, and what they share: which fault a failed handshake has.

Each failed handshake has exactly one fault, so two checks of this layer never report the same
handshake. A certificate that does not verify is none of them: the layer `certificate` reports it.
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

#: Alerts (RFC 8446 section 6.2) with only one meaning.
_DECISIVE_ALERTS = {
    70: "no-shared-protocol",
    112: "name-rejected",
    116: "client-certificate-required",
}

#: Alerts of a server that requires a client certificate and got none (41: SSL 3.0).
_CERTIFICATE_ALERTS = {40, 41, 42, 43, 46, 48, 49}

#: Cipher suites up to TLS 1.2 that a normal handshake offers (OpenSSL's DEFAULT at security level
#: 2), by IANA's names.
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

#: OpenSSL's errors if the server responds in a version that was not offered.
_FOREIGN_VERSION = {"UNSUPPORTED_PROTOCOL", "WRONG_SSL_VERSION", "UNKNOWN_PROTOCOL"}


@frozen
class FailureGroup:
    """The normal handshakes (`visits`) that failed in the same way, and the comparison handshakes
    (`controls`) with the same addresses."""

    visits: tuple[Handshake, ...]
    controls: tuple[Handshake, ...]

    def control(self, *variants: str) -> Handshake | None:
        """Return the first successful comparison handshake of these variants."""
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
        """The facts that all texts of this layer use."""
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
        """Whether the server, when offered all suites, chose one that it had been offered before.
        Then the suites are not the reason."""
        control = self.control("any-cipher")
        return control is not None and control.cipher in OFFERED

    @property
    def is_intermittent(self) -> bool:
        """Whether the same attempt succeeded at every address when it was repeated."""
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
        """The server name that works instead of the host's own: "" for no name; None if no other
        name works either."""
        control = self.control("other-sni", "no-sni")
        return None if control is None else control.server_name or ""


def failure_groups(evidence: Evidence, fault: str) -> Iterator[FailureGroup]:
    """Yield the groups of failed handshakes with this fault, grouped by kind and code of the
    failure."""
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
    """Make claims about a server that gives no TLS response at all: it resets, closes or times
    out."""
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
    """Return the name of the check that reports the group; "handshake-failed" if the evidence does
    not decide."""
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
    """Return whether the text is the beginning of an HTTP response, or of the bare page that
    servers send for HTTP/0.9."""
    begins = received.lstrip("\ufffd ").lower()
    return begins.startswith(("http/1.", "<html", "<!doctype html", "<head"))


def _non_tls_fault(group: FailureGroup) -> str:
    """Return the fault if the other end does not speak TLS, otherwise "".

    A TLS port may also respond to a plain request in HTTP, to say that it requires TLS: nginx does
    so with status 400. Only another status proves that the port speaks plain HTTP.
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
    """Return whether the handshake reached TLS, whatever the certificate."""
    return handshake.failure is None or handshake.failure.kind == "certificate"


# nginx's TLS settings


@frozen
class Setting:
    """A directive as it applies to one server block.

    `directive` is None if nginx's default applies. `own` means that the directive is in this block
    and no other block reads it.
    """

    server: "Server"
    directive: "Directive | None"
    own: bool

    @property
    def args(self) -> tuple[str, ...]:
        return self.directive.args if self.directive else ()


@frozen
class TargetSettings:
    """A directive as it applies to the target on the server: one setting for each block that
    responds to the name.

    For settings that apply before the name is known, these include the default blocks of the
    sockets. `affects_other_sites` means that one of them is another site's.
    """

    nginx: "Nginx"
    settings: tuple[Setting, ...]
    affects_other_sites: bool = False

    @property
    def file_line(self) -> str:
        """The first setting as "file:line"; "" if there is none."""
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
        """Return whether a change of these settings affects only the target's own block."""
        return not self.affects_other_sites and all(
            setting.own or _is_inherited(setting) for setting in changed_settings
        )

    def steps(self, lines: Iterable[tuple[Setting, str]]) -> tuple[Edit | Command, ...]:
        """Return the edits that set these lines, and the commands that reload nginx; empty if
        nothing can be changed.

        An inherited directive stays as it is for other blocks, and the target's block gets a line
        of its own.
        """
        from checks.nginx._commands import reload_steps
        from checks.nginx._edits import config_edits

        changes: dict[str, dict[tuple[int, str], TextEdit]] = {}
        for setting, text in lines:
            if file_change := _setting_change(self.nginx, setting, text):
                file, change = file_change
                changes.setdefault(file, {})[change.start, change.text] = change
        edited = config_edits(
            self.nginx, {file: [*file_changes.values()] for file, file_changes in changes.items()}
        )
        return (*edited, *reload_steps(self.nginx)) if edited else ()


def target_settings(evidence: Evidence, name: str, early: bool = False) -> TargetSettings | None:
    """Return a directive as it applies to the target, or None if nginx was not observed.

    Use `early` for settings that OpenSSL applies before it knows the name ("Virtual server
    selection", nginx.org).
    """
    from checks.nginx import Nginx

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
        for directive in (server.directive(name),)
    ]
    affects_other_sites = early and any(
        selection.socket.default.block is not selection.server.block for selection in selections
    )
    return TargetSettings(nginx, tuple(server_settings), affects_other_sites)


def joined_args(
    args: tuple[str, ...], keep: Callable[[str], bool], additions: Iterable[str]
) -> str:
    """Return a directive's arguments as text, without those that `keep` rejects and with
    `additions` at the end."""
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
    """Return whether the block has no such line, neither itself nor in a file that it includes."""
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


#: A new TLS line is inserted after the last of these.
_ANCHORS = {"listen", "server_name", "ssl_certificate", "ssl_certificate_key", "ssl_protocols"}
