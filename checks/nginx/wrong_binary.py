"""The site stands in the configuration of an nginx that does not run: another program than the one
that does (self-compiled, a panel's, OpenResty), or the same one with another file (-c, -p). What
is edited, tested and reloaded there changes nothing for visitors.

A second nginx alone is no fault, nor that it knows the name: it counts only if the one that runs
does not, and visitors get what is not the site's, or nothing."""

import posixpath
import re
from collections.abc import Iterator

from checks.nginx import Nginx, where
from checks.nginx.no_matching_server import nobody_listens, symptoms
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
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
)
from diagnose.model.files import OtherConfig
from diagnose.model.http import Exchange
from diagnose.model.nginx import ConfigFile, Directive, NginxConfig, NginxState
from diagnose.model.server import Listeners
from diagnose.parsers.nginx import config as wire
from diagnose.parsers.nginx import edits, server_blocks
from diagnose.parsers.nginx.server_blocks import Server


@check(
    severity=Severity.ERROR,
    needs=[NginxState, NginxConfig, OtherConfig],
    explains=[
        "nginx.no-matching-server",
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
    master, config, answering = nginx.master, nginx.config, nginx.answering()
    if master is None or config is None or any(one.how != "default" for one in answering):
        return
    plain = symptoms(evidence, list(answering)) if answering else nobody_listens(nginx)
    shown = plain or (_foreign(nginx) if answering else ())
    for other in evidence.good(OtherConfig):
        site = _site(other, evidence.target.host, evidence.target.port)
        if site is None or not shown:
            continue
        yield Claim(
            about=Subject(text=f"{master.binary} ({config.path})"),
            covers=(Subject(),),
            because=(*([nginx.state] if nginx.state else []), config, other, *shown),
            facts={
                "name": evidence.target.host,
                "port": evidence.target.port,
                "pid": master.pid,
                "binary": master.binary,
                "config": config.path,
                "other": other.binary,
                "other_config": other.path,
                "same": other.binary == master.binary,
                "on_path": other.on_path,
                "place": where(site.block),
                "file": site.block.file,
                "free": not _taken(evidence, other),
                "test": " ".join(nginx.tested().argv),
            },
            confidence=Confidence.CERTAIN if plain else Confidence.LIKELY,
            location=_location(other, site.block),
            fix=_fix(nginx, other, site),
        )
        return


def _site(other: OtherConfig, host: str, port: int) -> Server | None:
    """The block that would answer the name there."""
    for socket in server_blocks.sockets(server_blocks.servers(other.main), port):
        server, how = server_blocks.choose(socket, host)
        if how != "default":
            return server
    return None


def _foreign(nginx: Nginx) -> tuple[Observation, ...]:
    """nginx's own page for what it has not, or that of a fresh installation."""
    pages = ("<title>Welcome to nginx", "<title>404 Not Found", "<title>403 Forbidden")
    return tuple(
        one
        for one in nginx.evidence.good(Exchange)
        if one.port == nginx.evidence.target.port and any(page in one.body for page in pages)
    )


def _taken(evidence: Evidence, other: OtherConfig) -> bool:
    """Whether a port that the other one would listen on is taken."""
    ports = {one.port for server in server_blocks.servers(other.main) for one in server.listens}
    return any(seen.on(port) for seen in evidence.good(Listeners) for port in ports)


def _location(other: OtherConfig, block: Directive) -> Location | None:
    file = next((one for one in other.files if one.path == block.file), None)
    return wire.place(file, block) if file else None


def _fix(nginx: Nginx, other: OtherConfig, site: Server) -> Fix:
    """Start the other one beside, where its ports are free; else let the one that runs read the
    site's file, if that means the same there."""
    if not _taken(nginx.evidence, other):
        test = Command((other.binary, "-t"))
        if _is_a_service(nginx, other):
            # If it is that service's own unit that runs the other program, this does nothing.
            start = Command(("systemctl", "start", "nginx"), undo=("systemctl", "stop", "nginx"))
            return Fix((test, start), Applicability.REVIEW)
        start = Command((other.binary,), undo=(other.binary, "-s", "stop"))
        how = Applicability.AUTOMATIC if _is_apart(nginx, other) else Applicability.REVIEW
        return Fix((test, start), how)
    if edit := _included(nginx, other, site):
        return Fix((edit, *nginx.taken()), Applicability.REVIEW)
    return Fix((Manual("move", Where.SERVER), *nginx.taken()), Applicability.MANUAL)


def _is_a_service(nginx: Nginx, other: OtherConfig) -> bool:
    """Whether it is the program of the distribution's package, which systemd is to start."""
    hosts = [one for one in nginx.evidence.good(Host) if one.vantage is Vantage.SERVER]
    return bool(hosts) and hosts[0].manager == "systemd" and other.binary == "/usr/sbin/nginx"


def _is_apart(nginx: Nginx, other: OtherConfig) -> bool:
    """Whether both can run at a time: each writes its number into a file of its own, by which it
    is told to reload and to stop."""
    options = nginx.master.arguments if nginx.master else ()
    main = (*wire.told(options), *(nginx.config.main if nginx.config else ()))
    given, theirs = _pid(main), _pid(other.main)
    build = nginx.build
    if not given and build:
        given = next(
            (one.partition("=")[2] for one in build.arguments if one.startswith("--pid-path=")),
            posixpath.join(build.prefix, "logs/nginx.pid"),
        )
    return bool(given) and theirs.startswith("/") and given != theirs


def _pid(main: tuple[Directive, ...]) -> str:
    """/var/run is a link to /run wherever there is one."""
    found = next((one.args[0] for one in main if one.name == "pid" and one.args), "")
    return re.sub("^/var/run/", "/run/", posixpath.normpath(found)) if found else ""


#: Directives whose first word is a path, which another nginx would look for elsewhere.
_PATHS = {
    "access_log", "alias", "auth_basic_user_file", "error_log", "include", "root",
    "ssl_certificate", "ssl_certificate_key", "ssl_client_certificate", "ssl_dhparam",
    "ssl_password_file", "ssl_trusted_certificate",
}  # fmt: skip

#: What one file defines and others use: the word that is the name, and what stands before it.
_DEFINED = {"upstream": 0, "log_format": 0, "map": 1, "geo": -1, "limit_req_zone": 1,
            "limit_conn_zone": 1, "proxy_cache_path": 2}  # fmt: skip


def _included(nginx: Nginx, other: OtherConfig, site: Server) -> Edit | None:
    """An include of the site's file at the end of http, where the file stands on its own."""
    config, path = nginx.config, site.block.file
    main = config.file(config.path) if config else None
    file = next((one for one in other.files if one.path == path), None)
    if main is None or file is None or path == other.path or not _stands_alone(other, file):
        return None
    http = next((one for one in wire.parse(main.text, main.path) if one.name == "http"), None)
    if http is None or not http.block:
        return None
    line = f"include {path};"
    return nginx.edit(main.path, edits.after(main.text, http.block[-1], [line]))


def _stands_alone(other: OtherConfig, file: ConfigFile) -> bool:
    for one in wire.walk(wire.parse(file.text, file.path)):
        word = one.args[0] if one.args else ""
        if one.name in _PATHS and not word.startswith(("/", "off", "syslog:", "$")):
            return False
    for one in (each for http in other.main if http.name == "http" for each in http.block or ()):
        if one.name in _DEFINED and one.file != file.path:
            names = re.findall(r"[\w.-]+", " ".join(one.args[_DEFINED[one.name] :][:1]))
            if any(re.search(rf"[\s$/={{]{re.escape(name)}\b", file.text) for name in names[-1:]):
                return False
    return True
