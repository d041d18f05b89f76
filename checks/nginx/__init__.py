"""Checks of the layer `nginx`, and what they share with those of the applications behind it:
which block and location answer the target, and the commands that make nginx take a change.
"""

import posixpath
from collections.abc import Iterator

from diagnose.frozen import frozen
from diagnose.model import Command, Edit, Evidence, Host, Location, Vantage
from diagnose.model.dns import Resolution
from diagnose.model.http import Upgrade
from diagnose.model.nginx import (
    ConfigFile,
    Directive,
    NginxBuild,
    NginxConfig,
    NginxProcess,
    NginxState,
    NginxTest,
)
from diagnose.wire import nginx as wire
from diagnose.wire import serving
from diagnose.wire.edits import Change, changed, diff
from diagnose.wire.serving import How, Place, Server, Socket

#: Where a shell finds programs by their bare name.
_PATH = {"/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin"}

#: What `Connection` is to be set from (nginx.org, "WebSocket proxying").
MAP = ("map $http_upgrade $connection_upgrade {", "    default upgrade;", "    ''      close;", "}")

#: What visitors see of an nginx that does not run.
NOT_THERE = ("listener.missing", "tcp.refused", "http.port-closed")


@frozen
class Answering:
    """What answers the target's name on one of its sockets."""

    socket: Socket
    server: Server
    how: How


@frozen
class Nginx:
    """nginx as far as it was seen."""

    evidence: Evidence
    config: NginxConfig | None
    build: NginxBuild | None
    test: NginxTest | None
    state: NginxState | None

    @classmethod
    def of(cls, evidence: Evidence) -> "Nginx":
        return cls(
            evidence,
            next(iter(evidence.good(NginxConfig)), None),
            next(iter(evidence.good(NginxBuild)), None),
            next(iter(evidence.good(NginxTest)), None),
            next(iter(evidence.good(NginxState)), None),
        )

    @property
    def servers(self) -> tuple[Server, ...]:
        return serving.servers(self.config.main) if self.config else ()

    @property
    def master(self) -> NginxProcess | None:
        """The master that runs on this machine itself."""
        masters = self.state.masters if self.state else ()
        return next((one for one in masters if not one.foreign), None)

    def listening(self, port: int) -> tuple[Socket, ...]:
        return serving.sockets(self.servers, port)

    def answering(self) -> tuple[Answering, ...]:
        """What answers the target's name on the target's port, on every address that visitors
        may reach."""
        target = self.evidence.target
        addresses = [a for seen in self.evidence.good(Resolution) for a in seen.addresses]
        found = serving.reachable(self.listening(target.port), addresses)
        return tuple(Answering(one, *serving.choose(one, target.host)) for one in found)

    def places(self, path: str) -> Iterator[Place]:
        """The locations that answer a path; the same one for several sockets once."""
        met: set[int] = set()
        for one in self.answering():
            place = serving.find(one.server, path)
            if id(place.location) not in met:
                met.add(id(place.location))
                yield place

    # What to do

    @property
    def _argv(self) -> tuple[str, ...]:
        binary = self.build.binary if self.build else "nginx"
        bare = posixpath.dirname(binary) in _PATH
        options = self.master.arguments if self.master else ()
        return (posixpath.basename(binary) if bare else binary, *options)

    @property
    def _by_service(self) -> bool:
        """Whether the service manager's own nginx is meant, and not one that was built beside."""
        hosts = [one for one in self.evidence.good(Host) if one.vantage is Vantage.SERVER]
        return bool(hosts) and hosts[0].manager == "systemd" and self._argv[0] == "nginx"

    def tested(self) -> Command:
        return Command((*self._argv, "-t"))

    def reloaded(self) -> Command:
        if self._by_service:
            return Command(("systemctl", "reload", "nginx"))
        return Command((*self._argv, "-s", "reload"))

    def started(self) -> Command:
        if self._by_service:
            return Command(("systemctl", "start", "nginx"), undo=("systemctl", "stop", "nginx"))
        return Command(self._argv, undo=(*self._argv, "-s", "stop"))

    def taken(self) -> tuple[Command, ...]:
        """Test a change, then have it taken up."""
        running = self.master or self.state is None
        return (self.tested(), self.reloaded() if running else self.started())

    # Where it stands

    def file(self, directive: Directive) -> ConfigFile | None:
        return self.config.file(directive.file) if self.config else None

    def location(self, directive: Directive) -> Location | None:
        file = self.file(directive)
        return wire.place(file, directive) if file else None

    def edit(self, path: str, *changes: Change) -> Edit | None:
        """A change to one of the files, None where it would change nothing."""
        file = self.config.file(path) if self.config else None
        text = file and diff(path, file.text, changed(file.text, *changes))
        return Edit(path, text) if text else None


@frozen
class Handshakes:
    """A path's WebSocket handshakes: through the front door, and with the application itself."""

    front: tuple[Upgrade, ...]
    direct: tuple[Upgrade, ...]
    old: tuple[Upgrade, ...]

    @classmethod
    def at(cls, evidence: Evidence, path: str) -> "Handshakes":
        seen = [one for one in evidence.of(Upgrade) if one.path == path]
        usual = [one for one in seen if one.variant == "normal"]
        return cls(
            tuple(one for one in usual if one.through == "front"),
            tuple(one for one in usual if one.through == "application"),
            tuple(one for one in seen if one.variant == "http-1.0"),
        )

    @property
    def works(self) -> bool:
        return any(one.accepted for one in self.front)

    @property
    def taken(self) -> bool:
        """The application takes the handshake."""
        return any(one.accepted for one in self.direct)

    @property
    def refused(self) -> bool:
        """The application answers the handshake, and refuses it."""
        return not self.taken and any(one.status for one in self.direct)

    @property
    def proxy_breaks_it(self) -> bool:
        """It is taken directly, and in front refused by what is neither a redirect nor a rule."""
        rules = {401, 403, 429, 502, 503, 504}
        broken = [one for one in self.front if one.status and not 300 <= one.status < 400]
        return self.taken and any(one.status not in rules for one in broken) and not self.works


def paths(evidence: Evidence) -> tuple[str, ...]:
    """The paths at which a WebSocket is judged: those asked for, and those the configuration
    proxies one at."""
    found = (one.path for one in evidence.of(Upgrade))
    return tuple(dict.fromkeys((*evidence.target.websockets, *found)))


def where(directive: Directive) -> str:
    """file:line, as nginx writes it."""
    return f"{directive.file}:{directive.line}"
