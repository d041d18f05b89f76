"""A handshake that a probe attempts: what is observed of it, and the equivalent command."""

import shlex
from dataclasses import replace

from diagnose.model.frozen import frozen
from diagnose.model.tcp import Connection
from diagnose.model.tls import Certificate, Handshake, HandshakeVariant
from diagnose.net.tls import HandshakeResult
from diagnose.parsers import tls as tls_parser
from diagnose.parsers.hostnames import is_address
from diagnose.probes import ProbeContext
from diagnose.processes import parser_process

#: The options of openssl-s_client(1) for each variant.
_OPTIONS = {
    "old": ("-tls1_1", "-cipher", "ALL:@SECLEVEL=0"),
    "any-cipher": ("-tls1_2", "-cipher", "ALL:@SECLEVEL=0"),
    "tls1.2": ("-tls1_2",),
    "p-256": ("-tls1_2", "-groups", "P-256"),
    "small-hello": ("-groups", "X25519"),
    "stapling": ("-tls1_2", "-status"),
    "lenient": ("-legacy_server_connect", "-cipher", "ALL:@SECLEVEL=0"),
    "no-dhe": ("-cipher", "DEFAULT:!kDHE"),
    "http/1.1": ("-alpn", "http/1.1"),
    "h2": ("-alpn", "h2,http/1.1"),
    "browser-key": (
        "-groups",
        "X25519:P-256:P-384",
        "-sigalgs",
        "ECDSA+SHA256:RSA-PSS+SHA256:RSA+SHA256:ECDSA+SHA384:RSA-PSS+SHA384:RSA+SHA384",
    ),
}


@frozen
class Attempt:
    """A handshake with the port of a connection.

    `name` is the SNI, None for none. `at` is in seconds since the start of the run. If `judged` is
    False, it is a comparison, and the verification of its certificate is left out.
    """

    connection: Connection
    variant: HandshakeVariant
    name: str | None
    at: float
    judged: bool = False

    def started(self) -> Handshake:
        """Return the observation of this handshake, without its outcome."""
        return Handshake(
            at=self.at,
            equivalent=self._command(),
            address=self.connection.address,
            port=self.connection.port,
            server_name=self.name,
            variant=self.variant,
        )

    async def completed(self, tls_result: HandshakeResult) -> Handshake:
        """Return the observation of this handshake, with its outcome."""
        is_tls = tls_parser.looks_like_tls(tls_result.first)
        return replace(
            self.started(),
            took=tls_result.took,
            failure=tls_result.failure,
            protocol=tls_result.protocol,
            cipher=tls_result.cipher,
            alpn=tls_result.alpn,
            verify_code=tls_result.verify_code if self.judged else None,
            verify_message=tls_result.verify_message,
            chain=await parse_certificates(tls_result.chain) if tls_result.chain else (),
            alert=tls_result.alert,
            received="" if is_tls else tls_parser.printable(tls_result.first),
            bytes_received=tls_result.received,
            wants_client_certificate=tls_result.wants_client_certificate,
            group=tls_result.group,
        )

    def _command(self) -> str:
        address, port = self.connection.address, self.connection.port
        host = f"[{address}]" if ":" in address else address
        if self.variant == "plain":
            field = f"Host: {self.name}"
            return shlex.join(["curl", "-sS", "-g", "-H", field, f"http://{host}:{port}/"])
        sni = ["-servername", self.name] if self.name else ["-noservername"]
        options = (*sni, *_OPTIONS.get(self.variant, ()), "-showcerts")
        return shlex.join(["openssl", "s_client", "-connect", f"{host}:{port}", *options]) + (
            " </dev/null"
        )


def server_name(ctx: ProbeContext) -> str | None:
    """Return the SNI to send: the host, or None for an address (RFC 6066 section 3)."""
    return None if is_address(ctx.target.host) else ctx.target.host


async def parse_certificates(ders: tuple[bytes, ...]) -> tuple[Certificate, ...]:
    """Parse certificates in the parser process; importing the library takes 20 ms, once."""
    certificates: tuple[Certificate, ...] = await parser_process.call(
        "diagnose.parsers.x509:parse_chain", ders
    )
    return certificates
