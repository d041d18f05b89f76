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
from diagnose.parsers.linux.mounts import hiding_folder
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.parsers.nginx import edits, server_blocks
from diagnose.parsers.nginx.edits import TextEdit, apply_edits, diff
from diagnose.parsers.nginx.server_blocks import LocationMatch, MatchKind, Server, Socket

#: Where a shell finds programs by their bare name.
_PATH = {"/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin"}

#: What `Connection` is to be set from (nginx.org, "WebSocket proxying").
UPGRADE_MAP = (
    "map $http_upgrade $connection_upgrade {",
    "    default upgrade;",
    "    ''      close;",
    "}",
)

#: How nginx -t says that a key is not the first certificate's (X509_check_private_key(3)).
KEY_MISMATCH = (
    r'SSL_CTX_use_PrivateKey(?:_file)?\("([^"]+)"\) failed .*key (?:values|type) mismatch'
)

#: What follows where nginx cannot load a certificate or its key: it goes on with the old ones.
STALE_CONFIG_SYMPTOMS = (
    "nginx.reload-failed",
    "nginx.reload-needed",
    "certificate.renewed-not-loaded",
)

#: What visitors see of an nginx that does not run.
NOT_RUNNING_SYMPTOMS = ("listener.missing", "tcp.refused", "http.port-closed")


@frozen
class SelectedServer:
    """What answers the target's name on one of its sockets."""

    socket: Socket
    server: Server
    name_match: MatchKind


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
        return next((master for master in masters if not master.foreign), None)

    def listen_sockets(self, port: int) -> tuple[Socket, ...]:
        return server_blocks.sockets(self.servers, port)

    def selected_servers(self) -> tuple[SelectedServer, ...]:
        """What answers the target's name on the target's port, on every address that visitors
        may reach."""
        target = self.evidence.target
        addresses = [
            a for resolution in self.evidence.good(Resolution) for a in resolution.addresses
        ]
        sockets = server_blocks.reachable_sockets(self.listen_sockets(target.port), addresses)
        return tuple(
            SelectedServer(socket, *server_blocks.select_server(socket, target.host))
            for socket in sockets
        )

    def location_matches(self, path: str) -> Iterator[LocationMatch]:
        """The locations that answer a path; the same one for several sockets once."""
        location_ids: set[int] = set()
        for selected_server in self.selected_servers():
            location_match = server_blocks.select_location(selected_server.server, path)
            if id(location_match.block) not in location_ids:
                location_ids.add(id(location_match.block))
                yield location_match

    # What nginx -t says

    def config_error(self, pattern: str) -> tuple[TestMessage, re.Match[str]] | None:
        """What stops nginx, if it is of that kind; patterns match at the beginning."""
        message = self.test.fatal if self.test and not self.test.passed else None
        match = re.match(pattern, message.text) if message else None
        return (message, match) if message and match else None

    def startup_error(
        self, pattern: str
    ) -> tuple[TestMessage, re.Match[str], tuple[Observation, ...]] | None:
        """What stops nginx, by its test; or, as the test is made by another user and outside of
        the service, by what nginx said when it was last started or reloaded in vain."""
        if config_error := self.config_error(pattern):
            return *config_error, (self.test,) if self.test else ()
        for message, observation in self._failed_starts():
            if match := re.match(pattern, message.text):
                return message, match, (observation,)
        return None

    def _failed_starts(self) -> Iterator[tuple[TestMessage, Observation]]:
        """The last message of a start or a reload that failed. The log's counts for a running
        master only if it is its own and later than what it loaded; for one that does not run, if
        nothing was written after it."""
        port = self.evidence.target.port
        if not self.master and any(
            listeners.on(port) for listeners in self.evidence.good(Listeners)
        ):
            return  # another program's by now
        for start in () if self.master else self.evidence.good(NginxStart):
            errors = [message for message in start.messages if message.level == "emerg"]
            yield from ((message, start) for message in errors[-1:])
        lines = sorted(self.evidence.of(LogLine), key=lambda line: line.when)
        emerg = [line for line in lines if line.level == "emerg"]
        if master := self.master:
            since = int(master.loaded or 0.0)
            emerg = [line for line in emerg if line.pid == master.pid and line.when >= since]
        elif emerg and any(line.when > emerg[-1].when for line in lines):
            return
        if emerg and self.state:
            yield TestMessage("emerg", emerg[-1].text), emerg[-1]

    def config_error_claim(
        self,
        message: TestMessage,
        subject_text: str,
        facts: Mapping[str, object],
        fix: Fix,
        directive: Directive | None = None,
        observations: Iterable[Observation] = (),
    ) -> Claim:
        """A claim that explains a refusal. `running` says whether an nginx goes on with what it
        loaded before, so that nobody sees it yet."""
        location = self.location(directive) if directive else None
        if location is None and message.file and message.line and self.config:
            file = self.config.file(message.file)
            location = nginx_parser.source_location(file, message.line) if file else None
        all_observations = (self.test, self.config, *observations)
        return Claim(
            about=Subject(text=subject_text),
            because=tuple(
                observation for observation in all_observations if observation is not None
            ),
            facts={
                "message": message.text,
                "place": f"{message.file}:{message.line}" if message.file else "",
                "running": bool(self.master),
                **({"place": file_line(directive)} if directive else {}),
                **facts,
            },
            location=location,
            fix=fix,
        )

    def directive_at(self, file: str | None, line: int | None, name: str) -> Directive | None:
        """The directive of that name at a place that nginx names: it names the line on which a
        directive ends."""
        for directive in nginx_parser.walk(self.config.main if self.config else ()):
            config_file = self.file(directive)
            if (
                directive.name == name
                and directive.file == file
                and config_file
                and line is not None
            ):
                last_line = directive.line + config_file.text.count(
                    "\n", directive.start, directive.opened or directive.stop
                )
                if directive.line <= line <= last_line:
                    return directive
        return None

    # Certificates and keys

    def resolve_path(self, path: str) -> str:
        """A path as nginx takes it: from the folder of the main configuration file."""
        folder = posixpath.dirname(self.config.path) if self.config else ""
        return posixpath.join(folder, path)

    def certificates(self, server: Server) -> tuple[CertificateFile, ...]:
        """The files of a block's certificates, as far as they were looked at."""
        certificate_paths = {
            self.resolve_path(path) for path in server_blocks.file_paths(server, "ssl_certificate")
        }
        return tuple(
            file for file in self.evidence.of(CertificateFile) if file.path in certificate_paths
        )

    def keys(self, server: Server) -> tuple[KeyFile, ...]:
        key_paths = {
            self.resolve_path(path)
            for path in server_blocks.file_paths(server, "ssl_certificate_key")
        }
        return tuple(
            key_file for key_file in self.evidence.of(KeyFile) if key_file.path in key_paths
        )

    def file_reference(self, name: str, path: str) -> tuple[Server, Directive] | None:
        """The first block in which a directive names a file."""
        for server in self.servers:
            for directive in server_blocks.LocationMatch((server.http, server.block)).directives(
                name
            ):
                if directive.args and self.resolve_path(directive.args[0]) == path:
                    return server, directive
        return None

    def paired_files(self, partner_name: str, directive_name: str, path: str) -> dict[str, str]:
        """What the blocks that name a file (by `given`) name beside it (by `wanted`): the paths,
        and how they are written ("" where that needs quotes). nginx pairs them in order."""
        files: dict[str, str] = {}
        for server in self.servers:
            location_match = LocationMatch((server.http, server.block))
            for directive, partner in zip(
                location_match.directives(directive_name),
                location_match.directives(partner_name),
                strict=False,
            ):
                if directive.args and partner.args and self.resolve_path(directive.args[0]) == path:
                    plain = re.fullmatch(r"[\w./@+~-]+", partner.args[0])
                    files.setdefault(
                        self.resolve_path(partner.args[0]), partner.args[0] if plain else ""
                    )
        return files

    def pairing_edits(self, name: str, path: str) -> tuple[Edit, ...]:
        """In the place of a certificate or key that will not do, that which the other blocks have
        beside its partner, where all of them have the same."""
        partner_name = {"ssl_certificate": "ssl_certificate_key"}.get(name, "ssl_certificate")
        replacements: dict[str, str] = {}
        for partner in self.paired_files(partner_name, name, path):
            replacements |= self.paired_files(name, partner_name, partner)
        replacements.pop(path, None)
        if len(replacements) != 1 or not all(replacements.values()):
            return ()
        line = f"{name} {next(iter(replacements.values()))};"
        changes: dict[str, dict[int, TextEdit]] = {}
        for directive in nginx_parser.walk(self.config.main if self.config else ()):
            if (
                directive.name == name
                and directive.args
                and self.resolve_path(directive.args[0]) == path
            ):
                changes.setdefault(directive.file, {})[directive.start] = edits.replace_directive(
                    directive, line
                )
        return self.file_edits(
            {file: list(file_changes.values()) for file, file_changes in changes.items()}
        )

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
        hosts = [host for host in self.evidence.good(Host) if host.vantage is Vantage.SERVER]
        if not hosts or hosts[0].manager != "systemd":
            return ""
        if self.master:
            return _service_unit(self.evidence, self.master, self._argv[0] == "nginx")
        if self.start and self.start.state:
            return self.start.unit.removesuffix(".service")
        return "nginx" if self._argv[0] == "nginx" else ""

    def private_folder(self, path: str) -> str:
        """The folder in which the running nginx sees other files than we do, if the path lies in
        one (systemd.exec(5), PrivateTmp=, ProtectHome=)."""
        return hiding_folder(self.master.private, path) if self.master and path else ""

    def test_command(self) -> Command:
        return Command((*self._argv, "-t"))

    def reload_command(self) -> Command:
        if self.unit:
            return Command(("systemctl", "reload", self.unit))
        return Command((*self._argv, "-s", "reload"))

    def start_commands(self) -> tuple[Command, ...]:
        """By its service. One that systemd takes for running, as where nginx was killed and its
        script of System V had ended well, has to be started anew; and one that was started in vain
        too often only after that is forgotten (systemd.unit(5), StartLimitBurst=)."""
        if not self.unit:
            return (Command(self._argv, undo=(*self._argv, "-s", "stop")),)
        start = self.start
        is_active = start is not None and start.state in {"active", "reloading", "activating"}
        verb = "restart" if is_active else "start"
        change = Command(("systemctl", verb, self.unit), undo=("systemctl", "stop", self.unit))
        reset_command = Command(("systemctl", "reset-failed", self.unit))
        limited = start is not None and (start.limited or start.result == "start-limit-hit")
        return (reset_command, change) if limited else (change,)

    def restart_commands(self) -> tuple[Command, ...]:
        """Ended and begun anew, where a reload does not do."""
        if self.unit:
            return (Command(("systemctl", "restart", self.unit)),)
        return (Command((*self._argv, "-s", "stop")), *self.start_commands())

    def reload_steps(self) -> tuple[Command, ...]:
        """Test a change, then have it taken up."""
        running = self.master or self.state is None
        return (
            self.test_command(),
            *((self.reload_command(),) if running else self.start_commands()),
        )

    # Where it stands

    def file(self, directive: Directive) -> ConfigFile | None:
        return self.config.file(directive.file) if self.config else None

    def location(self, directive: Directive) -> Location | None:
        file = self.file(directive)
        return nginx_parser.directive_location(file, directive) if file else None

    def edit(self, path: str, *changes: TextEdit) -> Edit | None:
        """A change to one of the files, None where it would change nothing. Behind a link it is
        one to the file itself: patch(1) refuses links."""
        file = self.config.file(path) if self.config else None
        if file is None:
            return None
        text = diff(file.real or path, file.text, apply_edits(file.text, *changes))
        return Edit(file.real or path, text) if text else None

    # WebSockets

    def locations_losing_upgrades(self) -> Iterator[tuple[LocationMatch, list[str]]]:
        """The proxied locations that do not pass an upgrade on, with the paths at which that
        shows."""
        paths_by_location: dict[int, tuple[LocationMatch, list[str]]] = {}
        for path in websocket_paths(self.evidence):
            for location_match in self.location_matches(path):
                if _loses_upgrade(self.evidence, location_match, path):
                    paths_by_location.setdefault(id(location_match.block), (location_match, []))[
                        1
                    ].append(path)
        yield from paths_by_location.values()

    def http_1_1_lines(
        self, location_match: LocationMatch, changes: dict[str, list[TextEdit]]
    ) -> list[str]:
        """The line for proxy_http_version, if it is needed (the default is 1.1 since 1.29.7);
        where the location has one of its own, a change to that instead."""
        line, directive = "proxy_http_version 1.1;", location_match.directive("proxy_http_version")
        if directive is None:
            version = nginx_parser.version_number(self.build.version) if self.build else None
            return [] if version and version >= (1, 29, 7) else [line]
        if directive.args[:1] != ("1.0",):
            return []
        if directive in server_blocks.children(location_match.block, directive.name):
            changes.setdefault(directive.file, []).append(edits.replace_directive(directive, line))
            return []
        return [line]

    def insert(
        self, location_match: LocationMatch, lines: list[str], changes: dict[str, list[TextEdit]]
    ) -> None:
        """Lines behind proxy_pass; where that is written elsewhere, at the location's beginning."""
        location, proxy_pass = location_match.block, server_blocks.proxy_pass_of(location_match)
        file = self.file(location)
        if file is None or not lines:
            return
        anchor = proxy_pass if proxy_pass in (location.block or ()) else None
        if anchor and anchor.file == location.file and anchor.end == ";":
            change = edits.insert_after(file.text, anchor, lines)
        else:
            change = edits.insert_first(file.text, location, lines)
        changes.setdefault(location.file, []).append(change)

    def file_edits(self, changes: dict[str, list[TextEdit]]) -> tuple[Edit, ...]:
        return tuple(
            edit
            for path, file_changes in changes.items()
            if (edit := self.edit(path, *file_changes))
        )


@frozen
class WebSocketHandshakes:
    """A path's WebSocket handshakes: through the front door, and with the application itself, in
    HTTP/1.0 (`old`), at the path as visitors ask for it, where nginx passes on another (`whole`),
    and likewise with the visitor's name in the Host field (`named`)."""

    front: tuple[Upgrade, ...]
    direct: tuple[Upgrade, ...]
    http_1_0: tuple[Upgrade, ...]
    whole_path: tuple[Upgrade, ...] = ()
    visitor_host: tuple[Upgrade, ...] = ()

    @classmethod
    def at_path(cls, evidence: Evidence, path: str) -> "WebSocketHandshakes":
        upgrades = [upgrade for upgrade in evidence.of(Upgrade) if upgrade.path == path]
        normal = [upgrade for upgrade in upgrades if upgrade.variant == "normal"]
        return cls(
            tuple(upgrade for upgrade in normal if upgrade.through == "front"),
            tuple(upgrade for upgrade in normal if upgrade.through == "application"),
            tuple(upgrade for upgrade in upgrades if upgrade.variant == "http-1.0"),
            tuple(upgrade for upgrade in upgrades if upgrade.variant == "whole-path"),
            tuple(upgrade for upgrade in upgrades if upgrade.variant == "visitor-host"),
        )

    @property
    def accepted_by_front(self) -> bool:
        return any(upgrade.accepted for upgrade in self.front)

    @property
    def accepted_by_application(self) -> bool:
        """The application takes the handshake."""
        return any(upgrade.accepted for upgrade in self.direct)

    @property
    def refused_by_application(self) -> bool:
        """The application answers the handshake, and refuses it."""
        return not self.accepted_by_application and any(upgrade.status for upgrade in self.direct)

    @property
    def accepted_as_requested(self) -> bool:
        """The application refuses the handshake as nginx would pass it on, and takes it as the
        visitor asks for it."""
        return self.refused_by_application and any(
            upgrade.accepted for upgrade in (*self.whole_path, *self.visitor_host)
        )

    @property
    def broken_by_proxy(self) -> bool:
        """It is taken directly, and in front refused by what is neither a redirect nor a rule.
        An application may say 401 or 403 to what came without its Upgrade; a proxy's own page of
        that kind is a rule."""
        failures = [
            upgrade for upgrade in self.front if upgrade.status and not 300 <= upgrade.status < 400
        ]
        rejections = [upgrade for upgrade in failures if upgrade.status not in {429, 502, 503, 504}]
        rule_rejections = [
            upgrade
            for upgrade in rejections
            if upgrade.status in {401, 403} and proxy_page(upgrade.body)
        ]
        return (
            self.accepted_by_application
            and len(rule_rejections) < len(rejections)
            and not self.accepted_by_front
        )


#: Services that are nginx's by their names, where systemd itself was not asked about them.
_SERVICES = {"nginx.service", "openresty.service", "tengine.service"}


def _service_unit(evidence: Evidence, master: NginxProcess, packaged: bool) -> str:
    """The service of a master that runs: the one in whose control group it is, if that is its own.
    What sshd, cron or rc.local started is in theirs."""
    name = master.unit or ("nginx.service" if packaged else "")
    boot = next((boot for boot in evidence.good(Boot) if boot.service == name), None)
    if boot and boot.manager == "systemd":
        active = boot.running and not boot.by_hand
        own = active and boot.main_pid in {0, master.pid}
        own = own and (boot.reloads or not master.unit)
    else:
        own = name in _SERVICES
    return name.removesuffix(".service") if own else ""


def _loses_upgrade(evidence: Evidence, location_match: LocationMatch, path: str) -> bool:
    handshakes = WebSocketHandshakes.at_path(evidence, path)
    if (
        server_blocks.proxy_pass_of(location_match) is None
        or all(server_blocks.upgrade_forwarding(location_match))
        or handshakes.accepted_by_front
    ):
        return False
    if handshakes.broken_by_proxy or handshakes.accepted_as_requested:
        return True
    # Where it was asked for, the configuration alone is enough: without Upgrade no application
    # can tell. Unless it refuses the handshake itself; then nobody knows what belongs there.
    return path in evidence.target.websockets and not handshakes.refused_by_application


def websocket_paths(evidence: Evidence) -> tuple[str, ...]:
    """The paths at which a WebSocket is judged: those asked for, and those the configuration
    proxies one at."""
    upgrade_paths = (upgrade.path for upgrade in evidence.of(Upgrade))
    return tuple(dict.fromkeys((*evidence.target.websockets, *upgrade_paths)))


def misplaced_certificate(nginx: Nginx) -> tuple[CertificateFile, int] | None:
    """Where nginx -t found that a key is not the first certificate's: the file in which it is
    another's, and the index of that."""
    config_error = nginx.config_error(KEY_MISMATCH)
    reference = (
        nginx.file_reference("ssl_certificate_key", config_error[1][1]) if config_error else None
    )
    if config_error is None or reference is None:
        return None
    keys = [
        key_file for key_file in nginx.keys(reference[0]) if key_file.path == config_error[1][1]
    ]
    for file in nginx.certificates(reference[0]):
        if index := own_certificate_index(file, keys):
            return file, index
    return None


def own_certificate_index(file: CertificateFile, keys: Iterable[KeyFile]) -> int:
    """The index of the certificate in a file to which one of the keys belongs, where that is not
    the first and none belongs to the first; else 0."""
    public_keys = {key_file.public for key_file in keys} - {""}
    if not file.publics or file.publics[0] in public_keys:
        return 0
    return next((index for index, public in enumerate(file.publics) if public in public_keys), 0)


def handshake_succeeded(nginx: Nginx) -> bool:
    """Whether a visitor's handshake on the target's port succeeded."""
    handshakes = (
        handshake
        for handshake in nginx.evidence.of(Handshake)
        if handshake.port == nginx.evidence.target.port
    )
    return any(
        handshake.is_browser_like and handshake.chain and not handshake.failure
        for handshake in handshakes
    )


def own_certificate(nginx: Nginx, server: Server, file: CertificateFile) -> Certificate:
    """The site's own certificate in a file: the first, unless the block's keys say otherwise."""
    index = (
        own_certificate_index(file, nginx.keys(server))
        if len(file.publics) == len(file.chain)
        else 0
    )
    return file.chain[index]


def file_line(directive: Directive) -> str:
    """file:line, as nginx writes it."""
    return f"{directive.file}:{directive.line}"
