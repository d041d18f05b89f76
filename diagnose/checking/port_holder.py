"""Which program has the target's port: the words of many checks are nginx's, and steps that name
several web servers are about the one that answers."""

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING

from diagnose.model import Evidence, Vantage
from diagnose.parsers.nginx.install_paths import PROGRAM_NAMES

if TYPE_CHECKING:
    from diagnose.model.web_servers import WebServer

#: Programs that hold a port for another one, and those whose words are nginx's.
_NO_ANSWER = frozenset(
    {
        *PROGRAM_NAMES,
        "docker-proxy", "rootlessport", "rootlesskit", "slirp4netns", "pasta", "conmon", "systemd",
    }
)  # fmt: skip
#: Programs whose configuration is nginx's.
_NGINX = frozenset(PROGRAM_NAMES)
#: The web servers for which steps have words, and how their programs are called elsewhere.
_PRODUCTS: Mapping[str, str] = {
    **dict.fromkeys(_NGINX, "nginx"),
    **dict.fromkeys(
        ("apache", "apache2", "httpd", "httpd-prefork", "httpd-worker", "httpd-event"), "apache"
    ),
    "caddy": "caddy",
    "haproxy": "haproxy",
}
#: The layers in which what visitors get shows the server: TLS may end at a program in front of it.
_LAYERS_OF_ANSWERS = frozenset({"http", "websocket"})
#: Processes that hold a port for a container.
_ENGINE_PROCESSES = frozenset({"docker-proxy", "rootlessport", "rootlesskit", "conmon"})


def _program_in_container(evidence: Evidence, port: int) -> str:
    """Return the program in the container that publishes the port, "traefik (container edge)"; ""
    if it is an nginx or not known."""
    program, name = _published_program(evidence, port)
    return f"{program} (container {name})" if program and program not in _NO_ANSWER else ""


def _published_program(evidence: Evidence, port: int) -> tuple[str, str]:
    """Return the program in the container that publishes the port, and the container's name; "" for
    both if that is not known."""
    from diagnose.model.containers import Containers

    for containers in evidence.good(Containers):
        for container in containers.running:
            inner = next(
                (mapping.inner for mapping in container.ports if mapping.port == port), None
            )
            program = next(
                (
                    namespace.processes[0]
                    for namespace in containers.namespaces
                    if namespace.container == container.id and namespace.processes
                ),
                "",
            )
            if inner is not None and program:
                return program, container.name
    return "", ""


def program_facts(evidence: Evidence) -> dict[str, object]:
    """Return the facts about the program that has the target's port and is not nginx: its name, and
    of a web server that was read also the product and the commands that test and load its
    configuration; {} if it is nginx, or not known."""
    name = other_program(evidence)
    if not name:
        return {}
    from diagnose.model.web_servers import WebServer

    port, facts = evidence.target.port, {"other_program": name}
    for server in evidence.good(WebServer):
        if port in server.ports and server.title == name and not server.foreign:
            commands = filter(None, (shlex.join(server.test), shlex.join(server.reload)))
            facts |= {"other_product": server.product, "other_load": " && ".join(commands)}
            facts |= {"other_log": _log_command(evidence, server)}
            facts |= {"other_config": _config_file(evidence, server)}
    return dict[str, object](facts)


def answering_product(evidence: Evidence, layer: str) -> str:
    """Return which web server answers visitors, as far as steps have words for it: "nginx",
    "apache", "caddy" or "haproxy"; "" for another program, or if that is not known. From outside it
    is what the page's field Server names (RFC 9110, section 10.2.4)."""
    if any(observation.vantage is Vantage.SERVER for observation in evidence.observations):
        return _product_on_port(evidence)
    if layer not in _LAYERS_OF_ANSWERS:
        return ""
    from diagnose.model.http import Exchange

    pages = (page for page in evidence.good(Exchange) if page.is_page_of(evidence.target))
    fields = {(page.header("Server") or "").lower().partition("/")[0] for page in pages}
    return _PRODUCTS.get(fields.pop().partition(" ")[0], "") if len(fields) == 1 else ""


def _product_on_port(evidence: Evidence) -> str:
    from diagnose.model.server import Listeners
    from diagnose.model.web_servers import WebServer

    port, listeners = evidence.target.port, evidence.good(Listeners)
    names = {socket.process or "" for listener in listeners for socket in listener.on(port)}
    read: set[str] = {server.product for server in evidence.good(WebServer) if port in server.ports}
    if not names or names <= _ENGINE_PROCESSES:
        names = {_published_program(evidence, port)[0]}
    products = read or {_PRODUCTS.get(name, "") for name in names}
    return _PRODUCTS.get(products.pop(), "") if len(products) == 1 else ""


def _log_command(evidence: Evidence, server: "WebServer") -> str:
    """Return the command that shows the end of a server's own log: its file, or the journal of its
    unit; "" if neither is known."""
    from diagnose.model.web_servers import WebServerConfig

    configs = evidence.good(WebServerConfig)
    files = (config.error_log for config in configs if config.product == server.product)
    if file := next(filter(None, files), ""):
        return shlex.join(("tail", "-n", "50", file))
    return shlex.join(("journalctl", "-u", server.unit, "-n", "50")) if server.unit else ""


def _config_file(evidence: Evidence, server: "WebServer") -> str:
    """Return the file that a server reads first; "" if it was not read."""
    from diagnose.model.web_servers import WebServerConfig

    configs = evidence.good(WebServerConfig)
    return next((config.path for config in configs if config.product == server.product), "")


def is_about_nginx(facts: Mapping[str, object]) -> bool:
    """Return whether a finding names a file of nginx's: its words are nginx's then, whichever
    program has the port in front."""
    return any("/nginx" in value for value in facts.values() if isinstance(value, str))


def other_program(evidence: Evidence) -> str:
    """Return the name of the program that has the target's port on the server, as its project
    writes it; "" if it is nginx, or not known. An nginx may run on another port."""
    if not any(observation.vantage is Vantage.SERVER for observation in evidence.observations):
        return ""
    # Imported late: a run from outside needs none of these.
    from diagnose.model.nginx import NginxState
    from diagnose.model.server import Listeners
    from diagnose.model.web_servers import WebServer

    port = evidence.target.port
    names = {
        socket.process for listeners in evidence.good(Listeners) for socket in listeners.on(port)
    }
    name = next(iter(names), None) if len(names) == 1 else None
    masters = [master for s in evidence.of(NginxState) for master in s.own_masters]
    if any(master.container for master in masters):
        return ""
    if not masters and (not names or name in _ENGINE_PROCESSES):
        return _program_in_container(evidence, port)
    if name is None or name in _NO_ANSWER:
        return ""
    titles = (server.title for server in evidence.good(WebServer) if port in server.ports)
    return next(titles, name)


def sole_program(evidence: Evidence, port: int) -> str:
    """Return the process that alone has a port of the server; "" if it is nginx, if it holds the
    port for another program, or if that is not known."""
    from diagnose.model.server import Listeners

    listeners = evidence.good(Listeners)
    names = {socket.process or "" for listener in listeners for socket in listener.on(port)}
    name = names.pop() if len(names) == 1 else ""
    return "" if name in _NO_ANSWER else name
