"""The application serves all its paths below a prefix that its settings name (the context path of
Java's web applications: `server.servlet.context-path` of Spring Boot, a folder in Tomcat's
`webapps`), or below the folder to which its first page redirects; and nginx asks without it: the
application answers 404.

The evidence is the application itself, asked with and without the prefix.
"""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._edits import Changes, config_edits
from checks.nginx._location_edits import location_fix
from checks.upstream._comparisons import CONSEQUENCES, comparison_claim, decided_by
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.http import Exchange
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.requests import ComparedRequest
from diagnose.parsers.nginx import edits, upstreams
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern, proxy_pass_of
from diagnose.parsers.upstream_answers import REDIRECT, is_catch_all


@check(severity=Severity.ERROR, needs=[Exchange, NginxConfig], explains=CONSEQUENCES)
def context_path(evidence: Evidence) -> Iterator[Claim]:
    for nginx, match, change in decided_by(evidence, "context-path"):
        directive = proxy_pass_of(match)
        if directive is None or change.status != 404:
            continue
        if is_catch_all(evidence.of(ComparedRequest), change.request) and not change.failures:
            continue
        prefix = change.request.value.removesuffix(change.request.original)
        if change.request.name == REDIRECT and _gets_there(nginx, match, prefix):
            continue
        line = _line(nginx.evidence, match, directive, prefix)
        changes: Changes = {}
        if line:
            changes[directive.file] = [edits.replace_directive(directive, line)]
        file_edits = config_edits(nginx, changes)
        manual = Fix((Manual("ask-below-the-prefix", Where.SERVER),), Applicability.MANUAL)
        yield comparison_claim(
            nginx,
            match,
            change,
            directive,
            {
                "prefix": prefix,
                "target": directive.args[0],
                "line": line,
                "redirects": change.request.name == REDIRECT,
            },
            # The other way is to let the page ask for the prefix itself.
            location_fix(nginx, match, file_edits, sure=False) if file_edits else manual,
        )


def _gets_there(nginx: Nginx, match: LocationMatch, prefix: str) -> bool:
    """Return whether the redirect of the application's first page leads visitors to the application
    itself, below its prefix: then the site works, and a path without the prefix is no page."""
    variables = upstreams.request_variables(nginx.evidence.target)
    proxy_target = upstreams.proxy_target_of(match, variables)
    pattern = location_pattern(match.block) if match.block.name == "location" else None
    own = pattern.text if pattern and pattern.modifier in {"", "^~"} else None
    is_kept = proxy_target is not None and proxy_target.uri in {None, "", own}
    others = list(nginx.location_matches(f"{prefix}/")) if is_kept else []
    return bool(others) and all(other.block is match.block for other in others)


def _line(evidence: Evidence, match: LocationMatch, directive: Directive, prefix: str) -> str:
    """Return proxy_pass with the prefix before the path that nginx asks for, "" where that takes
    more than this line (a regular expression, a variable, `rewrite`)."""
    pattern = location_pattern(match.block) if match.block.name == "location" else None
    proxy_target = upstreams.proxy_target_of(match, upstreams.request_variables(evidence.target))
    if pattern is None or pattern.modifier not in {"", "^~"} or proxy_target is None:
        return ""
    if "$" in directive.args[0] or children(match.block, "rewrite"):
        return ""
    base = directive.args[0].removesuffix(proxy_target.uri or "")
    return f"proxy_pass {base}{prefix}{proxy_target.uri or pattern.text};"
