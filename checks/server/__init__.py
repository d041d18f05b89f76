"""Checks of the layer `server`: web servers other than nginx (ADR 25), and what they share.

One check judges every product; its page has the facts `server` (its title) and the commands. What
only one product has is a check whose name begins with it.
"""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from checks.tls import visits_fail
from diagnose.model import (
    Applicability,
    Command,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    server_commands,
)
from diagnose.model.addresses import is_local_host, is_loopback
from diagnose.model.dns import DnsAnswer
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.server import Listeners
from diagnose.model.server_rules import AnsweringRule, HandledPath, ServedFolder
from diagnose.model.tcp import Connection
from diagnose.model.web_servers import (
    ServerFile,
    WebServer,
    WebServerConfig,
    WebServerTest,
    WebSite,
)
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.nginx.edits import diff
from diagnose.parsers.web_sites import answering_sites, has_name, site_at

if TYPE_CHECKING:
    from diagnose.model.files import StartFileAccess


@frozen
class ServerView:
    """The web server that has the target's port, or else the one that should have it, with its
    configuration and its test; None for what was not observed."""

    evidence: Evidence
    server: WebServer
    config: WebServerConfig | None
    test: WebServerTest | None

    @property
    def answering_sites(self) -> tuple[WebSite, ...]:
        """The sites that answer the target's name on its port, one for each address; only those of
        the addresses that visitors reach, if sites have all of these."""
        if self.config is None:
            return ()
        target = self.evidence.target
        visited = visited_addresses(self.evidence)
        sites = answering_sites(self.config, target.port, target.host, visited)
        return tuple(inner_site for site in sites for inner_site in self._inner_sites(site))

    def _inner_sites(self, site: WebSite) -> tuple[WebSite, ...]:
        """Return the sites of the same server to which one passes TLS on as it is: a frontend of
        HAProxy in mode tcp leads to one that ends TLS. The site itself, if it leads elsewhere."""
        route = next(iter(site.routes), None) if site.passthrough else None
        if self.config is None or route is None or not is_local_host(route.host) or route.pattern:
            return (site,)
        inner = answering_sites(self.config, route.port, self.evidence.target.host)
        is_end = all(any(socket.tls for socket in each.sockets) for each in inner)
        return inner if inner and is_end else (site,)

    @property
    def sites_at_target(self) -> tuple[WebSite, ...]:
        """These sites as they are for the target's path: with the folder of an alias."""
        path = self.evidence.target.path_without_query
        return tuple(site_at(site, path)[0] for site in self.answering_sites)

    @property
    def rules(self) -> tuple[AnsweringRule, ...]:
        """The rules that answer the target's paths, and those of its page, or may."""
        own = self.config.rules if self.config else ()
        return (*own, *(rule for path in self._handled_paths for rule in path.rules))

    @property
    def folders(self) -> tuple[ServedFolder, ...]:
        """The folders from which the target's paths, and those of its page, are answered."""
        own = self.config.folders if self.config else ()
        return (*own, *(folder for path in self._handled_paths for folder in path.folders))

    @property
    def _handled_paths(self) -> list[HandledPath]:
        product = self.server.product
        return [path for path in self.evidence.good(HandledPath) if path.product == product]

    @property
    def ruled_out(self) -> tuple[str, ...]:
        """The checks that the server's test of its configuration excludes; () if it was not run."""
        return ("server.config-invalid",) if self.test and self.test.passed else ()

    @property
    def facts(self) -> dict[str, object]:
        """The facts that every text of this layer may use."""
        target = self.evidence.target
        return {
            "server": self.server.title,
            "container": self.server.container,
            "name": target.host,
            "port": target.port,
            "reload": shlex.join(self.server.reload),
        }


def server_view(evidence: Evidence) -> ServerView | None:
    """Return the view of the server that answers on the target's port; None if there is none, or
    if it is in a container. If nobody has the port, a server whose configuration has it comes
    before others, such as one that runs on another port only."""
    port = evidence.target.port
    servers = [server for server in evidence.good(WebServer) if not server.foreign]
    is_taken_port = any(listeners.on(port) for listeners in evidence.good(Listeners))
    configs, tests = evidence.good(WebServerConfig), evidence.good(WebServerTest)
    configured = {
        config.product for config in configs for socket in config.listens if socket.port == port
    }
    holders = [server for server in servers if port in server.ports]
    candidates = sorted(servers, key=lambda server: server.product not in configured)
    server = next(iter(holders or ([] if is_taken_port else candidates)), None)
    if server is None:
        return None
    return ServerView(
        evidence,
        server,
        next((config for config in configs if config.product == server.product), None),
        next((test for test in tests if test.product == server.product), None),
    )


def visited_addresses(evidence: Evidence) -> set[str]:
    """Return the addresses at which the target's port opened or its page came, as visitors reach
    them; an empty set if that is not known.

    /etc/hosts may lead this machine alone to a loopback address, or to an inner one that DNS does
    not have. An address whose handshake fails counts: its site has a fault, too.
    """
    target = evidence.target
    tried = (
        *(page.address for page in evidence.good(Exchange) if page.is_page_of(target)),
        *(
            connection.address
            for connection in evidence.good(Connection)
            if connection.purpose == "target" and connection.port == target.port
        ),
    )
    visited = {address for address in tried if is_address(address) and not is_loopback(address)}
    answers = (answer for answer in evidence.good(DnsAnswer) if answer.purpose == "target")
    named = {record for answer in answers for record in answer.records if is_address(record)}
    return visited if not named or visited & named else set()


def server_on_port(evidence: Evidence) -> ServerView | None:
    """Return the view of the server that has the target's port, None if there is none."""
    view = server_view(evidence)
    return view if view and evidence.target.port in view.server.ports else None


def refused_config_severity(view: ServerView) -> Severity | None:
    """Return a warning for an error of the configuration on disk, if the server serves visitors
    with the one that it loaded before; None, the check's own severity, if it does not."""
    is_served = view.evidence.target.port in view.server.ports and view.server.pid is not None
    return Severity.WARNING if is_served and not visits_fail(view.evidence) else None


def test_steps(server: WebServer) -> tuple[Command, ...]:
    """Return the command that tests the configuration; () if the product has none."""
    return (server_commands.test_server(server.test),) if server.test else ()


def reload_steps(server: WebServer) -> tuple[Command, ...]:
    """Return the commands that test the configuration and then load it; they start a server that
    does not run."""
    if server.pid is None:
        return start_steps(server)
    reload = (server_commands.reload_server(server.reload),) if server.reload else ()
    return (*test_steps(server), *reload)


def start_steps(server: WebServer) -> tuple[Command, ...]:
    """Return the commands that test the configuration and start the server."""
    start = (server_commands.start_server(server.start, server.stop),) if server.start else ()
    return (*test_steps(server), *start)


def start_steps_of_unit(
    server: WebServer, accesses: "Sequence[StartFileAccess]"
) -> tuple[Command, ...]:
    """Return the same, where the server's own program starts it, as the user of its unit: what was
    looked at for its files. Root's start would hide what that user may not do."""
    known = next((access for access in accesses if access.user and access.gids), None)
    if known is None or not server.start or server.start[0] == "systemctl":
        return start_steps(server)
    user, groups = known.user, known.gids
    start = server_commands.start_server_as(user, groups, server.start, server.stop)
    return (*test_steps(server), start)


def manual_fix(view: ServerView, step: str) -> Fix:
    """Return a fix in which a person edits the configuration before it is loaded."""
    return Fix((Manual(step, Where.SERVER), *reload_steps(view.server)), Applicability.MANUAL)


def line_edit(view: ServerView, path: str, changes: Mapping[int, tuple[str, ...]]) -> Edit | None:
    """Return an edit that replaces lines of a configuration file, each by the lines in `changes`.
    Numbers count from 1. A continued line is replaced as a whole: what does not change of it stays
    in its rows. None if the file is not known or nothing changes."""
    file = view.config.file(path) if view.config else None
    if file is None:
        return None
    rows, lines = file.text.split("\n"), file_rows(view, file)
    if any(not 0 < number <= len(rows) for number in changes):
        return None
    replaced: list[str] = []
    continued = 0
    for number, row in enumerate(rows, 1):
        if number <= continued:
            continue
        if number not in changes:
            replaced.append(row)
            continue
        own = _written_rows(view, file, number)
        replaced += _replaced(lines[number - 1], own, changes[number])
        continued = number + len(own) - 1
    text = diff(file.real or path, file.text, "\n".join(replaced))
    return Edit(file.real or path, text) if text else None


def _replaced(line: str, rows: tuple[str, ...], new_lines: tuple[str, ...]) -> Iterator[str]:
    """Yield the lines in the place of one, which is written in these rows. A comment is one row:
    Caddy does not continue it."""
    for new in new_lines:
        is_kept = new in {line, rows[0]}
        is_changed = len(new_lines) == 1 and len(rows) > 1 and not new.lstrip().startswith("#")
        if is_kept or is_changed:
            # Imported late: a healthy run edits nothing.
            from diagnose.parsers.continued_lines import in_rows

            yield from rows if is_kept else in_rows(rows, new)
        else:
            yield new


def line_text(view: ServerView, path: str, number: int) -> str:
    """Return a line of a configuration file; "" if it is not known, or the rest of a line that
    began above. A line that a backslash continues is whole."""
    file = view.config.file(path) if view.config else None
    rows = file_rows(view, file) if file else ()
    return rows[number - 1] if 0 < number <= len(rows) else ""


def file_rows(view: ServerView, file: ServerFile) -> tuple[str, ...]:
    """Return the lines of a configuration file by their rows: of a continued line the first row has
    all, and the others are empty. HAProxy continues no line."""
    product = view.server.product
    if product not in {"apache", "caddy"}:
        return tuple(file.text.split("\n"))
    # Imported late: a healthy run reads no line.
    from diagnose.parsers.continued_lines import joined_rows

    return joined_rows(file.text, product == "apache")


def _written_rows(view: ServerView, file: ServerFile, number: int) -> tuple[str, ...]:
    product = view.server.product
    if product not in {"apache", "caddy"}:
        return (file.text.split("\n")[number - 1],)
    from diagnose.parsers.continued_lines import raw_rows

    return raw_rows(file.text, number, product == "apache")


def indentation(line: str) -> str:
    """Return the blanks at the beginning of a line of a configuration file."""
    return line[: len(line) - len(line.lstrip())]


def pages_with_status(evidence: Evidence, status: int) -> list[Exchange]:
    """Return the target's own responses with this status."""
    return [
        exchange
        for exchange in evidence.good(Exchange)
        if exchange.is_page_of(evidence.target) and exchange.status == status
    ]


def idle_site(view: ServerView) -> WebSite | None:
    """Return the site on disk that is not enabled and has the target's name and port."""
    target = view.evidence.target
    sites = view.config.idle if view.config else ()
    return next(
        (site for site in sites if site.listens_on(target.port) and has_name(site, target.host)),
        None,
    )


def enabling_command(site: WebSite) -> Command | None:
    """Return the command that enables a site of Apache which is on disk and not loaded, None if its
    file is not in Debian's folder of such sites (a2ensite(8))."""
    if "/sites-available/" not in site.file:
        return None
    name = site.file.rpartition("/")[2].removesuffix(".conf")
    return server_commands.enable_apache_site(name)


def place_text(file: str, line: int) -> str:
    """Return "file:line"; "" if there is no file."""
    return f"{file}:{line}" if file and line else file
