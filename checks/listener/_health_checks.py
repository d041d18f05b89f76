"""The remedy for a container whose health check asks itself in vain, while its program listens: at
another port, or over IPv4 alone where `localhost` means `::1` (BusyBox's wget asks that alone)."""

import re
from collections.abc import Callable

from checks.listener._compose_edits import compose_edits, compose_text, up_commands
from diagnose.model import Applicability, Evidence, Fix
from diagnose.model.containers import Container, Containers
from diagnose.model.frozen import frozen

#: Nothing takes the connection of the test: curl, BusyBox's and GNU's wget, nc, Go, Node, Python.
_REFUSED = re.compile(
    r"refused|couldn't connect|could not connect|can't connect|failed to connect", re.IGNORECASE
)
#: The test asked `::1`, or with a program that may have tried this address alone.
_OVER_IPV6 = re.compile(r"::1|\bwget:|remote host", re.IGNORECASE)
#: The image has no such program: shells, runc.
_LACKING = re.compile(
    r"\b(curl|wget|nc|netcat|bash|python3?|node)\b[\"']?: (?:command )?(?:not found"
    r"|executable file not found|no such file)",
    re.IGNORECASE,
)
#: Docker's own name server in each container.
_NAME_SERVER = "127.0.0.11"
_EVERYWHERE = {"0.0.0.0", "127.0.0.1"}


@frozen
class HealthCorrection:
    """What the test of a container's health asks, and what it has to ask, as they are written."""

    asked: str
    right: str

    @property
    def change(self) -> Callable[[str, str], str]:
        def change(text: str, service: str) -> str:
            from diagnose.parsers.compose_health import with_asked_address

            return with_asked_address(text, service, self.asked, self.right)

        return change


def health_correction(evidence: Evidence, container: Container) -> HealthCorrection | None:
    """Return the correction of a health check in a compose file; None if it is not known."""
    words = container.last_words
    if container.compose is None or not container.unhealthy or not _may_be_refused(words):
        return None
    # Imported late: only a finding needs it.
    from diagnose.parsers.compose_health import asked_address

    asked = asked_address(compose_text(evidence, container), container.compose.service)
    sockets = _sockets(evidence, container)
    ports = {port for _, port in sockets}
    if asked is None or not ports:
        return None
    if asked.port not in ports:
        right = asked.at(asked.host, ports.pop()) if len(ports) == 1 else ""
    else:
        addresses = {address for address, port in sockets if port == asked.port}
        by_ipv6 = asked.host == "[::1]" or (
            asked.host == "localhost" and _OVER_IPV6.search(words) is not None
        )
        right = asked.at("127.0.0.1", asked.port) if by_ipv6 and addresses <= _EVERYWHERE else ""
    return HealthCorrection(asked.written, right) if right else None


def _may_be_refused(words: str) -> bool:
    """Whether the test said that nothing took its connection, or its words are not known."""
    return not words or bool(_REFUSED.search(words))


def health_facts(evidence: Evidence, container: Container | None) -> dict[str, object]:
    """Return what its test asks in vain and what it has to ask; "" if that is not known."""
    own = health_correction(evidence, container) if container else None
    return {
        "asked_health": own.asked if own else "",
        "right_health": own.right if own else "",
        "lacking_tester": _lacking_tester(evidence, container) if container else "",
    }


def health_fix(
    evidence: Evidence, container: Container, waiting: Container | None = None
) -> Fix | None:
    """Return the edit of the compose file and what makes the container anew, or the one that waits
    for it and that brings it along; None if the correction is not known. A test whose program the
    image does not have is switched off: it says nothing of the application."""
    own = health_correction(evidence, container)
    change = own.change if own else _switched_off
    is_known = own is not None or bool(_lacking_tester(evidence, container))
    edits = compose_edits(evidence, [(container, change)]) if is_known else None
    commands = up_commands(waiting or container)
    return Fix((*edits, *commands), Applicability.REVIEW) if edits and commands else None


def _lacking_tester(evidence: Evidence, container: Container) -> str:
    """Return the program of the test that the image does not have, while a program of the container
    listens; "" if that is not so, or the test cannot be switched off."""
    lacking = _LACKING.search(container.last_words) if container.unhealthy else None
    text = compose_text(evidence, container) if lacking else ""
    if lacking is None or not _sockets(evidence, container) or container.compose is None:
        return ""
    if _is_awaited(evidence, container):
        return ""
    return lacking[1] if _switched_off(text, container.compose.service) else ""


def _is_awaited(evidence: Evidence, container: Container) -> bool:
    """Whether another container waits until it is healthy: without a test that one never starts."""
    own = container.compose
    return any(
        (own.service, "service_healthy") in each.compose.conditions
        for containers in evidence.good(Containers)
        for each in containers.containers
        if own and each.compose and each.compose.project == own.project
    )


def _switched_off(text: str, service: str) -> str:
    # Imported late: only a finding needs it.
    from diagnose.parsers.compose_health import without_test

    return without_test(text, service)


def _sockets(evidence: Evidence, container: Container) -> tuple[tuple[str, int], ...]:
    """Return where the programs of a container listen; () if that is not known."""
    return tuple(
        (address, port)
        for containers in evidence.good(Containers)
        for namespace in containers.namespaces
        if namespace.container == container.id and "host" not in container.networks
        for address, port in namespace.sockets
        if address != _NAME_SERVER
    )
