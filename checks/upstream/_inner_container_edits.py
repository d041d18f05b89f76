"""The edit by which the nginx of a container, behind the server's own, tells an application the
visitor's origin: in its file on the server, or by a copy of it."""

from collections.abc import Mapping

from checks.nginx import _location_edits
from checks.nginx._container_edits import container_steps, nginx_in
from checks.nginx._edits import Changes
from checks.upstream._origins import FormRoute
from diagnose.checking.container_fixes import nginx_container
from diagnose.model import Applicability, Command, Edit, Fix


def edits_in_container(
    route: FormRoute, headers: Mapping[str, str], outer_steps: tuple[Edit | Command, ...]
) -> Fix | None:
    """Return the edits and the reload in the container, then the steps for the outer nginx; None if
    a file was not read, or the outer nginx is in a container as well and has steps of its own."""
    evidence = route.nginx.evidence
    inner = nginx_in(evidence, route.container)
    if inner is None or (outer_steps and nginx_container(evidence)):
        return None
    changes: Changes = {}
    lines = _location_edits.header_lines(inner, route.match, headers, changes)
    _location_edits.insert_lines(inner, route.match, lines, changes)
    steps = container_steps(evidence, inner, route.container, changes)
    return Fix((*steps, *outer_steps), Applicability.REVIEW) if steps else None
