"""The remedy for a name that a container gives to nginx-proxy in its environment."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace

from checks.listener._compose_edits import compose_text, up_commands
from checks.listener._inner_ports import INNER_PORTS
from checks.nginx import Nginx, SelectedServer
from checks.upstream._address_lines import writer_of
from checks.upstream._container_names import virtual_fix
from diagnose.model import Applicability, Edit, Evidence, Fix, commands
from diagnose.model.containers import Container, Containers, NginxContainer
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.steps import Risk
from diagnose.parsers.compose_variables import variable_of
from diagnose.parsers.hostnames import is_public_name
from diagnose.parsers.nginx.config import children

_STEP = "set-the-virtual-host"
#: The variables of nginx-proxy and of its companion that hold names, separated by commas.
_VARIABLES = ("VIRTUAL_HOST", "LETSENCRYPT_HOST")
#: nginx-proxy's companion, under both of its names, and what writes nginx-proxy's file.
COMPANION = re.compile(r"(?:^|/)(?:acme-companion|letsencrypt-nginx-proxy-companion)\b")
_OWN_IMAGES = re.compile(r"(?:^|/)(?:nginx-proxy|docker-gen)\b")


def fallback_pages(nginx: Nginx, selected: list[SelectedServer]) -> tuple[Exchange, ...]:
    """Return the pages of the target if all are the 503 that nginx-proxy's own block has for names
    which no container gives it (nginx.tmpl: "server_name _", "return 503")."""
    pages = page_exchanges(nginx.evidence)
    are_fallbacks = all(
        not {*each.server.names} - {"", "_"}
        and (writer := writer_of(nginx, each.server.block)) is not None
        and writer.panel == "nginx-proxy"
        and any(
            line.args[:1] == ("503",)
            for block in (each.server.block, *children(each.server.block, "location"))
            for line in children(block, "return")
        )
        for each in selected
    )
    return pages if are_fallbacks and all(page.status == 503 for page in pages) else ()


def virtual_host_fix(evidence: Evidence, mistyped: str, name: str) -> Fix:
    """Write the visited name into the compose file of the container that is meant: in the place of
    the mistyped one, beside the site's other name, or of none. Where the file has it already, start
    that container, or make it anew. The step for a person where several may be meant."""
    if not mistyped and (fix := _loading(evidence, name) or _beside_the_other_name(evidence, name)):
        return fix
    meant = list(_changes(evidence, mistyped, name) if mistyped else _unnamed(evidence, name))
    meant = meant or _named_otherwise(evidence, name)
    container, settings = meant[0] if len(meant) == 1 else (None, {})
    fix = virtual_fix(evidence, _STEP, container, settings)
    if mistyped:
        return fix
    # A container that had no name of its own is shown to visitors now.
    steps = (
        replace(step, risk=Risk.OPENS_TO_ALL) if isinstance(step, Edit) else step
        for step in fix.steps
    )
    return replace(fix, steps=tuple(steps))


def virtual_names(text: str, container: Container, variable: str) -> list[str]:
    """Return the names in a variable of a container, by its compose file."""
    compose = container.compose
    value = variable_of(text, compose.service, variable) if compose and text else None
    return [each.strip() for each in (value or "").split(",")]


def _changes(
    evidence: Evidence, mistyped: str, name: str
) -> Iterator[tuple[Container, dict[str, str]]]:
    for containers in evidence.good(Containers):
        for container in containers.running:
            text, settings = compose_text(evidence, container), {}
            for variable in _VARIABLES:
                names = virtual_names(text, container, variable)
                if mistyped in names:
                    settings[variable] = ",".join(
                        name if each == mistyped else each for each in names
                    )
            if "VIRTUAL_HOST" in settings:
                yield container, settings


def _beside_the_other_name(evidence: Evidence, name: str) -> Fix | None:
    """Return what gives the only container that has the site's other name, with or without "www.",
    both of them; None if no container has it."""
    # Imported late: few names lack a container.
    from checks.nginx._sibling_names import sibling_name

    sibling = sibling_name(Nginx.of(evidence))
    other = sibling.name if sibling else ""
    meant = [with_name for with_name in _with_names(evidence) if other and other in with_name[1]]
    if sibling is None or len(meant) != 1:
        return None
    container, names = meant[0]
    settings = _added(evidence, container, names, name)
    if sibling.is_covered and "LETSENCRYPT_HOST" not in settings:
        # Its file is looked for by the name of each host, unless this variable names it.
        settings["CERT_NAME"] = posixpath.basename(sibling.path).removesuffix(".crt")
    return virtual_fix(evidence, _STEP, container, settings)


def _named_otherwise(evidence: Evidence, name: str) -> list[tuple[Container, dict[str, str]]]:
    """Return the only container that gives nginx-proxy names, or the only one whose names nobody
    can visit from elsewhere, with the variables that have the name besides; [] if several are."""
    named = list(_with_names(evidence))
    inner = [each for each in named if not any(map(is_public_name, each[1]))]
    meant = inner or named
    if len(meant) != 1:
        return []
    container, names = meant[0]
    return [(container, _added(evidence, container, names, name))]


def _with_names(evidence: Evidence) -> Iterator[tuple[Container, list[str]]]:
    """Yield the containers that run and give nginx-proxy names, with these."""
    for containers in evidence.good(Containers):
        for container in containers.running:
            text = compose_text(evidence, container)
            if names := [*filter(None, virtual_names(text, container, "VIRTUAL_HOST"))]:
                yield container, names


def _added(evidence: Evidence, container: Container, names: list[str], name: str) -> dict[str, str]:
    """Return the variables that have this name beside those that are there. The companion orders a
    certificate for the names that it is told, where it runs."""
    settings = {"VIRTUAL_HOST": ",".join((*names, name))}
    text = compose_text(evidence, container)
    ordered = [*filter(None, virtual_names(text, container, "LETSENCRYPT_HOST"))]
    if ordered or any(
        COMPANION.search(each.image)
        for containers in evidence.good(Containers)
        for each in containers.running
    ):
        settings["LETSENCRYPT_HOST"] = ",".join((*ordered, name))
    return settings


def _loading(evidence: Evidence, name: str) -> Fix | None:
    """Return what starts the only container whose compose file has the name, or makes it anew: one
    that runs has the environment with which it was made."""
    named = [
        container
        for containers in evidence.good(Containers)
        for container in containers.containers
        if name in virtual_names(compose_text(evidence, container), container, "VIRTUAL_HOST")
    ]
    if len(named) != 1:
        return None
    words = up_commands(named[0])
    if named[0].stopped and not words:
        words = (commands.start_container(named[0].engine, named[0].name),)
    return Fix(words, Applicability.REVIEW) if words else None


def _unnamed(evidence: Evidence, name: str) -> Iterator[tuple[Container, dict[str, str]]]:
    """Yield the containers that give nginx-proxy no name, in a network of its own, with the
    variables that one of them needs. A port of a database is no site's."""
    proxy = next(iter(evidence.good(NginxContainer)), None)
    for containers in evidence.good(Containers):
        has_companion = any(COMPANION.search(each.image) for each in containers.running)
        for container in containers.running:
            text = compose_text(evidence, container)
            is_own = _OWN_IMAGES.search(container.image) or COMPANION.search(container.image)
            is_beside = proxy is not None and {*container.networks} & {*proxy.networks}
            port = _only_port(containers, container)
            has_name = any(virtual_names(text, container, "VIRTUAL_HOST"))
            if is_own or not is_beside or not port or has_name:
                continue
            settings = {"VIRTUAL_HOST": name}
            declared = {mapping.inner for mapping in container.ports}
            if port != 80 and declared != {port}:
                settings["VIRTUAL_PORT"] = str(port)
            if has_companion:
                settings["LETSENCRYPT_HOST"] = name
            yield container, settings


def _only_port(containers: Containers, container: Container) -> int:
    """Return the only port on which a container listens for others, but for those of databases and
    the like; 0 if there is none, or if there are several."""
    ports = {
        port
        for namespace in containers.namespaces
        if namespace.container == container.id
        for _, port in namespace.sockets
        if namespace.listens(port) and port not in INNER_PORTS
    }
    return next(iter(ports)) if len(ports) == 1 else 0
