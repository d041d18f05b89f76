"""Checks of the layer `nginx`, and what they share with those of the applications behind it:
which block and location answer the target, and the commands that make nginx take a change.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping

from diagnose.model import (
    Claim,
    Command,
    Edit,
    Evidence,
    Fix,
    Host,
    Location,
    Observation,
    Subject,
    Vantage,
)
from diagnose.model.dns import Resolution
from diagnose.model.files import NginxStart
from diagnose.model.frozen import frozen
from diagnose.model.http import Upgrade
from diagnose.model.kernel import Boot
from diagnose.model.logs import LogLine
from diagnose.model.nginx import (
    CertificateFile,
    ConfigFile,
    Directive,
    KeyFile,
    NginxBuild,
    NginxConfig,
    NginxProcess,
    NginxState,
    NginxTest,
    TestMessage,
)
from diagnose.model.server import Listeners
from diagnose.model.tls import Certificate, Handshake
from diagnose.parsers.http import proxy_page
from diagnose.parsers.linux.mounts import hides
from diagnose.parsers.nginx import config as wire
from diagnose.parsers.nginx import edits, server_blocks
from diagnose.parsers.nginx.edits import Change, changed, diff
from diagnose.parsers.nginx.server_blocks import How, Place, Server, Socket

#: Where a shell finds programs by their bare name.
_PATH = {"/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin"}

#: What `Connection` is to be set from (nginx.org, "WebSocket proxying").
MAP = ("map $http_upgrade $connection_upgrade {", "    default upgrade;", "    ''      close;", "}")

#: How nginx -t says that a key is not the first certificate's (X509_check_private_key(3)).
MISMATCH = r'SSL_CTX_use_PrivateKey(?:_file)?\("([^"]+)"\) failed .*key (?:values|type) mismatch'

#: What follows where nginx cannot load a certificate or its key: it goes on with the old ones.
KEEPS_THE_OLD = ("nginx.reload-failed", "nginx.reload-needed", "certificate.renewed-not-loaded")

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
        return server_blocks.servers(self.config.main) if self.config else ()

    @property
    def master(self) -> NginxProcess | None:
        """The master that runs on this machine itself."""
        masters = self.state.masters if self.state else ()
        return next((one for one in masters if not one.foreign), None)

    def listening(self, port: int) -> tuple[Socket, ...]:
        return server_blocks.sockets(self.servers, port)

    def answering(self) -> tuple[Answering, ...]:
        """What answers the target's name on the target's port, on every address that visitors
        may reach."""
        target = self.evidence.target
        addresses = [a for seen in self.evidence.good(Resolution) for a in seen.addresses]
        found = server_blocks.reachable(self.listening(target.port), addresses)
        return tuple(Answering(one, *server_blocks.choose(one, target.host)) for one in found)

    def places(self, path: str) -> Iterator[Place]:
        """The locations that answer a path; the same one for several sockets once."""
        met: set[int] = set()
        for one in self.answering():
            place = server_blocks.find(one.server, path)
            if id(place.location) not in met:
                met.add(id(place.location))
                yield place

    # What nginx -t says

    def refused(self, pattern: str) -> tuple[TestMessage, re.Match[str]] | None:
        """What stops nginx, if it is of that kind; patterns match at the beginning."""
        said = self.test.fatal if self.test and not self.test.passed else None
        found = re.match(pattern, said.text) if said else None
        return (said, found) if said and found else None

    def said(
        self, pattern: str
    ) -> tuple[TestMessage, re.Match[str], tuple[Observation, ...]] | None:
        """What stops nginx, by its test; or, as the test is made by another user and outside of
        the service, by what nginx said when it was last started or reloaded in vain."""
        if refused := self.refused(pattern):
            return *refused, (self.test,) if self.test else ()
        for said, seen in self._in_vain():
            if found := re.match(pattern, said.text):
                return said, found, (seen,)
        return None

    def _in_vain(self) -> Iterator[tuple[TestMessage, Observation]]:
        """The last message of a start or a reload that failed. The log's counts for a running
        master only if it is its own and later than what it loaded; for one that does not run, if
        nothing was written after it."""
        port = self.evidence.target.port
        if not self.master and any(one.on(port) for one in self.evidence.good(Listeners)):
            return  # another program's by now
        for start in () if self.master else self.evidence.good(NginxStart):
            said = [one for one in start.messages if one.level == "emerg"]
            yield from ((one, start) for one in said[-1:])
        lines = sorted(self.evidence.of(LogLine), key=lambda one: one.when)
        emerg = [one for one in lines if one.level == "emerg"]
        if master := self.master:
            since = int(master.loaded or 0.0)
            emerg = [one for one in emerg if one.pid == master.pid and one.when >= since]
        elif emerg and any(one.when > emerg[-1].when for one in lines):
            return
        if emerg and self.state:
            yield TestMessage("emerg", emerg[-1].text), emerg[-1]

    def complaint(
        self,
        said: TestMessage,
        about: str,
        facts: Mapping[str, object],
        fix: Fix,
        shown: Directive | None = None,
        seen: Iterable[Observation] = (),
    ) -> Claim:
        """A claim that explains a refusal. `running` says whether an nginx goes on with what it
        loaded before, so that nobody sees it yet."""
        location = self.location(shown) if shown else None
        if location is None and said.file and said.line and self.config:
            file = self.config.file(said.file)
            location = wire.spot(file, said.line) if file else None
        looked = (self.test, self.config, *seen)
        return Claim(
            about=Subject(text=about),
            because=tuple(one for one in looked if one is not None),
            facts={
                "message": said.text,
                "place": f"{said.file}:{said.line}" if said.file else "",
                "running": bool(self.master),
                **({"place": where(shown)} if shown else {}),
                **facts,
            },
            location=location,
            fix=fix,
        )

    def at(self, file: str | None, line: int | None, name: str) -> Directive | None:
        """The directive of that name at a place that nginx names: it names the line on which a
        directive ends."""
        for one in wire.walk(self.config.main if self.config else ()):
            text = self.file(one)
            if one.name == name and one.file == file and text and line is not None:
                last = one.line + text.text.count("\n", one.start, one.opened or one.stop)
                if one.line <= line <= last:
                    return one
        return None

    # Certificates and keys

    def path(self, written: str) -> str:
        """A path as nginx takes it: from the folder of the main configuration file."""
        folder = posixpath.dirname(self.config.path) if self.config else ""
        return posixpath.join(folder, written)

    def certificates(self, server: Server) -> tuple[CertificateFile, ...]:
        """The files of a block's certificates, as far as they were looked at."""
        wanted = {self.path(one) for one in server_blocks.files(server, "ssl_certificate")}
        return tuple(one for one in self.evidence.of(CertificateFile) if one.path in wanted)

    def keys(self, server: Server) -> tuple[KeyFile, ...]:
        wanted = {self.path(one) for one in server_blocks.files(server, "ssl_certificate_key")}
        return tuple(one for one in self.evidence.of(KeyFile) if one.path in wanted)

    def naming(self, name: str, path: str) -> tuple[Server, Directive] | None:
        """The first block in which a directive names a file."""
        for server in self.servers:
            for one in server_blocks.Place((server.http, server.block)).all(name):
                if one.args and self.path(one.args[0]) == path:
                    return server, one
        return None

    def partners(self, wanted: str, given: str, path: str) -> dict[str, str]:
        """What the blocks that name a file (by `given`) name beside it (by `wanted`): the paths,
        and how they are written ("" where that needs quotes). nginx pairs them in order."""
        found: dict[str, str] = {}
        for server in self.servers:
            place = Place((server.http, server.block))
            for one, other in zip(place.all(given), place.all(wanted), strict=False):
                if one.args and other.args and self.path(one.args[0]) == path:
                    plain = re.fullmatch(r"[\w./@+~-]+", other.args[0])
                    found.setdefault(self.path(other.args[0]), other.args[0] if plain else "")
        return found

    def pairing(self, name: str, path: str) -> tuple[Edit, ...]:
        """In the place of a certificate or key that will not do, that which the other blocks have
        beside its partner, where all of them have the same."""
        other = {"ssl_certificate": "ssl_certificate_key"}.get(name, "ssl_certificate")
        right: dict[str, str] = {}
        for partner in self.partners(other, name, path):
            right |= self.partners(name, other, partner)
        right.pop(path, None)
        if len(right) != 1 or not all(right.values()):
            return ()
        line = f"{name} {next(iter(right.values()))};"
        changes: dict[str, dict[int, Change]] = {}
        for one in wire.walk(self.config.main if self.config else ()):
            if one.name == name and one.args and self.path(one.args[0]) == path:
                changes.setdefault(one.file, {})[one.start] = edits.instead(one, line)
        return self.edited({file: list(some.values()) for file, some in changes.items()})

    # What to do

    @property
    def _argv(self) -> tuple[str, ...]:
        binary = self.build.binary if self.build else "nginx"
        bare = posixpath.dirname(binary) in _PATH
        options = self.master.arguments if self.master else ()
        return (posixpath.basename(binary) if bare else binary, *options)

    @property
    def start(self) -> NginxStart | None:
        """What is known of the service that would start it, where it does not run."""
        return None if self.master else next(iter(self.evidence.good(NginxStart)), None)

    @property
    def unit(self) -> str:
        """What systemd calls the service of this nginx ("nginx", "openresty"); "" where there is
        none, or somebody started it past its service, who does not know it then."""
        hosts = [one for one in self.evidence.good(Host) if one.vantage is Vantage.SERVER]
        if not hosts or hosts[0].manager != "systemd":
            return ""
        if self.master:
            return _unit_of(self.evidence, self.master, self._argv[0] == "nginx")
        if self.start and self.start.state:
            return self.start.unit.removesuffix(".service")
        return "nginx" if self._argv[0] == "nginx" else ""

    def hides(self, path: str) -> str:
        """The folder in which the running nginx sees other files than we do, if the path lies in
        one (systemd.exec(5), PrivateTmp=, ProtectHome=)."""
        return hides(self.master.private, path) if self.master and path else ""

    def tested(self) -> Command:
        return Command((*self._argv, "-t"))

    def reloaded(self) -> Command:
        if self.unit:
            return Command(("systemctl", "reload", self.unit))
        return Command((*self._argv, "-s", "reload"))

    def started(self) -> tuple[Command, ...]:
        """By its service. One that systemd takes for running, as where nginx was killed and its
        script of System V had ended well, has to be started anew; and one that was started in vain
        too often only after that is forgotten (systemd.unit(5), StartLimitBurst=)."""
        if not self.unit:
            return (Command(self._argv, undo=(*self._argv, "-s", "stop")),)
        start = self.start
        runs = start is not None and start.state in {"active", "reloading", "activating"}
        verb = "restart" if runs else "start"
        change = Command(("systemctl", verb, self.unit), undo=("systemctl", "stop", self.unit))
        forgotten = Command(("systemctl", "reset-failed", self.unit))
        limited = start is not None and (start.limited or start.result == "start-limit-hit")
        return (forgotten, change) if limited else (change,)

    def restarted(self) -> tuple[Command, ...]:
        """Ended and begun anew, where a reload does not do."""
        if self.unit:
            return (Command(("systemctl", "restart", self.unit)),)
        return (Command((*self._argv, "-s", "stop")), *self.started())

    def taken(self) -> tuple[Command, ...]:
        """Test a change, then have it taken up."""
        running = self.master or self.state is None
        return (self.tested(), *((self.reloaded(),) if running else self.started()))

    # Where it stands

    def file(self, directive: Directive) -> ConfigFile | None:
        return self.config.file(directive.file) if self.config else None

    def location(self, directive: Directive) -> Location | None:
        file = self.file(directive)
        return wire.place(file, directive) if file else None

    def edit(self, path: str, *changes: Change) -> Edit | None:
        """A change to one of the files, None where it would change nothing. Behind a link it is
        one to the file itself: patch(1) refuses links."""
        file = self.config.file(path) if self.config else None
        if file is None:
            return None
        text = diff(file.real or path, file.text, changed(file.text, *changes))
        return Edit(file.real or path, text) if text else None

    # WebSockets

    def losing_upgrades(self) -> Iterator[tuple[Place, list[str]]]:
        """The proxied locations that do not pass an upgrade on, with the paths at which that
        shows."""
        found: dict[int, tuple[Place, list[str]]] = {}
        for path in paths(self.evidence):
            for place in self.places(path):
                if _loses(self.evidence, place, path):
                    found.setdefault(id(place.location), (place, []))[1].append(path)
        yield from found.values()

    def speak_1_1(self, place: Place, changes: dict[str, list[Change]]) -> list[str]:
        """The line for proxy_http_version, if it is needed (the default is 1.1 since 1.29.7);
        where the location has one of its own, a change to that instead."""
        line, given = "proxy_http_version 1.1;", place.one("proxy_http_version")
        if given is None:
            known = wire.number(self.build.version) if self.build else None
            return [] if known and known >= (1, 29, 7) else [line]
        if given.args[:1] != ("1.0",):
            return []
        if given in server_blocks.children(place.location, given.name):
            changes.setdefault(given.file, []).append(edits.instead(given, line))
            return []
        return [line]

    def insert(self, place: Place, lines: list[str], changes: dict[str, list[Change]]) -> None:
        """Lines behind proxy_pass; where that is written elsewhere, at the location's beginning."""
        location, passed = place.location, server_blocks.passed(place)
        file = self.file(location)
        if file is None or not lines:
            return
        anchor = passed if passed in (location.block or ()) else None
        if anchor and anchor.file == location.file and anchor.end == ";":
            change = edits.after(file.text, anchor, lines)
        else:
            change = edits.first(file.text, location, lines)
        changes.setdefault(location.file, []).append(change)

    def edited(self, changes: dict[str, list[Change]]) -> tuple[Edit, ...]:
        return tuple(edit for path, some in changes.items() if (edit := self.edit(path, *some)))


@frozen
class Handshakes:
    """A path's WebSocket handshakes: through the front door, and with the application itself, in
    HTTP/1.0 (`old`), at the path as visitors ask for it, where nginx passes on another (`whole`),
    and likewise with the visitor's name in the Host field (`named`)."""

    front: tuple[Upgrade, ...]
    direct: tuple[Upgrade, ...]
    old: tuple[Upgrade, ...]
    whole: tuple[Upgrade, ...] = ()
    named: tuple[Upgrade, ...] = ()

    @classmethod
    def at(cls, evidence: Evidence, path: str) -> "Handshakes":
        seen = [one for one in evidence.of(Upgrade) if one.path == path]
        usual = [one for one in seen if one.variant == "normal"]
        return cls(
            tuple(one for one in usual if one.through == "front"),
            tuple(one for one in usual if one.through == "application"),
            tuple(one for one in seen if one.variant == "http-1.0"),
            tuple(one for one in seen if one.variant == "whole-path"),
            tuple(one for one in seen if one.variant == "visitor-host"),
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
    def elsewhere(self) -> bool:
        """The application refuses the handshake as nginx would pass it on, and takes it as the
        visitor asks for it."""
        return self.refused and any(one.accepted for one in (*self.whole, *self.named))

    @property
    def proxy_breaks_it(self) -> bool:
        """It is taken directly, and in front refused by what is neither a redirect nor a rule.
        An application may say 401 or 403 to what came without its Upgrade; a proxy's own page of
        that kind is a rule."""
        broken = [one for one in self.front if one.status and not 300 <= one.status < 400]
        refused = [one for one in broken if one.status not in {429, 502, 503, 504}]
        ruled = [one for one in refused if one.status in {401, 403} and proxy_page(one.body)]
        return self.taken and len(ruled) < len(refused) and not self.works


#: Services that are nginx's by their names, where systemd itself was not asked about them.
_SERVICES = {"nginx.service", "openresty.service", "tengine.service"}


def _unit_of(evidence: Evidence, master: NginxProcess, packaged: bool) -> str:
    """The service of a master that runs: the one in whose control group it is, if that is its own.
    What sshd, cron or rc.local started is in theirs."""
    name = master.unit or ("nginx.service" if packaged else "")
    asked = next((one for one in evidence.good(Boot) if one.service == name), None)
    if asked and asked.manager == "systemd":
        active = asked.running and not asked.by_hand
        own = active and asked.main_pid in {0, master.pid}
        own = own and (asked.reloads or not master.unit)
    else:
        own = name in _SERVICES
    return name.removesuffix(".service") if own else ""


def _loses(evidence: Evidence, place: Place, path: str) -> bool:
    seen = Handshakes.at(evidence, path)
    if (
        server_blocks.passed(place) is None
        or all(server_blocks.upgrade_passed(place))
        or seen.works
    ):
        return False
    if seen.proxy_breaks_it or seen.elsewhere:
        return True
    # Where it was asked for, the configuration alone is enough: without Upgrade no application
    # can tell. Unless it refuses the handshake itself; then nobody knows what belongs there.
    return path in evidence.target.websockets and not seen.refused


def paths(evidence: Evidence) -> tuple[str, ...]:
    """The paths at which a WebSocket is judged: those asked for, and those the configuration
    proxies one at."""
    found = (one.path for one in evidence.of(Upgrade))
    return tuple(dict.fromkeys((*evidence.target.websockets, *found)))


def held_further_down(nginx: Nginx) -> tuple[CertificateFile, int] | None:
    """Where nginx -t found that a key is not the first certificate's: the file in which it is
    another's, and the index of that."""
    refused = nginx.refused(MISMATCH)
    named = nginx.naming("ssl_certificate_key", refused[1][1]) if refused else None
    if refused is None or named is None:
        return None
    keys = [one for one in nginx.keys(named[0]) if one.path == refused[1][1]]
    for file in nginx.certificates(named[0]):
        if index := held_behind(file, keys):
            return file, index
    return None


def held_behind(file: CertificateFile, keys: Iterable[KeyFile]) -> int:
    """The index of the certificate in a file to which one of the keys belongs, where that is not
    the first and none belongs to the first; else 0."""
    publics = {one.public for one in keys} - {""}
    if not file.publics or file.publics[0] in publics:
        return 0
    return next((at for at, public in enumerate(file.publics) if public in publics), 0)


def works(nginx: Nginx) -> bool:
    """Whether a visitor's handshake on the target's port succeeded."""
    seen = (one for one in nginx.evidence.of(Handshake) if one.port == nginx.evidence.target.port)
    return any(one.as_a_visitor and one.chain and not one.failure for one in seen)


def own_certificate(nginx: Nginx, server: Server, file: CertificateFile) -> Certificate:
    """The site's own certificate in a file: the first, unless the block's keys say otherwise."""
    index = held_behind(file, nginx.keys(server)) if len(file.publics) == len(file.chain) else 0
    return file.chain[index]


def where(directive: Directive) -> str:
    """file:line, as nginx writes it."""
    return f"{directive.file}:{directive.line}"
