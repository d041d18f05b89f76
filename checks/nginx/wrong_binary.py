"""The site is in the configuration of an nginx that does not run: another program than the running
one (self-compiled, a panel's, OpenResty), or the same one with another file (-c, -p). Changes,
tests and reloads there have no effect for visitors.

A second nginx alone is no fault, even if it has the name. It counts only if the running nginx does
not have the name, and visitors get another site's response or none.
"""

import posixpath
import re
from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._commands import config_test_command, reload_steps
from checks.nginx._edits import config_edit
from checks.nginx.no_matching_server import closed_port_symptoms, wrong_server_symptoms
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Host,
    Location,
    Manual,
    Observation,
    Severity,
    Subject,
    Vantage,
    Where,
    commands,
)
from diagnose.model.http import Exchange
from diagnose.model.nginx import ConfigFile, Directive, NginxConfig, NginxState
from diagnose.model.server import Listeners
from diagnose.model.unread_configs import OtherConfig
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.parsers.nginx import edits, server_blocks
from diagnose.parsers.nginx.server_blocks import Server


@check(
    severity=Severity.ERROR,
    needs=[NginxState, NginxConfig, OtherConfig],
    explains=[
        "nginx.no-matching-server",
        "http.not-the-site",
        "nginx.site-not-included",
        "nginx.listen-without-ssl",
        "nginx.reload-needed",
        "listener.missing",
        "listener.loopback-only",
        "tcp.refused",
        "tls.*",
        "certificate.*",
        "http.*",
        "upstream.*",
        "websocket.*",
    ],
)
def wrong_binary(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    master, config, selected_servers = nginx.master, nginx.config, nginx.selected_servers()
    if (
        master is None
        or config is None
        or any(selected_server.name_match != "default" for selected_server in selected_servers)
    ):
        return
    clear_symptoms = (
        wrong_server_symptoms(evidence, list(selected_servers))
        if selected_servers
        else closed_port_symptoms(nginx)
    )
    symptoms = clear_symptoms or (_foreign_pages(nginx) if selected_servers else ())
    for other_config in evidence.good(OtherConfig):
        site = _site_server(other_config, evidence.target.host, evidence.target.port)
        if site is None or not symptoms:
            continue
        yield Claim(
            about=Subject(text=f"{master.binary} ({config.path})"),
            covers=(Subject(),),
            because=(*([nginx.state] if nginx.state else []), config, other_config, *symptoms),
            facts={
                "name": evidence.target.host,
                "port": evidence.target.port,
                "pid": master.pid,
                "binary": master.binary,
                "config": config.path,
                "other": other_config.binary,
                "other_config": other_config.path,
                "same": other_config.binary == master.binary,
                "on_path": other_config.on_path,
                "place": file_line(site.block),
                "file": site.block.file,
                "free": not _is_port_taken(evidence, other_config),
                "test": " ".join(config_test_command(nginx).argv),
            },
            confidence=Confidence.CERTAIN if clear_symptoms else Confidence.LIKELY,
            location=_location(other_config, site.block),
            fix=_fix(nginx, other_config, site),
        )
        return


def _site_server(other_config: OtherConfig, host: str, port: int) -> Server | None:
    """Return the block that would respond to the name there."""
    for socket in server_blocks.sockets(server_blocks.servers(other_config.main), port):
        server, name_match = server_blocks.select_server(socket, host)
        if name_match != "default":
            return server
    return None


def _foreign_pages(nginx: Nginx) -> tuple[Observation, ...]:
    """Return pages that are nginx's own 404 page, or the default page of a new installation."""
    pages = ("<title>Welcome to nginx", "<title>404 Not Found", "<title>403 Forbidden")
    return tuple(
        exchange
        for exchange in nginx.evidence.good(Exchange)
        if exchange.port == nginx.evidence.target.port
        and any(page in exchange.body for page in pages)
    )


def _is_port_taken(evidence: Evidence, other_config: OtherConfig) -> bool:
    """Return whether another program holds a port that the other nginx would listen on."""
    ports = {
        listen.port
        for server in server_blocks.servers(other_config.main)
        for listen in server.listens
    }
    return any(listeners.on(port) for listeners in evidence.good(Listeners) for port in ports)


def _location(other_config: OtherConfig, block: Directive) -> Location | None:
    file = next((file for file in other_config.files if file.path == block.file), None)
    return nginx_parser.directive_location(file, block) if file else None


def _fix(nginx: Nginx, other_config: OtherConfig, site: Server) -> Fix:
    """Start the other nginx beside the running one if its ports are free. Otherwise let the running
    nginx read the site's file, if that has the same meaning there."""
    if not _is_port_taken(nginx.evidence, other_config):
        test = commands.test_nginx((other_config.binary,))
        if _is_a_service(nginx, other_config):
            # If that service already runs the other program, this does nothing.
            start = commands.start_service("nginx")
            return Fix((test, start), Applicability.REVIEW)
        start = commands.start_nginx((other_config.binary,))
        applicability = (
            Applicability.AUTOMATIC
            if _has_own_pid_file(nginx, other_config)
            else Applicability.REVIEW
        )
        return Fix((test, start), applicability)
    if edit := _include_edit(nginx, other_config, site):
        return Fix((edit, *reload_steps(nginx)), Applicability.REVIEW)
    return Fix((Manual("move", Where.SERVER), *reload_steps(nginx)), Applicability.MANUAL)


def _is_a_service(nginx: Nginx, other_config: OtherConfig) -> bool:
    """Return whether it is the program of the distribution's package, which systemd starts."""
    hosts = [host for host in nginx.evidence.good(Host) if host.vantage is Vantage.SERVER]
    return (
        bool(hosts) and hosts[0].manager == "systemd" and other_config.binary == "/usr/sbin/nginx"
    )


def _has_own_pid_file(nginx: Nginx, other_config: OtherConfig) -> bool:
    """Return whether both can run together: each has a pid file of its own, through which it is
    reloaded and stopped."""
    options = nginx.master.arguments if nginx.master else ()
    main = (
        *nginx_parser.command_line_directives(options),
        *(nginx.config.main if nginx.config else ()),
    )
    own_pid_path, other_pid_path = _pid_path(main), _pid_path(other_config.main)
    build = nginx.build
    if not own_pid_path and build:
        own_pid_path = next(
            (
                option.partition("=")[2]
                for option in build.arguments
                if option.startswith("--pid-path=")
            ),
            posixpath.join(build.prefix, "logs/nginx.pid"),
        )
    return bool(own_pid_path) and other_pid_path.startswith("/") and own_pid_path != other_pid_path


def _pid_path(main: tuple[Directive, ...]) -> str:
    """Return the pid file's path. /var/run is a link to /run on every current system."""
    path = next(
        (directive.args[0] for directive in main if directive.name == "pid" and directive.args), ""
    )
    return re.sub("^/var/run/", "/run/", posixpath.normpath(path)) if path else ""


#: Directives whose first word is a path, which another nginx would look up elsewhere.
_PATHS = {
    "access_log", "alias", "auth_basic_user_file", "error_log", "include", "root",
    "ssl_certificate", "ssl_certificate_key", "ssl_client_certificate", "ssl_dhparam",
    "ssl_password_file", "ssl_trusted_certificate",
}  # fmt: skip

#: Directives that define a name which other files use: the index of the word that is the name.
_DEFINED = {"upstream": 0, "log_format": 0, "map": 1, "geo": -1, "limit_req_zone": 1,
            "limit_conn_zone": 1, "proxy_cache_path": 2}  # fmt: skip


def _include_edit(nginx: Nginx, other_config: OtherConfig, site: Server) -> Edit | None:
    """Include the site's file at the end of http, if the file depends on no other file."""
    config, path = nginx.config, site.block.file
    main = config.file(config.path) if config else None
    file = next((file for file in other_config.files if file.path == path), None)
    if (
        main is None
        or file is None
        or path == other_config.path
        or not _stands_alone(other_config, file)
    ):
        return None
    http = next(
        (
            directive
            for directive in nginx_parser.parse(main.text, main.path)
            if directive.name == "http"
        ),
        None,
    )
    if http is None or not http.block:
        return None
    line = f"include {path};"
    return config_edit(nginx, main.path, edits.insert_after(main.text, http.block[-1], [line]))


def _stands_alone(other_config: OtherConfig, file: ConfigFile) -> bool:
    for directive in nginx_parser.walk(nginx_parser.parse(file.text, file.path)):
        argument = directive.args[0] if directive.args else ""
        if directive.name in _PATHS and not argument.startswith(("/", "off", "syslog:", "$")):
            return False
    for directive in (
        directive
        for http in other_config.main
        if http.name == "http"
        for directive in http.block or ()
    ):
        if directive.name in _DEFINED and directive.file != file.path:
            names = re.findall(r"[\w.-]+", " ".join(directive.args[_DEFINED[directive.name] :][:1]))
            if any(re.search(rf"[\s$/={{]{re.escape(name)}\b", file.text) for name in names[-1:]):
                return False
    return True
