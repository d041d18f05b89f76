"""The application serves all its paths below a prefix that its settings name (the context path of
Java's web applications: `server.servlet.context-path` of Spring Boot, a folder in Tomcat's
`webapps`; `--base-path` of others), below the folder to which its first page redirects, or below
the one that it names when it starts ("Listening on http://127.0.0.1:3000/app"); and nginx asks
without it: the application answers 404.

The evidence is the application itself, asked with and without the prefix. Where the program says
that names follow its prefix ("serving hooks on http://127.0.0.1:9000/hooks/{id}"), nothing is asked
for below it: a request may do something. Then its words are the evidence.
"""

from collections.abc import Iterator, Sequence

from checks.nginx import Nginx, file_line
from checks.nginx._edits import Changes, config_edits
from checks.nginx._location_edits import location_fix
from checks.upstream._comparisons import (
    CONSEQUENCES,
    comparison_claim,
    decided_by,
    decisive_change,
    proxied_match,
)
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.program_logs import ServedAddress
from diagnose.model.requests import ComparedRequest
from diagnose.parsers.context_paths import template_prefix
from diagnose.parsers.nginx import edits, upstreams
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern, proxy_pass_of
from diagnose.parsers.upstream_answers import REDIRECT, TOLD, is_catch_all, reproduces


@check(
    severity=Severity.ERROR,
    needs=[Exchange, NginxConfig],
    explains=[*CONSEQUENCES, "upstream.own-answer"],
)
def context_path(evidence: Evidence) -> Iterator[Claim]:
    for nginx, match, change in decided_by(evidence, "context-path"):
        directive = proxy_pass_of(match)
        if directive is None or change.status != 404:
            continue
        if is_catch_all(evidence.of(ComparedRequest), change.request) and not change.failures:
            continue
        prefix = change.request.value.removesuffix(change.request.original)
        is_told = change.request.name == TOLD
        if change.request.name in {REDIRECT, TOLD} and _gets_there(nginx, match, prefix):
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
                "told": is_told,
                "words": "",
            },
            # The other way is to let the page ask for the prefix itself.
            location_fix(nginx, match, file_edits, sure=False) if file_edits else manual,
        )
    if addresses := evidence.good(ServedAddress):
        yield from _by_words(evidence, addresses)


def _by_words(evidence: Evidence, addresses: Sequence[ServedAddress]) -> Iterator[Claim]:
    """Judge by what the program says, of which nothing was asked for."""
    nginx, target = Nginx.of(evidence), evidence.target
    asked = [
        compared_request
        for compared_request in evidence.of(ComparedRequest)
        if compared_request.part == "none"
    ]
    pages = [page for page in page_exchanges(evidence) if asked and reproduces(asked[0], page)]
    match = proxied_match(nginx, asked[0].path) if asked else None
    proxy = match and upstreams.proxy_target_of(match, upstreams.request_variables(target))
    directive = proxy_pass_of(match) if match else None
    if not pages or asked[0].status != 404 or match is None or not proxy or directive is None:
        return
    if decisive_change(evidence):
        return
    original = upstreams.requested_path(match, proxy, target.path).partition("?")[0]
    prefixes = [template_prefix(address.words) for address in addresses]
    own = [address for address in addresses if address.port == asked[0].port]
    if not own or original == "/" or any(original.startswith(f"{each}/") for each in prefixes):
        return
    prefix = template_prefix(own[0].words)
    manual = Fix((Manual("ask-for-its-address", Where.SERVER),), Applicability.MANUAL)
    yield Claim(
        about=Subject(port=target.port, path=asked[0].path, text=file_line(directive)),
        because=(*pages, *asked, own[0]),
        confidence=Confidence.LIKELY,
        location=nginx.location(directive),
        facts={
            "url": pages[0].url,
            "path": asked[0].path,
            "status": 404,
            "application": asked[0].endpoint,
            "original": original,
            "value": prefix + original,
            "place": file_line(directive),
            "prefix": prefix,
            "target": directive.args[0],
            "line": _line(evidence, match, directive, prefix),
            "other_status": "",
            "redirects": False,
            "told": False,
            "words": own[0].words,
        },
        fix=manual,
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
