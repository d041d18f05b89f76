"""Checks of the layer `nginx`, and what they share with the checks of the applications behind it.

`Nginx` is the view of what was observed: the server blocks and locations that respond for the
target. `_errors`, `_certificates`, `_edits`, `_location_edits`, `_commands` and `_websockets` hold
the functions that take it.
"""

import posixpath
from collections.abc import Iterator

from diagnose.model import Evidence, Location, Subject
from diagnose.model.dns import Resolution
from diagnose.model.files import NginxStart
from diagnose.model.frozen import frozen
from diagnose.model.nginx import (
    ConfigFile,
    Directive,
    InnerNginx,
    NginxBuild,
    NginxConfig,
    NginxProcess,
    NginxState,
    NginxTest,
)
from diagnose.model.server import Listeners
from diagnose.parsers.linux.mounts import hiding_folder
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.locations import LocationMatch, select_location
from diagnose.parsers.nginx.server_blocks import MatchKind, Server, Socket

#: A subject without a port. It covers no symptom of visitors: what it is about harms none of them.
NO_PORT = Subject(port=0)


@frozen
class SelectedServer:
    """The server block that responds to the target's name on one socket."""

    socket: Socket
    server: Server
    name_match: MatchKind


@frozen
class Nginx:
    """nginx as far as it was observed."""

    evidence: Evidence
    config: NginxConfig | None
    build: NginxBuild | None
    test: NginxTest | None
    state: NginxState | None

    @classmethod
    def of(cls, evidence: Evidence) -> "Nginx":
        """Return the view. The configuration of an nginx that another server has replaced is left
        out: nobody reads it."""
        state = next(iter(evidence.good(NginxState)), None)
        replaced = not (state and state.own_masters) and _is_replaced(evidence)
        return cls(
            evidence,
            None if replaced else next(iter(evidence.good(NginxConfig)), None),
            next(iter(evidence.good(NginxBuild)), None),
            None if replaced else next(iter(evidence.good(NginxTest)), None),
            state,
        )

    @property
    def configs(self) -> tuple[NginxConfig, ...]:
        """The configuration, as a part of the evidence of a claim: one, or none."""
        return () if self.config is None else (self.config,)

    @property
    def servers(self) -> tuple[Server, ...]:
        return server_blocks.servers(self.config.main) if self.config else ()

    @property
    def master(self) -> NginxProcess | None:
        """The master process that runs on this machine itself, not in a container."""
        return next(iter(self.state.own_masters if self.state else ()), None)

    @property
    def start_folder(self) -> str:
        """The folder at which relative paths begin, "" if it is not known."""
        # Imported late: a healthy site needs no path of a file.
        from diagnose.parsers.nginx import file_paths

        master = self.master
        return file_paths.start_folder(self.build, master.arguments if master else ())

    @property
    def start(self) -> NginxStart | None:
        """What is known of the service that would start nginx; None if nginx runs."""
        return None if self.master else next(iter(self.evidence.good(NginxStart)), None)

    def listen_sockets(self, port: int) -> tuple[Socket, ...]:
        return server_blocks.sockets(self.servers, port)

    def reachable_sockets(self, port: int) -> tuple[Socket, ...]:
        """Return the sockets on a port that visitors of the target may reach."""
        addresses = [
            address
            for resolution in self.evidence.good(Resolution)
            for address in resolution.addresses
        ]
        return server_blocks.reachable_sockets(self.listen_sockets(port), addresses)

    def selected_servers(self, port: int | None = None) -> tuple[SelectedServer, ...]:
        """Return the server blocks that respond to the target's name on a port (the target's, if
        none is given), on every address that visitors may reach."""
        target = self.evidence.target
        return tuple(
            SelectedServer(socket, *server_blocks.select_server(socket, target.host))
            for socket in self.reachable_sockets(port or target.port)
        )

    @property
    def inner(self) -> InnerNginx | None:
        """Where nginx gets the target's requests from the server that has the port, or from a block
        of its own; None if it has the port itself and fails there, or if nobody asks for more."""
        return next(iter(self.evidence.good(InnerNginx)), None)

    def answering_servers(self) -> tuple[SelectedServer, ...]:
        """Return the server blocks that get the target's requests: on its port, or behind the
        server or the block that has the port."""
        inner, own = self.inner, self.selected_servers()
        if inner is None or self.config is None or (own and not inner.is_own_block):
            return own
        pairs = server_blocks.servers_behind(
            self.config.main, inner.address, inner.port, inner.host
        )
        return tuple(
            SelectedServer(socket, server, server_blocks.select_server(socket, inner.host)[1])
            for socket, server in pairs
        )

    @property
    def server_on_other_address(self) -> Server | None:
        """The block of `server_on_other_address_of` on the target's port."""
        return self.server_on_other_address_of(self.evidence.target.port)

    def server_on_other_address_of(self, port: int) -> Server | None:
        """Return the server block that has the target's name on a port, but not on the address
        where another block responds; None if there is none."""
        if all(selected.name_match != "default" for selected in self.selected_servers(port)):
            return None
        matches = (
            server_blocks.select_server(socket, self.evidence.target.host)
            for socket in self.listen_sockets(port)
        )
        return next((server for server, kind in matches if kind != "default"), None)

    @property
    def is_refused(self) -> bool:
        """Whether nothing runs, because nginx refuses the configuration on disk. What its blocks
        say then is no visitor's answer, and a misplaced brace may have moved them."""
        runs = self.state is None or bool(self.state.masters)
        return self.test is not None and not self.test.passed and not runs

    @property
    def is_idle(self) -> bool:
        """Whether no nginx runs, and another program has the target's port: what the blocks say is
        no visitor's answer. The files may be left from former times."""
        if self.state is None or self.state.masters:
            return False
        port = self.evidence.target.port
        holders = [
            listener.process
            for listeners in self.evidence.good(Listeners)
            for listener in listeners.on(port)
        ]
        return bool(holders) and all(holder and holder != "nginx" for holder in holders)

    def location_matches(self, path: str) -> Iterator[LocationMatch]:
        """Yield the locations that respond to a path, each only once for all sockets; none if the
        configuration is refused, or if nothing runs by it."""
        if self.is_refused or self.is_idle:
            return
        location_ids: set[int] = set()
        for selected_server in self.answering_servers():
            location_match = select_location(selected_server.server, path)
            if id(location_match.block) not in location_ids:
                location_ids.add(id(location_match.block))
                yield location_match

    def file(self, directive: Directive) -> ConfigFile | None:
        return self.config.file(directive.file) if self.config else None

    def location(self, directive: Directive) -> Location | None:
        file = self.file(directive)
        return nginx_parser.directive_location(file, directive) if file else None

    def resolve_path(self, path: str) -> str:
        """Return the absolute path: nginx resolves paths from the folder of the main configuration
        file."""
        folder = posixpath.dirname(self.config.path) if self.config else ""
        return posixpath.join(folder, path)

    def private_folder(self, path: str) -> str:
        """Return the folder that contains the path and in which the running nginx sees other files;
        "" if none.

        systemd.exec(5), PrivateTmp=, ProtectHome=.
        """
        return hiding_folder(self.master.private, path) if self.master and path else ""


def _is_replaced(evidence: Evidence) -> bool:
    """Return whether another web server has the target's port and a site with its name."""
    if not any(observation.layer == "server" for observation in evidence.observations):
        return False
    from checks.server import server_view
    from diagnose.parsers.web_sites import has_name

    view, target = server_view(evidence), evidence.target
    return (
        view is not None
        and target.port in view.server.ports
        and any(has_name(site, target.host) for site in view.answering_sites)
    )


def file_line(directive: Directive) -> str:
    """Return "file:line", as nginx writes it."""
    return f"{directive.file}:{directive.line}"
