"""Checks of the layer `nginx`, and what they share with the checks of the applications behind it:
which block and location respond for the target, and the commands that make nginx load a change."""

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

#: Folders in which a shell finds programs by their bare name.
_PATH = {"/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin"}

#: The map from which `Connection` is set (nginx.org, "WebSocket proxying").
UPGRADE_MAP = (
    "map $http_upgrade $connection_upgrade {",
    "    default upgrade;",
    "    ''      close;",
    "}",
)

#: The message of nginx -t if a key does not belong to the first certificate
#: (X509_check_private_key(3)).
KEY_MISMATCH = (
    r'SSL_CTX_use_PrivateKey(?:_file)?\("([^"]+)"\) failed .*key (?:values|type) mismatch'
)

#: Consequences if nginx cannot load a certificate or its key: it continues with the old ones.
STALE_CONFIG_SYMPTOMS = (
    "nginx.reload-failed",
    "nginx.reload-needed",
    "certificate.renewed-not-loaded",
)

#: What visitors see if nginx does not run.
NOT_RUNNING_SYMPTOMS = ("listener.missing", "tcp.refused", "http.port-closed")


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
        """The master process that runs on this machine itself, not in a container."""
        return next(iter(self.state.own_masters if self.state else ()), None)

    def listen_sockets(self, port: int) -> tuple[Socket, ...]:
        return server_blocks.sockets(self.servers, port)

    def selected_servers(self) -> tuple[SelectedServer, ...]:
        """Return the server blocks that respond to the target's name on the target's port, on every
        address that visitors may reach."""
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
        """Yield the locations that respond to a path, each only once for all sockets."""
        location_ids: set[int] = set()
        for selected_server in self.selected_servers():
            location_match = server_blocks.select_location(selected_server.server, path)
            if id(location_match.block) not in location_ids:
                location_ids.add(id(location_match.block))
                yield location_match

    # Errors of nginx -t

    def config_error(self, pattern: str) -> tuple[TestMessage, re.Match[str]] | None:
        """Return the fatal error of nginx -t and the match, if `pattern` matches at its beginning;
        otherwise None."""
        message = self.test.fatal if self.test and not self.test.passed else None
        match = re.match(pattern, message.text) if message else None
        return (message, match) if message and match else None

    def startup_error(
        self, pattern: str
    ) -> tuple[TestMessage, re.Match[str], tuple[Observation, ...]] | None:
        """Return the error that stops nginx, the match and its evidence; None if no error matches
        `pattern`.

        The error comes from nginx -t or, because that runs as another user and outside the service,
        from the last failed start or reload.
        """
        if config_error := self.config_error(pattern):
            return *config_error, (self.test,) if self.test else ()
        for message, observation in self._failed_starts():
            if match := re.match(pattern, message.text):
                return message, match, (observation,)
        return None

    def _failed_starts(self) -> Iterator[tuple[TestMessage, Observation]]:
        """Yield the last error of a failed start or reload.

        For a running master, a log line counts only if it is the master's own and later than its
        loaded configuration. If nginx does not run, it counts only if nothing was logged after it.
        """
        port = self.evidence.target.port
        if not self.master and any(
            listeners.on(port) for listeners in self.evidence.good(Listeners)
        ):
            return  # Another program holds the port now.
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
        """Make a claim that explains an error of nginx -t.

        The fact `running` says whether nginx continues with its loaded configuration, so that
        visitors see no fault yet.
        """
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
        """Return the directive of this name at a place that nginx reports. nginx reports the line
        on which a directive ends."""
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
        """Return the absolute path: nginx resolves paths from the folder of the main configuration
        file."""
        folder = posixpath.dirname(self.config.path) if self.config else ""
        return posixpath.join(folder, path)

    def certificates(self, server: Server) -> tuple[CertificateFile, ...]:
        """Return the files of the block's certificates, as far as they were read."""
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
        """Return the first directive of this name that names the file, with its block."""
        for server in self.servers:
            for directive in server_blocks.LocationMatch((server.http, server.block)).directives(
                name
            ):
                if directive.args and self.resolve_path(directive.args[0]) == path:
                    return server, directive
        return None

    def paired_files(self, partner_name: str, directive_name: str, path: str) -> dict[str, str]:
        """Return the files that `partner_name` names in the blocks whose `directive_name` names
        this path.

        The result maps each resolved path to the path as written, or to "" if that needs quotes.
        nginx pairs the directives in order.
        """
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
        """Replace an unusable certificate or key by the file that all other blocks pair with its
        partner.

        Empty if they do not agree on one file.
        """
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

    # Commands

    @property
    def _argv(self) -> tuple[str, ...]:
        binary = self.build.binary if self.build else "nginx"
        bare = posixpath.dirname(binary) in _PATH
        options = self.master.arguments if self.master else ()
        return (posixpath.basename(binary) if bare else binary, *options)

    @property
    def start(self) -> NginxStart | None:
        """What is known of the service that would start nginx; None if nginx runs."""
        return None if self.master else next(iter(self.evidence.good(NginxStart)), None)

    @property
    def unit(self) -> str:
        """The systemd service of this nginx ("nginx", "openresty").

        "" if there is none, or if somebody started nginx outside its service, which then does not
        know it.
        """
        hosts = [host for host in self.evidence.good(Host) if host.vantage is Vantage.SERVER]
        if not hosts or hosts[0].manager != "systemd":
            return ""
        if self.master:
            return _service_unit(self.evidence, self.master, self._argv[0] == "nginx")
        if self.start and self.start.state:
            return self.start.unit.removesuffix(".service")
        return "nginx" if self._argv[0] == "nginx" else ""

    def private_folder(self, path: str) -> str:
        """Return the folder that contains the path and in which the running nginx sees other files;
        "" if none.

        systemd.exec(5), PrivateTmp=, ProtectHome=.
        """
        return hiding_folder(self.master.private, path) if self.master and path else ""

    def test_command(self) -> Command:
        return Command((*self._argv, "-t"))

    def reload_command(self) -> Command:
        if self.unit:
            return Command(("systemctl", "reload", self.unit))
        return Command((*self._argv, "-s", "reload"))

    def start_commands(self) -> tuple[Command, ...]:
        """Return the commands that start nginx by its service.

        If systemd believes that the service is active, it must be restarted. That happens if nginx
        was killed after its System V script had ended successfully. If too many starts failed, the
        failures must be reset first (systemd.unit(5), StartLimitBurst=).
        """
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
        """Return the commands that stop and start nginx, for changes that a reload does not
        apply."""
        if self.unit:
            return (Command(("systemctl", "restart", self.unit)),)
        return (Command((*self._argv, "-s", "stop")), *self.start_commands())

    def reload_steps(self) -> tuple[Command, ...]:
        """Return the commands that test the configuration and then load it."""
        running = self.master or self.state is None
        return (
            self.test_command(),
            *((self.reload_command(),) if running else self.start_commands()),
        )

    # Files

    def file(self, directive: Directive) -> ConfigFile | None:
        return self.config.file(directive.file) if self.config else None

    def location(self, directive: Directive) -> Location | None:
        file = self.file(directive)
        return nginx_parser.directive_location(file, directive) if file else None

    def edit(self, path: str, *changes: TextEdit) -> Edit | None:
        """Return an edit of a configuration file, or None if nothing changes.

        It edits the file to which a link leads, because patch(1) refuses links.
        """
        file = self.config.file(path) if self.config else None
        if file is None:
            return None
        text = diff(file.real or path, file.text, apply_edits(file.text, *changes))
        return Edit(file.real or path, text) if text else None

    # WebSockets

    def locations_losing_upgrades(self) -> Iterator[tuple[LocationMatch, list[str]]]:
        """Yield the proxied locations that do not forward an upgrade, each with the paths that show
        it."""
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
        """Return the line for proxy_http_version if it is needed (the default is 1.1 since 1.29.7).

        If the location has a line of its own, that line is changed instead.
        """
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
        """Insert lines after proxy_pass, or at the beginning of the location if proxy_pass is
        written elsewhere."""
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
    """The WebSocket handshakes at one path.

    `front` go through the front server, and all others directly to the application: `direct` as
    nginx sends them, `http_1_0` in HTTP/1.0. `whole_path` ask for the visitor's path although nginx
    sends another, and `visitor_host` also send the visitor's Host.
    """

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
        """Whether the application accepts the handshake."""
        return any(upgrade.accepted for upgrade in self.direct)

    @property
    def refused_by_application(self) -> bool:
        """Whether the application responds to the handshake and refuses it."""
        return not self.accepted_by_application and any(upgrade.status for upgrade in self.direct)

    @property
    def accepted_as_requested(self) -> bool:
        """Whether the application refuses the handshake as nginx would send it, and accepts it as
        the visitor sends it."""
        return self.refused_by_application and any(
            upgrade.accepted for upgrade in (*self.whole_path, *self.visitor_host)
        )

    @property
    def broken_by_proxy(self) -> bool:
        """Whether the application accepts the handshake and the front server fails it, other than
        by a redirect or an access rule.

        An application may respond 401 or 403 to a request that lost its Upgrade. Such a status on
        the proxy's own page is an access rule.
        """
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


#: Service names that belong to nginx, used if systemd itself was not asked.
_SERVICES = {"nginx.service", "openresty.service", "tengine.service"}


def _service_unit(evidence: Evidence, master: NginxProcess, packaged: bool) -> str:
    """Return the service of a running master: the one in whose control group it is, if that is
    nginx's own.

    A master that sshd, cron or rc.local started is in their control group.
    """
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
    # For a WebSocket path that the user named, the configuration is proof enough, because no
    # application works without Upgrade. But if the application refuses a direct handshake too,
    # nobody knows what the path is for.
    return path in evidence.target.websockets and not handshakes.refused_by_application


def websocket_paths(evidence: Evidence) -> tuple[str, ...]:
    """Return the WebSocket paths to judge: those that the user named and those found in the
    configuration."""
    upgrade_paths = (upgrade.path for upgrade in evidence.of(Upgrade))
    return tuple(dict.fromkeys((*evidence.target.websockets, *upgrade_paths)))


def misplaced_certificate(nginx: Nginx) -> tuple[CertificateFile, int] | None:
    """Return the file and index of the certificate that a key belongs to, if nginx -t reports that
    it is not the first one; otherwise None."""
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
    """Return the index of the certificate in the file to which one of the keys belongs.

    0 if a key belongs to the first certificate or none belongs to any.
    """
    public_keys = {key_file.public for key_file in keys} - {""}
    if not file.publics or file.publics[0] in public_keys:
        return 0
    return next((index for index, public in enumerate(file.publics) if public in public_keys), 0)


def handshake_succeeded(nginx: Nginx) -> bool:
    """Return whether a visitor's handshake on the target's port succeeded."""
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
    """Return the site's own certificate in a file: the first, unless the block's keys belong to
    another."""
    index = (
        own_certificate_index(file, nginx.keys(server))
        if len(file.publics) == len(file.chain)
        else 0
    )
    return file.chain[index]


def file_line(directive: Directive) -> str:
    """Return "file:line", as nginx writes it."""
    return f"{directive.file}:{directive.line}"
