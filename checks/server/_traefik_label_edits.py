"""What a label of a container should say in the place of a name that Traefik does not know: of an
entry point, a middleware or a service ("Traefik & Docker", "Provider Namespace")."""

import difflib
import re
from collections.abc import Iterator, Sequence

from checks.server import ServerView
from checks.server._traefik_corrections import (
    GUARD,
    LIKENESS,
    NO_POINT,
    NOWHERE,
    POINTS,
    Correction,
    is_public_name,
)
from diagnose.model.containers import Container, Containers
from diagnose.model.traefik import EntryPoint, Router

_MIDDLEWARE = re.compile(r"traefik\.http\.middlewares\.([^.]+)\.", re.IGNORECASE)
_SERVICE = re.compile(r"traefik\.http\.services\.([^.]+)\.", re.IGNORECASE)


def label_correction(
    view: ServerView, router: Router, point: EntryPoint, defined: Sequence[str]
) -> Correction | None:
    """Return the correction of the label that has the name; None if it is not known. `defined` are
    the middlewares of Traefik's files."""
    containers = [each for known in view.evidence.good(Containers) for each in known.running]
    own = next((container for container in containers if container.name == router.container), None)
    error = router.errors[0] if router.errors else ""
    if own is None:
        return None
    if match := NO_POINT.search(error):
        names = _names(own, router, "entrypoints")
        wanted = [point.name if name == match[1] else name for name in names]
        value = ", ".join(dict.fromkeys(wanted))
        is_sure = is_public_name(match[1], point.name)
        own_names = Correction(POINTS, match[1], value, is_sure=is_sure)
        return own_names if match[1] in names else None
    match = NOWHERE.search(error)
    if match is None:
        return None
    if match[1] == "service":
        services = {*_declared([own], _SERVICE)}
        is_own = len(services) == 1 and match[3] == "docker"
        return Correction("service", match[2], services.pop()) if is_own else None
    right, is_sure = _middleware(match[2], match[3], defined, containers)
    names = _names(own, router, "middlewares")
    wrong = {match[2], f"{match[2]}@{match[3]}"}
    if not right or not wrong & {*names}:
        return None
    value = ",".join(right if name in wrong else name for name in names)
    return Correction("middlewares", ",".join(names), value, is_sure=is_sure)


def _middleware(
    name: str, provider: str, defined: Sequence[str], containers: Sequence[Container]
) -> tuple[str, bool]:
    """Return the middleware that is meant, with its provider, and whether the name is the same; ""
    if it is not known. One that closes the site is taken by its own name alone."""
    labels = [*_declared(containers, _MIDDLEWARE)]
    known = {each: f"{each}@file" for each in defined} | {
        label: f"{label}@docker" for label in labels
    }
    if name in known and known[name] != f"{name}@{provider}":
        return known[name], True
    near = difflib.get_close_matches(name, sorted(known), 2, LIKENESS)
    is_near = len(near) == 1 and near[0] != name and not GUARD.search(name)
    return (known[near[0]], False) if is_near else ("", False)


def _declared(containers: Sequence[Container], pattern: re.Pattern[str]) -> Iterator[str]:
    for container in containers:
        for label in container.labels:
            if match := pattern.match(label.name):
                yield match[1]


def _names(container: Container, router: Router, field: str) -> list[str]:
    """Return the names in the list of a label of the router."""
    own = f"traefik.http.routers.{router.name.partition('@')[0]}.{field}".lower()
    values = (label.value for label in container.labels if label.name.lower() == own)
    return [name.strip() for name in next(values, "").split(",") if name.strip()]
