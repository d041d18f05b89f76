"""Balancers of Apache and Caddy that do not send a client to the same member again, and the edit
that does (mod_proxy_balancer, "stickysession"; Caddyfile Directives, "lb_policy")."""

import re

from checks.server import (
    ServerView,
    file_rows,
    indentation,
    line_edit,
    reload_steps,
    server_on_port,
)
from checks.server import place_text as place_of
from checks.server._apache_modules import loading_steps
from checks.server._backend_answers import route_to_application
from checks.server._caddy_proxy_lines import policy_edit, policy_of
from diagnose.model import (
    Applicability,
    Evidence,
    Fix,
    Manual,
    Observation,
    Step,
    Where,
)
from diagnose.model.frozen import frozen
from diagnose.model.web_servers import SiteRoute

#: Caddy's policies with which each request may go to another member; the first is the default.
_TURNS = ("random", "random_choose", "round_robin", "weighted_round_robin", "least_conn")
_MEMBER = re.compile(r"(?i)\s*BalancerMember\s+\S")
#: The cookie that Apache's own documentation uses ("Examples of a balancer configuration").
_COOKIE = "ROUTEID"
_FIELD = (
    f'Header add Set-Cookie "{_COOKIE}=.%{{BALANCER_WORKER_ROUTE}}e; path=/" '
    "env=BALANCER_ROUTE_CHANGED"
)


@frozen
class UnstickyMembers:
    """A route to several members that take turns."""

    view: ServerView
    route: SiteRoute
    name: str
    place: str
    steps: tuple[Step, ...]
    is_chosen: bool = False

    @property
    def kind(self) -> str:
        return "reverse_proxy" if self.view.server.product == "caddy" else "Proxy"

    @property
    def observations(self) -> tuple[Observation, ...]:
        return (self.view.config,) if self.view.config else ()

    def fix(self, sure: bool) -> Fix:
        """Let a cookie choose the member. A policy of its own line may have been chosen on
        purpose: then it is for review."""
        if not self.steps:
            return Fix((Manual("sticky", Where.SERVER),), Applicability.MANUAL)
        applicability = (
            Applicability.AUTOMATIC if sure and not self.is_chosen else Applicability.REVIEW
        )
        return Fix((*self.steps, *reload_steps(self.view.server)), applicability)


def unsticky_members(evidence: Evidence, path: str) -> UnstickyMembers | None:
    """Return the members of a path behind Apache or Caddy, if they take turns."""
    view, own = server_on_port(evidence), path.partition("?")[0]
    if view is None:
        return None
    route = route_to_application(view, own, True) or route_to_application(view, own)
    if route is None or len(route.members) < 2:
        return None
    if view.server.product == "caddy":
        return _of_caddy(view, route)
    return _of_apache(view, route) if view.server.product == "apache" else None


def _of_caddy(view: ServerView, route: SiteRoute) -> UnstickyMembers | None:
    policy = policy_of(view, route)
    if policy is None or (policy or _TURNS[0]) not in _TURNS:
        return None
    edit = policy_edit(view, route, "cookie")
    name, place = " ".join(route.members), place_of(route.file, route.line)
    return UnstickyMembers(view, route, name, place, (edit,) if edit else (), bool(policy))


def _of_apache(view: ServerView, route: SiteRoute) -> UnstickyMembers | None:
    """Return the balancer of a route, whose section has its members alone."""
    name = re.match(r"balancer://[\w.-]{1,200}", route.target)
    if name is None or view.config is None:
        return None
    texts = [file.text for file in view.config.files]
    if any(re.search(r"(?i)\bstickysession=", text) for text in texts):
        return None
    head = re.compile(rf"(?i)\s*<Proxy\s+\"?{re.escape(name[0])}/?\"?\s*>\s*")
    places = [
        (file.path, number)
        for file in view.config.files
        for number, row in enumerate(file_rows(view, file), 1)
        if head.fullmatch(row[:400])
    ]
    if len(places) != 1:
        return UnstickyMembers(view, route, name[0], place_of(route.file, route.line), ())
    path, number = places[0]
    steps = _balancer_steps(view, path, number, len(route.members))
    return UnstickyMembers(view, route, name[0], place_of(path, number), steps)


def _balancer_steps(view: ServerView, path: str, head: int, count: int) -> tuple[Step, ...]:
    """Return the steps that give each member a name and a client the cookie of its member; () if
    the section is written in another way, or the module of the field cannot be loaded here."""
    file = view.config.file(path) if view.config else None
    rows = file_rows(view, file) if file else ()
    changes: dict[int, tuple[str, ...]] = {}
    for number, row in enumerate(rows[head:], head + 1):
        if row.strip().lower() == "</proxy>":
            break
        if _MEMBER.match(row):
            if re.search(r"(?i)\sroute=", row):
                return ()
            changes[number] = (f"{row.rstrip()} route={len(changes) + 1}",)
    if len(changes) != count:
        return ()
    first = min(changes)
    indent = indentation(rows[first - 1])
    last = max(changes)
    changes[last] = (*changes[last], f"{indent}ProxySet stickysession={_COOKIE}", indent + _FIELD)
    edit = line_edit(view, path, changes)
    loading = loading_steps(view, ("headers",))
    return (*loading, edit) if edit and loading is not None else ()
