"""Nothing listens on the port: it is not in the complete list of listening sockets, so the kernel
replies to a SYN with a reset (RFC 9293 section 3.10.7.1). Or nginx listens there for HTTP/3 alone,
over UDP. Behind a CDN the port is closed to the CDN alone, which says so."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from checks.firewall import CLOSED_PORT
from checks.http._fronts import cdn_visits
from checks.listener import listeners_on, target_answers, target_connections
from checks.listener._inner_ports import passed_port
from checks.listener._other_addresses import (
    NO_SITE_PROGRAMS,
    WELCOME_FOLDERS,
    OtherAddress,
    address,
    has_no_web_server,
    only_other_address,
    other_address,
    site_programs,
)
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    ServedAddress,
    Severity,
    Subject,
    Target,
    Where,
)
from diagnose.model.addresses import is_loopback
from diagnose.model.kernel import KernelDrop
from diagnose.model.nginx import Directive, NginxConfig, NginxState
from diagnose.model.server import Listener, Listeners, PassedPort

if TYPE_CHECKING:
    from checks.nginx._tls_blocks import TlsBlock
    from checks.nginx._unheard_blocks import UnheardBlock
    from diagnose.parsers.nginx.server_blocks import Server


#: Where a web server passes requests on to the port, no `listen` of its own belongs there.
START_APPLICATION = Fix((Manual("start-application", Where.SERVER),), Applicability.MANUAL)


@check(
    severity=Severity.ERROR,
    needs=[Listeners],
    explains=[
        "tcp.refused",
        "http.cdn-error",
        "http.port-closed",
        "dns.dead-address",
        "dns.dead-ipv6",
    ],
    # A firewall correctly closes a port on which nothing is set up to listen.
    excuses=CLOSED_PORT,
)
def missing(evidence: Evidence) -> Iterator[Claim]:
    port = evidence.target.port
    listeners = evidence.good(Listeners)
    if not listeners or listeners_on(evidence, port):
        return
    refused = cdn_visits(evidence, "refused", "connect") if target_answers(evidence) else ()
    if (not refused and target_answers(evidence)) or _is_redirected(evidence):
        return
    plain_listeners = listeners_on(evidence, 80)
    connections = target_connections(evidence)
    # Only port 80 is open and nobody tried from outside. A healthy server behind a load balancer
    # that terminates TLS looks the same.
    unsure = not connections and bool(plain_listeners)
    nginx = _NginxListens.of(evidence)
    elsewhere = nginx.tls_port or nginx.plain_port
    other = None if elsewhere or not evidence.target.uses_tls else other_address(evidence)
    several = () if other or not evidence.target.uses_tls else _several_programs(evidence)
    passed = passed_port(evidence)
    drops = [drop for drop in evidence.good(KernelDrop) if drop.reason == "NO_SOCKET"]
    is_asked_here = evidence.target.uses_tls and not (unsure or refused or nginx.quic)
    is_maybe_elsewhere = nginx.tls_port or nginx.site_port or other or several
    built = _built_block(evidence, nginx)
    unheard = None if built or passed else _unheard_block(evidence, nginx)
    block = built or unheard
    ports = (port,) if plain_listeners or port == 80 else (port, 80)
    yield Claim(
        about=Subject(port=port),
        covers=tuple(Subject(port=number) for number in ports),
        because=(*listeners, *connections, *drops, *refused),
        facts={
            "behind": bool(refused),
            "port": port,
            "plain": bool(plain_listeners),
            "unsure": unsure,
            "kernel": drops[0].text if drops else "",
            "name": evidence.target.host,
            "tls": evidence.target.uses_tls,
            "several": several,
            **nginx.facts,
            "unnamed": nginx.runs and _is_unnamed(evidence),
            **_other_facts(evidence, nginx, other),
            **_program_facts(listeners),
            **_passed_facts(passed),
            **_built_facts(built),
            **_unheard_facts(unheard),
            "only": _plain_program(plain_listeners)
            if evidence.target.uses_tls and not nginx.runs and (other is None or other.program)
            else "",
        },
        # The port may be meant, or plain http: then the address lacks it.
        confidence=_confidence(unsure, bool(is_maybe_elsewhere or (refused and plain_listeners))),
        # Which of the programs has the site, if one does, is not known.
        severity=Severity.NOTE if unsure else Severity.WARNING if several else None,
        ruled_out=("listener.loopback-only",),
        fix=START_APPLICATION if passed else block.fix if block else _fix(evidence, nginx),
        served_at=_served_at(evidence, nginx) if is_asked_here else None,
    )


@dataclass(frozen=True, slots=True)
class _NginxListens:
    """Where nginx listens for the target's name.

    A port is 0 where there is none, or where plain http is asked for. `plain_port` has the name in
    plain http alone; `site_port` is the same port, if the block that answers there is the name's.
    """

    runs: bool = False
    quic: tuple[Directive, ...] = ()
    tls_port: int = 0
    plain_port: int = 0
    site_port: int = 0
    block: str = ""

    @classmethod
    def of(cls, evidence: Evidence) -> "_NginxListens":
        if not any(state.masters for state in evidence.good(NginxState)):
            return cls(block=_block(evidence))
        tls_port = _other_port(evidence) if evidence.target.uses_tls else 0
        plain_port = _plain_port(evidence) if evidence.target.uses_tls else 0
        # Where blocks have other names, the default block's pages need not be the site's.
        is_site = plain_port and not _is_left_to_default(evidence, plain_port)
        return cls(
            True,
            _quic_listens(evidence),
            tls_port,
            plain_port,
            plain_port if is_site else 0,
            _block(evidence),
        )

    @property
    def facts(self) -> dict[str, object]:
        return {
            "nginx": self.runs,
            "block": self.block,
            "elsewhere": str(self.tls_port or ""),
            "plain_elsewhere": str(self.site_port or ""),
            "quic": f"{self.quic[0].file}:{self.quic[0].line}" if self.quic else "",
        }


def _other_facts(
    evidence: Evidence, nginx: _NginxListens, other: OtherAddress | None
) -> dict[str, str]:
    """Return the address at which the site may be, and who answers there."""
    return {
        "there": _site_address(evidence.target, nginx.tls_port, nginx.site_port, other),
        "server_elsewhere": other.server if other else "",
        "container_elsewhere": other.container if other else "",
        "program_elsewhere": other.program if other and other.port != 80 else "",
        "other_port": str(other.port) if other else "",
    }


def _program_facts(listeners: Sequence[Listeners]) -> dict[str, object]:
    return {
        "programs": _open_programs(listeners),
        "java": any(_is_java(socket) for listing in listeners for socket in listing.sockets),
    }


def _passed_facts(passed: PassedPort | None) -> dict[str, str]:
    """Return which web server passes requests on to the port, and where it does so."""
    return {
        "passed": passed.url if passed else "",
        "passed_by": passed.server if passed else "",
        "passed_at": f"{passed.file}:{passed.line}" if passed and passed.file else "",
    }


def _built_block(evidence: Evidence, nginx: _NginxListens) -> "TlsBlock | None":
    """Return the block for https that a certificate on the server makes possible."""
    if not nginx.runs or nginx.quic or nginx.tls_port:
        return None
    from checks.nginx import Nginx
    from checks.nginx._tls_blocks import tls_block

    return tls_block(Nginx.of(evidence))


def _unheard_block(evidence: Evidence, nginx: _NginxListens) -> "UnheardBlock | None":
    """Return the site's block that has its certificate, and does not listen."""
    if not nginx.runs or nginx.quic or nginx.tls_port:
        return None
    from checks.nginx import Nginx
    from checks.nginx._unheard_blocks import unheard_block

    return unheard_block(Nginx.of(evidence))


def _built_facts(built: "TlsBlock | None") -> dict[str, str]:
    return {
        "stored": built.pair.path if built else "",
        "plain_block": built.place if built else "",
        "placeholder": built.placeholder if built else "",
    }


def _unheard_facts(unheard: "UnheardBlock | None") -> dict[str, object]:
    return {
        "unheard": unheard.place if unheard else "",
        "commented": unheard is not None and unheard.is_commented,
    }


def _is_redirected(evidence: Evidence) -> bool:
    """Return whether rules of the firewall give another program what comes in."""
    from checks.firewall._nat import is_redirected_away, redirects_for_visitors

    port = evidence.target.port
    return bool(redirects_for_visitors(evidence, port)) or is_redirected_away(evidence, port)


def _several_programs(evidence: Evidence) -> tuple[str, ...]:
    """Return the addresses of the programs that listen for other machines on a server without a web
    server, if there is more than one; () elsewhere."""
    if not evidence.target.is_bare_name or not has_no_web_server(evidence):
        return ()
    ports = [port for (_, port), is_inner in site_programs(evidence).items() if not is_inner]
    urls = [address(evidence.target, port, tls=False) for port in dict.fromkeys(ports)]
    return tuple(urls[:4]) if len(urls) > 1 else ()


def _confidence(unsure: bool, may_be_another_port: bool) -> Confidence:
    """A CDN that connects to port 80 gets a refusal there: by a firewall, say."""
    if unsure:
        return Confidence.POSSIBLE
    return Confidence.LIKELY if may_be_another_port else Confidence.CERTAIN


def _is_java(socket: Listener) -> bool:
    """Return whether a program in Java listens: Tomcat goes on without a connector that fails."""
    return (socket.process or "").startswith(("java", "jsvc"))


def _plain_program(plain_listeners: Sequence[Listener]) -> str:
    """Return the program that alone serves port 80: it may have no TLS, or none switched on."""
    programs = {listener.process for listener in plain_listeners} - NO_SITE_PROGRAMS
    program = programs.pop() if len(programs) == 1 else ""
    return program or ""


def _open_programs(listeners: Sequence[Listeners]) -> tuple[str, ...]:
    """Return the programs that listen for other machines, each with its port: one of them may be
    the site's."""
    programs = dict.fromkeys(
        f"{socket.process} {socket.port}"
        for listing in listeners
        for socket in listing.sockets
        if socket.process
        and socket.process not in NO_SITE_PROGRAMS
        and not is_loopback(socket.address)
    )
    return tuple(programs)[:4]


def _quic_listens(evidence: Evidence) -> tuple[Directive, ...]:
    """Return the `listen … quic` of the name's server block, else of any."""
    from diagnose.parsers.nginx.server_blocks import quic_listens, servers

    blocks = [server for config in evidence.good(NginxConfig) for server in servers(config.main)]
    blocks.sort(key=lambda server: evidence.target.host not in server.names)
    listens = (quic_listens(server.block, evidence.target.port) for server in blocks)
    return next(filter(None, listens), ())


def _fix(evidence: Evidence, nginx: _NginxListens) -> Fix:
    """Add the `listen` for TCP beside that for HTTP/3, which has the same certificate."""
    from checks.nginx import Nginx
    from checks.nginx._commands import reload_steps
    from checks.nginx._edits import config_edit
    from diagnose.parsers.nginx.edits import insert_before

    view = Nginx.of(evidence)
    file = view.file(nginx.quic[0]) if nginx.quic else None
    if file is not None:
        lines = [f"listen {directive.args[0]} ssl;" for directive in nginx.quic]
        edit = config_edit(view, file.path, insert_before(file.text, nginx.quic[0], lines))
        if edit is not None:
            return Fix((edit, *reload_steps(view)))
    return Fix((Manual("listen" if nginx.runs else "start", Where.SERVER),), Applicability.MANUAL)


def _other_port(evidence: Evidence) -> int:
    """Return the port at which nginx serves the target's name with TLS; 0 if there is none."""
    from diagnose.parsers.nginx.other_ports import reachable_tls_port

    mains = (config.main for config in evidence.good(NginxConfig))
    return reachable_tls_port(mains, evidence.good(Listeners), evidence.target.host)


def _plain_port(evidence: Evidence) -> int:
    """Return the port at which nginx serves the target's name in plain http alone; 0 for none."""
    from diagnose.parsers.nginx.other_ports import reachable_plain_port

    mains = [config.main for config in evidence.good(NginxConfig)]
    return reachable_plain_port(mains, evidence.good(Listeners), evidence.target.host)


def _is_unnamed(evidence: Evidence) -> bool:
    """Return whether nginx's configuration was read, and no block has the target's name."""
    from diagnose.parsers.nginx.server_blocks import is_named, servers

    configs = evidence.good(NginxConfig)
    blocks = [server for config in configs for server in servers(config.main)]
    return bool(configs) and not is_named(blocks, evidence.target.host)


def _is_left_to_default(evidence: Evidence, port: int) -> bool:
    """Return whether no block of nginx's has the target's name, and one on the port has another."""
    from diagnose.parsers.nginx.server_blocks import is_named, servers

    blocks = [server for config in evidence.good(NginxConfig) for server in servers(config.main)]
    return not is_named(blocks, evidence.target.host) and _has_other_names(blocks, port)


def _has_other_names(blocks: Sequence["Server"], port: int) -> bool:
    """Return whether a block on the port has the name of a site."""
    return any(
        "." in name
        for server in blocks
        if any(listen.port == port for listen in server.listens)
        for name in server.names
    )


def _served_at(evidence: Evidence, nginx: _NginxListens) -> ServedAddress | None:
    """Return where the site is, if nothing is set up for https on the target's port: nginx has no
    `listen` for that port, and no block of the name leads there."""
    if not nginx.runs:
        return only_other_address(evidence)
    from diagnose.parsers.nginx.other_ports import redirects_to_port
    from diagnose.parsers.nginx.server_blocks import is_named, servers

    target = evidence.target
    blocks = [server for config in evidence.good(NginxConfig) for server in servers(config.main)]
    listens = {listen.port for server in blocks for listen in server.listens}
    if target.port in listens or redirects_to_port(blocks, target.host, target.port):
        return None
    port = nginx.tls_port or nginx.plain_port
    if not port:
        return None
    named = is_named(blocks, target.host)
    if not (named or _has_other_names(blocks, port)) and any(
        directive.name == "root" and directive.args[:1] and directive.args[0] in WELCOME_FOLDERS
        for server in blocks
        for directive in server.block.block or ()
    ):
        return None  # the package's welcome page may be all that is there
    return ServedAddress(address(target, port, bool(nginx.tls_port)), named)


def _site_address(
    target: Target, tls_port: int, plain_port: int, other: OtherAddress | None
) -> str:
    """Return the address at which the site is by a configuration or as a published port, "" if
    none is known."""
    if tls_port or plain_port:
        return address(target, tls_port or plain_port, bool(tls_port))
    return other.url if other else ""


def _block(evidence: Evidence) -> str:
    """Return the file and line of the name's server block; "" if there is none."""
    from diagnose.parsers.nginx.server_blocks import servers

    for config in evidence.good(NginxConfig):
        for server in servers(config.main):
            if evidence.target.host in server.names:
                return f"{server.block.file}:{server.block.line}"
    return ""
