"""Routers and services that the labels of containers make for Traefik ("Traefik & Docker"). No I/O.

They have the form of the answer of its API, with the provider after each name ("shop@docker"). The
words of an error are those that Traefik writes into its log (pkg/provider/docker).
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from diagnose.model.containers import Container, Namespace
from diagnose.model.frozen import frozen
from diagnose.model.traefik import Filter
from diagnose.parsers.caddy.document import dictionary
from diagnose.parsers.sanitize import clean
from diagnose.parsers.traefik.configuration import value_of

_SECTION = re.compile(
    r"traefik\.http\.(routers|services|middlewares)\.([^.]+)(?:\.(.+))?", re.IGNORECASE
)
_TRUE = {"true", "1", "t"}


@frozen
class DockerProvider:
    """The settings of Traefik's provider of containers: whether it takes those without
    `traefik.enable`, and whether routers without a rule get the usual one, with the container's
    name. `network` is the one in which it looks for containers, "" for any."""

    takes_all: bool = True
    has_usual_rule: bool = True
    network: str = ""


def docker_provider(document: object, flags: Mapping[str, str]) -> DockerProvider | None:
    """Return the provider; None if it chooses containers in a way that is not read here."""

    def setting(name: str) -> object:
        return value_of(document, flags, "providers", "docker", name)

    choices = ("constraints", "allowEmptyServices", "swarmMode", "useBindPortIP")
    if any(str(setting(name) or "false").lower() != "false" for name in choices):
        return None
    takes_all = str(setting("exposedByDefault")).lower() != "false"
    return DockerProvider(
        takes_all, not setting("defaultRule"), clean(str(setting("network") or ""), 128)
    )


def labelled(
    containers: Sequence[Container],
    namespaces: Iterable[Namespace],
    provider: DockerProvider,
    own: str = "",
) -> dict[str, dict[str, object]]:
    """Return the routers and services of all containers. `own` is the id of Traefik's container, ""
    if it runs in none."""
    addresses = {namespace.container: namespace.addresses for namespace in namespaces}
    reached = frozenset(_network_of(address) for address in addresses.get(own, ()))
    parts: dict[str, dict[str, object]] = {"routers": {}, "services": {}, "middlewares": {}}
    for container in containers:
        labels = _Labels.of(container)
        reason = _filter(container, provider)
        if not labels.is_any and (reason or not provider.takes_all):
            continue
        services = labels.services or {_default_name(container): {}}
        has_port = reason or all(_has_port(service, container) for service in services.values())
        error = "" if has_port else "port is missing"
        for name, router in labels.routers_or(_default_name(container)):
            entry = _router(router, services, container, provider, reason, error)
            _add(parts["routers"], f"{name}@docker", entry)
        if not reason and not error:
            parts["middlewares"] |= {f"{name}@docker": {} for name in labels.middlewares}
            parts["services"] |= {
                f"{name}@docker": _service(
                    service,
                    container,
                    _reached(container, addresses.get(container.id, ()), reached),
                )
                for name, service in services.items()
            }
    _mark_missing(parts)
    return parts


def with_labels(
    parts: Mapping[str, object], labels: Mapping[str, Mapping[str, object]], is_running: bool
) -> dict[str, object]:
    """Return the routers and services of files with those of labels; or, if Traefik runs with
    `parts`, with the containers of its routers, and with routers that labels have in vain."""
    merged = {kind: dict(dictionary(parts.get(kind))) for kind in labels}
    for name, entry in labels["routers"].items():
        router, known = dictionary(entry), dictionary(merged["routers"].get(name))
        if known:
            container = {key: router[key] for key in ("container", "networks", "network")}
            merged["routers"][name] = {**known, **container}
        elif not is_running or router["filtered"] or router["error"]:
            merged["routers"][name] = router
    if not is_running:
        for kind in ("services", "middlewares"):
            merged[kind] |= labels[kind]
    return {**parts, **merged}


@frozen
class _Labels:
    """The labels of one container, by what they are about."""

    routers: dict[str, dict[str, str]]
    services: dict[str, dict[str, str]]
    middlewares: dict[str, dict[str, str]]

    @classmethod
    def of(cls, container: Container) -> "_Labels":
        sections: dict[str, dict[str, dict[str, str]]] = {}
        for label in container.labels:
            if match := _SECTION.fullmatch(label.name):
                kind, name, field = match[1].lower(), match[2], (match[3] or "").lower()
                sections.setdefault(kind, {}).setdefault(name, {})[field] = label.value
        return cls(*(sections.get(kind, {}) for kind in ("routers", "services", "middlewares")))

    @property
    def is_any(self) -> bool:
        return bool(self.routers or self.services)

    def routers_or(self, name: str) -> Iterator[tuple[str, dict[str, str]]]:
        """Return the routers; a container without one gets one of its own name."""
        yield from self.routers.items() or {name: {}}.items()


def _default_name(container: Container) -> str:
    compose = container.compose
    name = f"{compose.service}-{compose.project}" if compose else container.name
    return re.sub(r"[^A-Za-z0-9]+", "-", name)


def _filter(container: Container, provider: DockerProvider) -> Filter:
    if container.stopped:
        return "stopped"
    enable = _value(container, "traefik.enable").lower()
    is_enabled = enable in _TRUE if enable else provider.takes_all
    if not is_enabled:
        return "not_enabled"
    return "unhealthy" if container.checks_health else ""


def _port(service: Mapping[str, str], container: Container) -> int:
    """Return the port that Traefik connects to: that of the label, or the lowest one of the
    container; 0 if it has none."""
    own = service.get("loadbalancer.server.port", "")
    if own.isascii() and own.isdigit():
        return int(own)
    return min((mapping.inner for mapping in container.ports), default=0)


def _has_port(service: Mapping[str, str], container: Container) -> bool:
    return bool(_port(service, container) or "loadbalancer.server.url" in service)


def _network_of(address: str) -> str:
    """Return the network of an address, as engines make them: of 16 bits (docker's pools)."""
    return ".".join(address.split(".")[:2]) if address.count(".") == 3 else ""


def _reached(container: Container, addresses: Sequence[str], networks: frozenset[str]) -> str:
    """Return the address of a container with one network, or of several addresses the only one in a
    network of Traefik; "" if it is not known."""
    near = [address for address in addresses if _network_of(address) in networks - {""}]
    reached = near if len(addresses) > 1 else list(addresses) * (len(container.networks) == 1)
    return reached[0] if len(reached) == 1 and ":" not in reached[0] else ""


def _service(service: Mapping[str, str], container: Container, address: str) -> dict[str, object]:
    """Return a service with its address, if that is known."""
    url = service.get("loadbalancer.server.url", "")
    if not url and address:
        scheme = service.get("loadbalancer.server.scheme", "http")
        url = f"{scheme}://{address}:{_port(service, container)}"
    return {"loadBalancer": {"servers": [{"url": url}]}} if url else {}


def _router(
    router: Mapping[str, str],
    services: Mapping[str, object],
    container: Container,
    provider: DockerProvider,
    reason: Filter,
    error: str,
) -> dict[str, object]:
    rule = router.get("rule", "")
    if not rule and provider.has_usual_rule:
        rule = f"Host(`{_default_name(container)}`)"
    own = router.get("service", "")
    service = own or (next(iter(services)) if len(services) == 1 else "")
    if not service and not error:
        error = "Could not define the service name for the router: too many services"
    # `tls=true`, and every label below `tls`, turn it on.
    below = any(field.startswith("tls.") for field in router)
    has_tls = below or router.get("tls", "false").lower() in _TRUE
    resolver = router.get("tls.certresolver", "")
    return {
        "rule": rule,
        "entryPoints": _list(router.get("entrypoints", "")),
        "middlewares": [_named(name) for name in _list(router.get("middlewares", ""))],
        "service": _named(service),
        "tls": ({"certResolver": resolver} if resolver else {}) if has_tls else None,
        "error": [error] if error and not reason else [],
        "filtered": reason,
        "container": container.name,
        "networks": list(container.networks),
        "network": _value(container, "traefik.docker.network") or provider.network,
    }


def _value(container: Container, name: str) -> str:
    values = (label.value for label in container.labels if label.name.lower() == name)
    return next(values, "")


def _list(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()][:50]


def _named(name: str) -> str:
    return name if not name or "@" in name else f"{name}@docker"


def _add(routers: dict[str, object], name: str, entry: dict[str, object]) -> None:
    """Add a router. Two of one name that differ are none; replicas of a service are equal."""
    before = routers.get(name)
    if not isinstance(before, dict) or before["filtered"]:
        routers[name] = entry
    elif not entry["filtered"] and {**entry, "container": ""} != {**before, "container": ""}:
        words = "Router defined multiple times with different configurations"
        routers[name] = {**entry, "error": [words]}


def _mark_missing(parts: dict[str, dict[str, object]]) -> None:
    """Write into a router what it names of this provider and no container has."""
    for entry in parts["routers"].values():
        if not isinstance(entry, dict) or entry["filtered"] or entry["error"]:
            continue
        kinds = (("service", [entry["service"]]), ("middleware", entry["middlewares"]))
        entry["error"] = [
            f'the {kind} "{name}" does not exist'
            for kind, names in kinds
            for name in names
            if str(name).endswith("@docker") and name not in parts[f"{kind}s"]
        ]
