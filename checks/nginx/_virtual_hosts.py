"""The remedy for a name that a container gives to nginx-proxy in its environment."""

from collections.abc import Iterator

from checks.listener._compose_edits import compose_text
from checks.upstream._container_names import virtual_fix
from diagnose.model import Evidence, Fix
from diagnose.model.containers import Container, Containers
from diagnose.parsers.compose_variables import variable_of

_STEP = "set-the-virtual-host"
#: The variables of nginx-proxy and of its companion that hold names, separated by commas.
_VARIABLES = ("VIRTUAL_HOST", "LETSENCRYPT_HOST")


def virtual_host_fix(evidence: Evidence, mistyped: str, name: str) -> Fix:
    """Write the visited name in the place of the mistyped one, in the compose file of the only
    container that has that; the step for a person where that is not possible."""
    found = list(_changes(evidence, mistyped, name)) if mistyped else []
    container, settings = found[0] if len(found) == 1 else (None, {})
    return virtual_fix(evidence, _STEP, container, settings)


def _changes(
    evidence: Evidence, mistyped: str, name: str
) -> Iterator[tuple[Container, dict[str, str]]]:
    for containers in evidence.good(Containers):
        for container in containers.running:
            text, compose = compose_text(evidence, container), container.compose
            settings = {}
            for variable in _VARIABLES:
                value = variable_of(text, compose.service, variable) if compose and text else None
                names = [each.strip() for each in (value or "").split(",")]
                if mistyped in names:
                    settings[variable] = ",".join(
                        name if each == mistyped else each for each in names
                    )
            if "VIRTUAL_HOST" in settings:
                yield container, settings
