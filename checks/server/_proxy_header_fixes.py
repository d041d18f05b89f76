"""The edits with which a web server reads the header of the PROXY protocol: nginx by a parameter of
`listen`, Apache by a line of mod_remoteip, HAProxy for the sender alone."""

import re

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps as nginx_reload_steps
from checks.nginx._edits import Changes, config_edits
from checks.nginx._visitor_address import trusting_lines
from checks.server import (
    ServerView,
    indentation,
    line_edit,
    line_text,
    reload_steps,
    server_on_port,
)
from checks.server._apache_modules import loading_steps
from checks.server._haproxy import haproxy_view, insert_after
from diagnose.model import Applicability, Evidence, Fix, Manual, Step, Where
from diagnose.parsers.nginx.edits import insert_first, replace_directive
from diagnose.parsers.web_sites import answering_sites

_READS_IT = re.compile(
    r"(?im)^[ \t]*RemoteIPProxyProtocol[ \t]+On\b|\baccept-proxy\b|\bexpect-proxy\b"
    r"|\bproxy_protocol\b"
)


def is_read(evidence: Evidence) -> bool:
    """Return whether the web server reads the header on the target's port, as far as its
    configuration tells."""
    nginx = Nginx.of(evidence)
    if selected := nginx.selected_servers():
        return any(
            listen.directive is not None and "proxy_protocol" in listen.directive.args
            for each in selected
            for server in each.socket.servers
            for listen in server.listens
            if (listen.address, listen.port) == (each.socket.address, each.socket.port)
        )
    view = server_on_port(evidence)
    files = view.config.files if view and view.config else ()
    return any(_READS_IT.search(file.text) for file in files)


def fix_of(evidence: Evidence, sender: str, ports: tuple[int, ...]) -> Fix:
    """Return the edit for the target's site on these ports. Who connects without the header is
    refused then, but for HAProxy, which asks it of the sender alone."""
    steps, view = _nginx_steps(Nginx.of(evidence), sender, ports), server_on_port(evidence)
    if not steps and view is not None and view.config is not None:
        own = _of_apache(view, ports) if view.server.product == "apache" else ()
        own = _of_haproxy(evidence, sender) if view.server.product == "haproxy" else own
        steps = (*own, *reload_steps(view.server)) if own else ()
    product = view.server.product if view is not None else ""
    manual = Manual("read-with-caddy" if product == "caddy" else "read-it", Where.SERVER)
    how = Applicability.REVIEW if steps else Applicability.MANUAL
    return Fix((*(steps or (manual,)), Manual("or-do-not-send", Where.CLOUD_CONSOLE)), how)


def _nginx_steps(nginx: Nginx, sender: str, ports: tuple[int, ...]) -> tuple[Step, ...]:
    changes: Changes = {}
    seen: set[int] = set()
    for selected in (
        selected_server for port in ports for selected_server in nginx.selected_servers(port)
    ):
        socket, server = selected.socket, selected.server
        listens = [
            listen.directive
            for each in socket.servers
            for listen in each.listens
            if (listen.address, listen.port) == (socket.address, socket.port) and listen.directive
        ]
        if ":" in socket.address or not listens:
            continue
        for line in (listen for listen in listens if id(listen) not in seen):
            seen.add(id(line))
            text = " ".join(("listen", *line.args, "proxy_protocol"))
            changes.setdefault(line.file, []).append(replace_directive(line, f"{text};"))
        file = nginx.file(server.block)
        if id(server.block) not in seen and file and not server.directives("real_ip_header"):
            seen.add(id(server.block))
            lines = [*trusting_lines(server, sender), "real_ip_header proxy_protocol;"]
            changes.setdefault(file.path, []).append(insert_first(file.text, server.block, lines))
    edits = config_edits(nginx, changes) if changes else ()
    return (*edits, *nginx_reload_steps(nginx)) if edits else ()


def _of_apache(view: ServerView, ports: tuple[int, ...]) -> tuple[Step, ...]:
    """Return the steps for one virtual host of each port: it switches the header on for all of its
    address and port (mod_remoteip)."""
    changes: dict[str, dict[int, tuple[str, ...]]] = {}
    for port in ports if view.config else ():
        assert view.config is not None
        for site in answering_sites(view.config, port, view.evidence.target.host)[:1]:
            opening = line_text(view, site.file, site.line)
            indent = indentation(line_text(view, site.file, site.line + 1)) or "    "
            rows = (opening, f"{indent}RemoteIPProxyProtocol On")
            changes.setdefault(site.file, {})[site.line] = rows
    modules = loading_steps(view, ("remoteip",))
    edits = [line_edit(view, path, rows) for path, rows in changes.items()]
    steps = tuple(edit for edit in edits if edit)
    return (*modules, *steps) if modules is not None and steps else ()


def _of_haproxy(evidence: Evidence, sender: str) -> tuple[Step, ...]:
    haproxy = haproxy_view(evidence)
    if haproxy is None:
        return ()
    rule = f"tcp-request connection expect-proxy layer4 if {{ src {sender} }}"
    edit = insert_after(haproxy.view, haproxy.proxies.bind, rule)
    return (edit,) if edit else ()
