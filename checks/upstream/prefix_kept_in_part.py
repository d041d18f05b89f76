"""nginx takes the whole prefix of a location off, or none of it, and the application has its paths
below the last folders of that prefix: `location /chat/api` in front of a program that serves
"/api/…" (ngx_http_proxy_module, proxy_pass: the part that matches the location is replaced by the
path of the directive).

The evidence is the application itself, asked for each of the paths: it answers one, and says 404 to
the others and to one beside it that nobody has made.
"""

from collections.abc import Iterator

from checks.nginx import Nginx, _location_edits
from checks.nginx._edits import Changes, config_edits
from checks.upstream._comparisons import CONSEQUENCES, comparison_claim, decided_by
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Manual, Severity, Where
from diagnose.model.http import Exchange
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.requests import ComparedRequest
from diagnose.parsers.nginx import edits, upstreams
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.inner_paths import INNER
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern, proxy_pass_of
from diagnose.parsers.nginx.upstreams import ProxyTarget
from diagnose.parsers.upstream_answers import is_catch_all


@check(
    severity=Severity.ERROR,
    needs=[Exchange, NginxConfig, ComparedRequest],
    explains=[
        *CONSEQUENCES,
        "http.answer-says-why",
        "http.last-slash",
        "http.page-file-missing",
        "upstream.own-answer",
        "upstream.wrong-path",
    ],
)
def prefix_kept_in_part(evidence: Evidence) -> Iterator[Claim]:
    for nginx, match, change in decided_by(evidence, "path"):
        directive, pattern = proxy_pass_of(match), location_pattern(match.block)
        variables = upstreams.request_variables(nginx.evidence.target)
        proxy = upstreams.proxy_target_of(match, variables)
        request = change.request
        if directive is None or proxy is None or pattern is None or request.name != INNER:
            continue
        if change.status != 404 or is_catch_all(evidence.of(ComparedRequest), request):
            continue
        removed = nginx.evidence.target.path.removesuffix(request.value)
        kept = pattern.text.removeprefix(removed)
        yield comparison_claim(
            nginx,
            match,
            change,
            directive,
            {"target": directive.args[0], "removed": removed, "kept": kept},
            _fix(nginx, match, directive, proxy, kept),
            # That the application has the path does not show that it is the one that is meant.
            confidence=Confidence.LIKELY,
        )


def _fix(
    nginx: Nginx, match: LocationMatch, directive: Directive, proxy: ProxyTarget, kept: str
) -> Fix:
    """Write the part that is to stay as the path of proxy_pass: it replaces the whole prefix, also
    where nothing follows it."""
    changes: Changes = {}
    written = directive.args[0]
    is_plain = "$" not in written and written.endswith(proxy.uri or "")
    if is_plain and kept.startswith("/") and not children(match.block, "rewrite"):
        line = f"proxy_pass {written.removesuffix(proxy.uri or '')}{kept};"
        changes[directive.file] = [edits.replace_directive(directive, line)]
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return Fix((Manual("keep-the-part", Where.SERVER),), Applicability.MANUAL)
    return _location_edits.location_fix(nginx, match, file_edits, sure=False)
