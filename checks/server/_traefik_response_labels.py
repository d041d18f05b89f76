"""The labels of containers by which Traefik sends fields of its responses ("Traefik & Docker")."""

import re
from collections.abc import Iterable

from checks.server._traefik_fields import label_options
from diagnose.model import Evidence
from diagnose.model.containers import Container, ContainerLabel, Containers


def response_label(
    evidence: Evidence, name: str, values: Iterable[str]
) -> tuple[Container, ContainerLabel] | None:
    """Return the only label by which Traefik sends a field with one of these values, and its
    container; None if there is none, or more than one."""
    options = "|".join(map(re.escape, label_options(name)))
    pattern = re.compile(rf"(?i)traefik\.http\.middlewares\.[^.]+\.headers\.(?:{options})")
    wanted = {"".join(value.split()) for value in values}
    own = [
        (container, label)
        for containers in evidence.good(Containers)
        for container in containers.running
        for label in container.labels
        if pattern.fullmatch(label.name) and "".join(label.value.split()) in wanted
    ]
    return own[0] if len(own) == 1 else None
