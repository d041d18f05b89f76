"""How the server in front tells an application its sub-folder: in a field that it reads, or not at
all."""

from checks.http._filter_lines import filter_lines, redirect_lines
from checks.http._folders import cut_prefix
from checks.http._known_application import own_setting
from checks.nginx import Nginx
from checks.nginx._edits import Changes, config_edits
from checks.nginx._location_edits import header_lines, insert_lines, location_fix
from diagnose.model import Evidence, Fix
from diagnose.model.frozen import frozen
from diagnose.model.pages import PageFileTrial
from diagnose.model.requests import PrefixTrial
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch


@frozen(eq=False)
class ForwardedPrefix:
    """The field after which the application names its files below its folder, "" if none is known;
    `filters` is True if nginx replaces the addresses in its page instead."""

    field: str = ""
    filters: bool = False
    trials: tuple[PrefixTrial, ...] = ()
    fix: Fix | None = None


def forwarded_prefix(
    evidence: Evidence, nginx: Nginx, match: LocationMatch | None, trial: PageFileTrial
) -> ForwardedPrefix:
    """Return the field that the application reads, or the lines that replace its addresses where it
    reads none of those that were tried and no setting of its own is known."""
    trials = tuple(
        prefix_trial
        for prefix_trial in evidence.good(PrefixTrial)
        if prefix_trial.page == trial.page
    )
    control = next((each for each in trials if not each.field), None)
    if match is None:
        return _forwarded_by_server(evidence, trial)
    if control is None or control.names_prefix:
        return ForwardedPrefix()
    for each in trials:
        if each.names_prefix:
            changes: Changes = {}
            lines = header_lines(nginx, match, {each.field: each.prefix}, changes)
            insert_lines(nginx, match, lines, changes)
            edits = config_edits(nginx, changes)
            fix = location_fix(nginx, match, edits, sure=False) if edits else None
            return ForwardedPrefix(each.field, False, (control, each), fix)
    is_known = bool(own_setting(evidence, "base_path", "public_url")["setting"])
    filters = None if is_known or len(trials) < 2 else _filter_fix(evidence, nginx, match, control)
    return ForwardedPrefix("", filters is not None, trials, filters)


def _forwarded_by_server(evidence: Evidence, trial: PageFileTrial) -> ForwardedPrefix:
    """Return the field where Apache, Caddy or HAProxy is in front."""
    # Imported late: only a finding behind one of these needs them.
    from checks.server import server_on_port
    from checks.server._backend_answers import route_to_application
    from checks.server._prefix_fields import helping_trials, prefix_fix

    view, trials = server_on_port(evidence), helping_trials(evidence, trial.page)
    route = route_to_application(view) if view else None
    if view is None or route is None or not trials:
        return ForwardedPrefix()
    return ForwardedPrefix(trials[1].field, False, trials, prefix_fix(view, route, trials[1]))


def _filter_fix(
    evidence: Evidence, nginx: Nginx, match: LocationMatch, control: PrefixTrial
) -> Fix | None:
    """Let nginx put the folder before the addresses in the page, and before redirects."""
    changes: Changes = {}
    lines = filter_lines(nginx, match, control.references, control.prefix, changes)
    if not lines:
        return None
    prefix = cut_prefix(evidence, match)[0]
    if prefix and not children(match.block, "proxy_redirect"):
        lines += redirect_lines(nginx, match, prefix, "")
    insert_lines(nginx, match, lines, changes)
    edits = config_edits(nginx, changes)
    return location_fix(nginx, match, edits, sure=False) if edits else None
