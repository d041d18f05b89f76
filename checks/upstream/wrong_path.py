"""nginx asks the application for another path than it serves: proxy_pass with a path cuts the
location's prefix off, and without one keeps it (ngx_http_proxy_module, proxy_pass).

An application that is configured for a sub-path answers 404, or redirects for ever, if the prefix
is cut off; one that is not configured for it answers 404 if it is kept. The evidence is the
application itself, asked for both paths.
"""

from collections.abc import Iterator

from checks.nginx import Nginx, _location_edits
from checks.nginx._edits import Changes, config_edits
from checks.upstream._comparisons import (
    CONSEQUENCES,
    DecisiveChange,
    comparison_claim,
    decided_by,
)
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Manual, Severity, Where
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.requests import ComparedRequest
from diagnose.parsers.nginx import edits, upstreams
from diagnose.parsers.nginx.locations import (
    LocationMatch,
    all_locations,
    location_pattern,
    proxy_pass_of,
)
from diagnose.parsers.nginx.upstreams import ProxyTarget


@check(severity=Severity.ERROR, needs=[ComparedRequest, NginxConfig], explains=CONSEQUENCES)
def wrong_path(evidence: Evidence) -> Iterator[Claim]:
    for nginx, match, change in decided_by(evidence, "path"):
        target = evidence.target
        directive = proxy_pass_of(match)
        proxy_target = upstreams.proxy_target_of(match, upstreams.request_variables(target))
        is_cut = change.request.value == target.path
        is_about_path = change.status == 404 or (is_cut and change.is_loop)
        if directive is None or proxy_target is None or not is_about_path:
            continue
        if is_cut and proxy_target.uri is None:
            # A `rewrite` has cut the prefix off: somebody wanted it.
            continue
        if not is_cut and not _is_whole_site(nginx, proxy_target, change.request):
            continue
        yield comparison_claim(
            nginx,
            match,
            change,
            directive,
            {"cut": is_cut, "kept": not is_cut, "target": directive.args[0]},
            _fix(nginx, match, change, directive, is_cut),
            # A page at "/" shows that the application works there, not that it is meant here.
            confidence=None if is_cut else Confidence.LIKELY,
        )


def _is_whole_site(nginx: Nginx, proxy_target: ProxyTarget, request: ComparedRequest) -> bool:
    """Return whether the application serves the path without the prefix and belongs to this
    location alone.

    One that another location forwards to as well keeps the prefix on purpose. At its root only a
    page shows that the application has anything there.
    """
    is_page = request.status == 200 and (request.is_html or request.value.partition("?")[0] != "/")
    variables = upstreams.request_variables(nginx.evidence.target)
    others = (
        upstreams.proxy_target_of(match, variables)
        for selected in nginx.selected_servers()
        for match in all_locations(selected.server)
    )
    endpoints = {str(endpoint) for endpoint in proxy_target.endpoints}
    return is_page and not any(
        other is not None
        and other.directive is not proxy_target.directive
        and endpoints & {str(endpoint) for endpoint in other.endpoints}
        for other in others
    )


def _fix(
    nginx: Nginx, match: LocationMatch, change: DecisiveChange, directive: Directive, is_cut: bool
) -> Fix:
    """Edit proxy_pass, to be reviewed: other pages of the location get another path as well."""
    changes: Changes = {}
    if is_cut:
        _location_edits.pass_whole_path(match, changes)
    else:
        _cut_prefix(match, directive, changes)
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return Fix((Manual("change-the-path", Where.SERVER),), Applicability.MANUAL)
    return _location_edits.location_fix(nginx, match, file_edits, sure=False)


def _cut_prefix(match: LocationMatch, directive: Directive, changes: Changes) -> None:
    """Add the slash to proxy_pass that replaces the prefix; only for a location that ends with one,
    because otherwise two slashes would follow each other."""
    pattern = location_pattern(match.block)
    is_prefix = pattern is not None and pattern.modifier in {"", "^~"}
    if is_prefix and pattern and pattern.text.endswith("/") and "$" not in directive.args[0]:
        line = f"proxy_pass {directive.args[0]}/;"
        changes.setdefault(directive.file, []).append(edits.replace_directive(directive, line))
