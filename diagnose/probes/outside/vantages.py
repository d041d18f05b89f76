"""Probes that visit the target from other machines of the user's (`--vantage ssh://…`).

Nothing is installed there: the name is resolved by getent, and the visit is one of curl, with the
certificate read by openssl. What is missing there is said. The machine's own configuration of curl
and its proxies are left out, and none of the user's header fields are sent: they may be secrets.

Every address is visited that the vantage or this machine knows for the name. A visit that fails or
is answered with an error is made again; after a timeout other ports of the address are tried too,
so that a closed port can be told from a machine or a line that is down.
"""

import asyncio
import shlex
from dataclasses import replace
from typing import Literal
from urllib.parse import urlsplit

from diagnose.machine import Machine
from diagnose.machine.ssh import SshMachine
from diagnose.model import Failure, Unseen, Vantage
from diagnose.model.addresses import bracketed, is_guarded
from diagnose.model.dns import Resolution
from diagnose.model.tls import Certificate
from diagnose.model.vantages import VantagePoint, VantageResolution, VantageVisit
from diagnose.parsers import curl_output
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.request_fields import RequestFields
from diagnose.parsers.sanitize import clean
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.remote_curl import UPGRADE_FIELDS, run_curl
from diagnose.probes.outside.vantage_visits import (
    ADDRESSES,
    CONNECT_SECONDS,
    VISIT_SECONDS,
    CurlVisit,
    own_address,
    parse_addresses,
    s_client_failure,
    served_chain,
    with_curl,
)

#: Seconds for the handshake of a WebSocket: curl waits for frames after an accepted one.
UPGRADE_SECONDS = 4

#: Other ports that most servers have open.
_CONTROL_PORTS = (443, 80, 22)

#: The exit status of getent(1) for a name that its databases do not know.
_NOT_KNOWN = 2

#: The programs of a visit; without the last, the addresses that this machine knows are visited.
_TOOLS = ("curl", "openssl", "getent")

#: Prints those that are there, and the address at which sshd was reached (ssh(1), SSH_CONNECTION).
_TOOLS_SCRIPT = """\
for tool; do command -v "$tool" >/dev/null && echo "$tool"; done
set -- $SSH_CONNECTION; echo "at $3"
"""

_ITSELF = "it is the server itself, and its way to itself is no visitor's"


@probe()
async def ssh(ctx: ProbeContext) -> None:
    """Visit the target from every machine that was named."""
    for url in ctx.options.vantages:
        if url.startswith("ssh://"):
            ctx.start(_visit_from(ctx, url))


async def _visit_from(ctx: ProbeContext, url: str) -> None:
    async with SshMachine(url) as machine:
        await VantageVisitor(ctx, machine, url).visit_all()


class VantageVisitor:
    """The visits from one machine. `curl` and `openssl` are whether it has them."""

    def __init__(self, ctx: ProbeContext, machine: Machine, url: str) -> None:
        self.ctx, self.machine, self.url = ctx, machine, url
        self.curl = self.openssl = False

    async def visit_all(self) -> None:
        """Emit what the machine has, the addresses that it knows, and a visit to each."""
        point = await self._point()
        addresses = () if point.failure else await self._addresses()
        if self._is_server(point, addresses):
            point = replace(point, failure=Failure("other", _ITSELF))
        self.ctx.emit(point)
        if point.failure:
            return
        self._emit_missing_programs()
        await asyncio.gather(*(self._visit_address(address) for address in addresses[:ADDRESSES]))

    async def _point(self) -> VantagePoint:
        """Return the machine and its programs, or why it cannot visit anything."""
        at = self.ctx.elapsed()
        result = await self.machine.run("sh", "-c", _TOOLS_SCRIPT, "sh", *_TOOLS)
        lines = result.out.splitlines()
        tools = tuple(name for name in _TOOLS if name in lines)
        self.curl, self.openssl = "curl" in tools, "openssl" in tools
        failure = result.failure
        if failure is None and not self.curl and not (self.openssl and self.ctx.target.uses_tls):
            failure = Failure("missing", "curl is not installed there")
        return VantagePoint(
            vantage=Vantage.ELSEWHERE,
            at=at,
            took=result.took,
            equivalent=self._command_text(("command", "-v", "curl", "openssl", "getent")),
            failure=failure and replace(failure, message=clean(failure.message, 200)),
            place=self.url,
            tools=tools,
            source=own_address(next((line for line in lines if " " in line), "")),
        )

    def _is_server(self, point: VantagePoint, addresses: tuple[str, ...]) -> bool:
        """Return whether the machine is the target's own server: its way to itself is no
        visitor's."""
        host = (urlsplit(self.url).hostname or "").strip("[]")
        return host in {self.ctx.target.host, *addresses} or point.source in addresses

    def _emit_missing_programs(self) -> None:
        if not self.openssl and self.ctx.target.uses_tls:
            self._emit_missing("the certificate", "openssl")
        if not self.curl:
            self._emit_missing("the HTTP answer", "curl")

    def _emit_missing(self, subject: str, program: str) -> None:
        self.ctx.emit(
            Unseen(
                vantage=Vantage.ELSEWHERE,
                at=self.ctx.elapsed(),
                what=f"{subject}, as {self.url} gets it",
                why=f"{program} is not installed there",
            )
        )

    # Names

    async def _addresses(self) -> tuple[str, ...]:
        """Return the addresses to visit: those that the vantage knows, then those known here."""
        options, host = self.ctx.options, self.ctx.target.host
        if options.address or is_address(host):
            return (options.address or host,)
        own = await self._resolve(host)
        known_addresses = tuple(
            address
            for resolution in self.ctx.observed(Resolution)
            for address in resolution.allowed_addresses
        )
        family = options.family
        return tuple(
            address
            for address in dict.fromkeys((*own, *known_addresses))
            if not is_guarded(address) and (not family or (":" in address) == (family == 6))
        )

    async def _resolve(self, host: str) -> tuple[str, ...]:
        at, argv = self.ctx.elapsed(), ("getent", "ahosts", host)
        result = await self.machine.run(*argv, timeout=6.0)
        failure = result.failure
        if failure and failure.kind == "missing":
            self._emit_missing("the addresses of the name", "getent")
            return ()
        if result.status == _NOT_KNOWN:
            failure = Failure("resolution", "the name has no address there", _NOT_KNOWN)
        addresses = parse_addresses(result.out) if failure is None else ()
        self.ctx.emit(
            VantageResolution(
                vantage=Vantage.ELSEWHERE,
                at=at,
                took=result.took,
                equivalent=self._command_text(argv),
                failure=failure,
                place=self.url,
                name=host,
                addresses=addresses,
            )
        )
        return addresses

    # Visits

    async def _visit_address(self, address: str) -> None:
        visit = await self._visit(address, "target")
        if not _is_settled(visit):
            controls = () if visit.connected else _control_ports(self.ctx.target.port)
            repeated_visit, _ = await asyncio.gather(
                self._visit(address, "again"), self._try_controls(address, controls)
            )
            visit = repeated_visit if repeated_visit.status is not None else visit
        if visit.status is not None and self.curl:
            for path in self.ctx.target.websockets:
                await self._upgrade(address, path)

    async def _visit(self, address: str, purpose: Literal["target", "again"]) -> VantageVisit:
        at, target = self.ctx.elapsed(), self.ctx.target
        scheme = "https" if target.uses_tls else "http"
        url = f"{scheme}://{target.authority}{target.path}"
        blank = VantageVisit(
            vantage=Vantage.ELSEWHERE,
            at=at,
            place=self.url,
            address=address,
            port=target.port,
            purpose=purpose,
            anonymous=self.ctx.options.request != RequestFields(),
        )
        if not self.curl:
            return self.ctx.emit(await self._handshake_alone(blank))
        curl = CurlVisit(url, address, target.host, target.port)
        result = await run_curl(self.machine, curl.argv, VISIT_SECONDS + 2.0)
        visit = with_curl(blank, result, target.uses_tls)
        chain = await self._chain(address) if visit.secured and self.openssl else ()
        return self.ctx.emit(replace(visit, chain=chain, equivalent=self._command_text(curl.typed)))

    async def _try_controls(self, address: str, ports: tuple[int, ...]) -> None:
        if self.curl:
            await asyncio.gather(*(self._control(address, port) for port in ports))

    async def _control(self, address: str, port: int) -> None:
        """Connect to another port. curl sends nothing there: telnet waits for the other side."""
        at = self.ctx.elapsed()
        argv = ("curl", "-q", "-sSv", "-o", "/dev/null", "--noproxy", "*", "--connect-timeout", "3",
                "-m", "4", f"telnet://{bracketed(address)}:{port}")  # fmt: skip
        result = await self.machine.run(*argv, timeout=6.0)
        if result.failure and ("not supported" in result.err or "disabled" in result.err):
            return
        attempt = curl_output.parse_attempt(result.err)
        self.ctx.emit(
            VantageVisit(
                vantage=Vantage.ELSEWHERE,
                at=at,
                took=result.took,
                equivalent=self._command_text(argv),
                failure=None if attempt.connected else attempt.failure,
                place=self.url,
                address=address,
                port=port,
                purpose="control",
                connected=attempt.connected,
            )
        )

    async def _upgrade(self, address: str, path: str) -> None:
        """Open a WebSocket with curl, which can send the handshake and not the frames."""
        at, target = self.ctx.elapsed(), self.ctx.target
        scheme = "https" if target.uses_tls else "http"
        fields = (*UPGRADE_FIELDS, f"Origin: {target.origin}")
        curl = CurlVisit(
            f"{scheme}://{target.authority}{path}", address, target.host, target.port, fields
        )
        argv = (*curl.argv[:-1], "--http1.1", "-m", str(UPGRADE_SECONDS), curl.argv[-1])
        result = await run_curl(self.machine, argv, UPGRADE_SECONDS + 3.0)
        blank = VantageVisit(
            vantage=Vantage.ELSEWHERE,
            at=at,
            equivalent=self._command_text(curl.typed),
            place=self.url,
            address=address,
            port=target.port,
            purpose="websocket",
            path=path,
        )
        self.ctx.emit(with_curl(blank, result, target.uses_tls))

    # TLS

    async def _chain(self, address: str) -> tuple[Certificate, ...]:
        """Return the certificate that is served there: openssl prints it."""
        argv = self._s_client(address)
        result = await self.machine.run(*argv, timeout=CONNECT_SECONDS + 2.0)
        return await served_chain(result.out)

    def _s_client(self, address: str) -> tuple[str, ...]:
        target = self.ctx.target
        sni = ("-noservername",) if is_address(target.host) else ("-servername", target.host)
        place = f"{bracketed(address)}:{target.port}"
        return ("openssl", "s_client", "-connect", place, *sni)

    async def _handshake_alone(self, blank: VantageVisit) -> VantageVisit:
        """Without curl, the handshake of openssl shows TCP and TLS."""
        argv = self._s_client(blank.address)
        result = await self.machine.run(*argv, timeout=CONNECT_SECONDS + 2.0)
        chain = await served_chain(result.out)
        connected = "CONNECTED(" in result.out
        failure = None if chain else s_client_failure(result, connected)
        return replace(
            blank,
            took=result.took,
            equivalent=self._command_text(argv),
            failure=failure,
            connected=connected,
            secured=bool(chain),
            chain=chain,
        )

    def _command_text(self, argv: tuple[str, ...]) -> str:
        """Return the command with which a person observes the same. ssh(1) takes the URL, and a URL
        is masked as one."""
        return shlex.join(("ssh", self.url, shlex.join(argv)))


def _is_settled(visit: VantageVisit) -> bool:
    """Whether nothing is gained by another visit."""
    if visit.status is None:
        return visit.failure is None
    return visit.status < 400


def _control_ports(port: int) -> tuple[int, ...]:
    return tuple(control_port for control_port in _CONTROL_PORTS if control_port != port)
