"""The edit by which nginx tells an application the visitor's origin."""

from collections.abc import Iterable, Mapping

from checks.nginx import Nginx, _location_edits
from checks.nginx._edits import Changes, config_edits
from checks.upstream._origins import FormRoute, is_visited_plainly
from diagnose.model import Applicability, Command, Edit, Fix, Manual, Where
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.proxied_request import SCHEME_FIELD


def origin_fix(route: FormRoute, sure: bool = True) -> Fix:
    """Send the visitor's origin. Where another machine ends TLS, each server on the way passes on
    the scheme that this machine says; a person does it if a server cannot know that."""
    nginx, match = route.nginx, route.match
    headers = {name: route.value(name) for name in route.told.wrong_fields}
    speaks_tls = all(selected.socket.ssl for selected in nginx.selected_servers())
    changes: Changes = {}
    if route.container:
        fix = _fix_in_container(route, headers) if speaks_tls else None
        return fix or Fix((Manual("pass-the-origin", Where.SERVER),), Applicability.MANUAL)
    if route.plain is not None and (passing := _fix_behind_a_balancer(route)):
        return passing
    if speaks_tls or is_visited_plainly(nginx.evidence):
        lines = _location_edits.header_lines(nginx, match, headers, changes)
        _location_edits.insert_lines(nginx, match, lines, changes)
        if route.outer and SCHEME_FIELD in headers:
            _tell_inner_block(nginx, route.outer, changes)
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return Fix((Manual("pass-the-origin", Where.SERVER),), Applicability.MANUAL)
    return _location_edits.location_fix(nginx, match, file_edits, sure)


def page_origin_steps(
    nginx: Nginx, match: LocationMatch, names: Iterable[str]
) -> tuple[Edit | Command | Manual, ...]:
    """Return the steps that tell the application of a location these fields of the visitor; () if
    nginx does not speak TLS itself, or if its files cannot be edited."""
    variables = {SCHEME_FIELD: "$scheme"}
    host = _location_edits.host_variable(nginx.evidence.target)
    headers = {name: variables.get(name, host) for name in names}
    if not all(selected.socket.ssl for selected in nginx.selected_servers()):
        return ()
    changes: Changes = {}
    lines = _location_edits.header_lines(nginx, match, headers, changes)
    _location_edits.insert_lines(nginx, match, lines, changes)
    file_edits = config_edits(nginx, changes)
    return _location_edits.location_fix(nginx, match, file_edits).steps if file_edits else ()


def _fix_behind_a_balancer(route: FormRoute) -> Fix | None:
    if route.plain is None or tuple(route.told.wrong_fields) != (SCHEME_FIELD,):
        return None
    # Imported late: few sites have such a form.
    from checks.upstream._hop_edits import scheme_fix
    from checks.upstream._hops import hops_to, scheme_losses

    evidence = route.nginx.evidence
    hops = hops_to(evidence, route.plain)
    losses = scheme_losses(evidence, hops, is_elsewhere=True) if hops else None
    return scheme_fix(evidence, losses, hops[0], is_elsewhere=True) if losses else None


def _fix_in_container(route: FormRoute, headers: Mapping[str, str]) -> Fix | None:
    # Imported late: few sites have such a container.
    from checks.nginx._commands import reload_steps
    from checks.upstream._inner_container_edits import edits_in_container

    changes: Changes = {}
    if route.outer and SCHEME_FIELD in headers:
        _tell_inner_block(route.nginx, route.outer, changes)
    outer_edits = config_edits(route.nginx, changes)
    outer_steps: tuple[Edit | Command, ...] = outer_edits
    if outer_edits:
        outer_steps = (*outer_edits, *reload_steps(route.nginx))
    return edits_in_container(route, headers, outer_steps)


def _tell_inner_block(nginx: Nginx, outer: LocationMatch, changes: Changes) -> None:
    """Let the visitors' block say the scheme that the block behind it is to pass on."""
    if not _location_edits.sends_field(nginx, outer, SCHEME_FIELD):
        lines = _location_edits.header_lines(nginx, outer, {SCHEME_FIELD: "$scheme"}, changes)
        _location_edits.insert_lines(nginx, outer, lines, changes)
