"""Why a router of Traefik that is for a path does not take it, beside its priority: it has no
`tls`, is on another entry point, names a service that is nowhere, or compares the whole path
("Routers"). And a router that takes more than its path, because one part of its rule is enough.
"""

import re
from dataclasses import replace
from typing import Literal

from checks.server import ServerView
from checks.server._traefik_corrections import Correction, is_public_name
from checks.server._traefik_edits import correction, major_version
from diagnose.model.frozen import frozen
from diagnose.model.traefik import EntryPoint, Router, TraefikState
from diagnose.parsers.server_request import ServerRequest
from diagnose.parsers.traefik.rules import rule_holds

Fault = Literal["by_priority", "by_error", "no_tls", "no_point", "exact", "either"]

_REASONS: dict[Fault, str] = {"by_error": "errors", "no_tls": "plain", "no_point": "entry_point"}
#: The start page is not all that is below it.
_WHOLE_PATH = re.compile(r"(?<![\w!])Path\((?![^()]{0,300}[`\"]/[`\"])")
#: The name of a site, or one path.
_EITHER = re.compile(r"\s*(Host\(`[^`]{1,253}`\))\s*\|\|\s*(Path(?:Prefix)?\(`[^`]{1,300}`\))\s*")


@frozen
class PassedRouter:
    """A router that does not get a request which is meant for it, why, and the correction; None if
    a person has to know it."""

    router: Router
    fault: Fault
    correction: Correction | None = None


def lacking_router(
    view: ServerView,
    state: TraefikState,
    pair: tuple[Router, Router],
    point: EntryPoint,
    request: ServerRequest,
) -> PassedRouter | None:
    """Return the first router of a pair if it is for the path of a request, more closely than the
    second, and would get it but for one fault."""
    router, winner = pair
    meant = router.rule
    faults: list[Fault] = ["by_error"] if router.status == "disabled" else []
    if router.filtered or "@internal" in f"{router.name}{router.service}":
        return None
    if point.name not in router.entry_points:
        faults.append("no_point")
    elif (router.tls or point.tls) is not request.tls:
        faults.append("no_tls")
    if rule_holds(router.rule, request, major_version(view)) is False:
        meant = _WHOLE_PATH.sub("PathPrefix(", router.rule)
        faults.append("exact")
    if len(faults) != 1 or not request.tls or router.service == winner.service:
        return None
    if not _is_preferred(router, meant, winner):
        return None
    if rule_holds(meant, request, major_version(view)) is not True:
        return None
    if faults == ["no_point"] and not all(
        is_public_name(name, point.name) for name in router.entry_points
    ):
        return None  # one of another name may be closed on purpose
    if faults == ["by_error"] and not any("does not exist" in error for error in router.errors):
        return None
    return PassedRouter(router, faults[0], _correction(view, state, router, point, faults[0]))


def _is_preferred(router: Router, meant: str, winner: Router) -> bool:
    """Return whether a router with this rule is for a path, and would win."""
    is_closer = "Path" in meant.replace("PathPrefix(`/`)", "")
    is_written = router.priority not in {0, len(router.rule)}
    return is_closer and (router.priority if is_written else len(meant)) > winner.priority


def _correction(
    view: ServerView, state: TraefikState, router: Router, point: EntryPoint, fault: Fault
) -> Correction | None:
    if fault == "exact":
        meant = _WHOLE_PATH.sub("PathPrefix(", router.rule)
        return Correction("rule", router.rule, meant, is_sure=False)
    return correction(view, state, router, point, _REASONS[fault])


def too_wide_router(
    view: ServerView, winner: Router, others: list[Router], request: ServerRequest
) -> PassedRouter | None:
    """Return the only other router that takes a request, and the correction of the one which gets
    it, if that takes every path of the name beside its own."""
    match = _EITHER.fullmatch(winner.rule)
    if match is None or len(others) != 1 or others[0].service == winner.service:
        return None
    if not others[0].has_name:
        return None  # a router for all that is left is no site of the name
    both = f"{match[1]} && {match[2]}"
    narrowed = replace(winner, rule=both)
    if rule_holds(narrowed.rule, request, major_version(view)) is not False:
        return None
    own = Correction("rule", winner.rule, both, is_sure=False)
    return PassedRouter(others[0], "either", own)
