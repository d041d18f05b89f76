"""The line by which Apache, Caddy or HAProxy tells an application its sub-folder in a field, where
the application, asked directly, was seen to read that field."""

import re

from checks.server import ServerView, file_rows, indentation, line_edit, line_text, reload_steps
from checks.server._caddy_proxy_lines import field_edit
from checks.server._haproxy import haproxy_view, insert_after
from checks.server._scheme_lines import steps_with_headers
from diagnose.model import Applicability, Edit, Evidence, Fix, Step
from diagnose.model.requests import PrefixTrial
from diagnose.model.web_servers import SiteRoute

#: A folder that needs no quotes in any of these configurations.
_PLAIN = re.compile(r"(?:/[\w.~-]{1,60}){1,6}", re.ASCII)


def helping_trials(evidence: Evidence, page: str) -> tuple[PrefixTrial, ...]:
    """Return the control and the answer with the field that makes the page of this address name its
    files below its folder; () if none does."""
    trials = tuple(
        prefix_trial for prefix_trial in evidence.good(PrefixTrial) if prefix_trial.page == page
    )
    control = next((trial for trial in trials if not trial.field), None)
    helping = next((trial for trial in trials if trial.field and trial.names_prefix), None)
    return (control, helping) if control and helping and not control.names_prefix else ()


def prefix_fix(view: ServerView, route: SiteRoute, trial: PrefixTrial) -> Fix | None:
    """Return the fix that sends the application of a route this field for its folder alone; None
    for another server, or if a line has the field already: that is a person's."""
    files = view.config.files if view.config else ()
    is_named = any(
        trial.field.lower() in row.lower() for file in files for row in file_rows(view, file)
    )
    if is_named or not _PLAIN.fullmatch(trial.prefix):
        return None
    steps = _steps(view, route, trial)
    return Fix((*steps, *reload_steps(view.server)), Applicability.REVIEW) if steps else None


def _steps(view: ServerView, route: SiteRoute, trial: PrefixTrial) -> tuple[Step, ...]:
    field, prefix = trial.field, trial.prefix
    if view.server.product == "apache":
        pattern = prefix.replace(".", "\\.")
        line = line_text(view, route.file, route.line)
        is_below = f'"expr=%{{REQUEST_URI}} =~ m#^{pattern}(/|$)#"'
        added = f'{indentation(line)}RequestHeader set {field} "{prefix}" {is_below}'
        edit = line_edit(view, route.file, {route.line: (added, line)}) if line.strip() else None
        return steps_with_headers(view, edit)
    edit = (
        _haproxy_edit(view, field, prefix)
        if view.server.product == "haproxy"
        else field_edit(view, route, field, prefix)
        if view.server.product == "caddy"
        else None
    )
    return (edit,) if edit else ()


def _haproxy_edit(view: ServerView, field: str, prefix: str) -> Edit | None:
    """Return the edit of the frontend: a rule of the backend may have changed the path before."""
    haproxy = haproxy_view(view.evidence)
    if haproxy is None or haproxy.proxies.frontend.mode != "http":
        return None
    rule = f"http-request set-header {field} {prefix}"
    condition = f"if {{ path {prefix} }} or {{ path_beg {prefix}/ }}"
    return insert_after(view, haproxy.proxies.bind, f"{rule} {condition}")
