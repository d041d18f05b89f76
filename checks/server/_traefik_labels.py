"""What the labels of a container should say to Traefik: the edit of its compose file, and what
makes the container anew, for labels stay as a container was made ("Traefik & Docker")."""

from collections.abc import Mapping

from checks.listener._compose_edits import ComposeEdit, compose_steps
from diagnose.model import Applicability, Evidence, Fix
from diagnose.model.containers import Container, Containers
from diagnose.model.traefik import Router, TraefikState


def labels_fix(evidence: Evidence, name: str, labels: Mapping[str, str]) -> Fix | None:
    """Return the remedy that gives a container these labels; None if its compose file is not known
    or has another form than that of most."""
    container = _container(evidence, name) if labels else None
    if container is None:
        return None
    own = {label.name.lower(): label.name for label in container.labels}
    written = {own.get(label.lower(), label): value for label, value in labels.items()}
    steps = compose_steps(evidence, (container, _change(written)))
    return Fix(steps, Applicability.REVIEW) if steps else None


def service_fix(evidence: Evidence, fields: Mapping[str, str]) -> Fix | None:
    """Return the remedy that writes these fields ("server.port") of the service that gets the
    page's requests; None if no label of a container names it."""
    router = _taking_router(evidence)
    container = _container(evidence, router.container) if router else None
    if router is None or container is None:
        return None
    prefix = f"traefik.http.services.{router.service.partition('@')[0]}."
    labels = {f"{prefix}loadbalancer.{field}": value for field, value in fields.items()}
    return labels_fix(evidence, container.name, labels)


def service_of_name(evidence: Evidence, router: Router) -> str:
    """Return the service with the router's name that the container's labels have; "" if they have
    none."""
    container = _container(evidence, router.container)
    name = router.name.partition("@")[0]
    prefix = f"traefik.http.services.{name}.".lower()
    labels = container.labels if container else ()
    return name if any(label.name.lower().startswith(prefix) for label in labels) else ""


def _taking_router(evidence: Evidence) -> Router | None:
    """Return the only router that takes the page, if a container has it."""
    port = evidence.target.port
    taking = [
        router
        for state in evidence.good(TraefikState)
        for names in [{point.name for point in state.points if point.port == port}]
        for router in state.routers
        if router.status == "enabled" and names & {*router.entry_points} and router.takes
    ]
    return taking[0] if len(taking) == 1 and taking[0].container else None


def _container(evidence: Evidence, name: str) -> Container | None:
    lists = (
        container for containers in evidence.good(Containers) for container in containers.containers
    )
    return next((each for each in lists if each.name == name), None)


def _change(labels: Mapping[str, str]) -> ComposeEdit:
    def change(text: str, service: str) -> str:
        # Imported late: few sites have a compose file.
        from diagnose.parsers.compose_variables import with_label

        for name, value in labels.items():
            text = with_label(text, service, name, value) if text else ""
        return text

    return change
