"""The block of port 80 has a location for the challenges of a certificate authority and a `return`
of its own, which answers first (ngx_http_rewrite_module: the directives of a server block are
executed before a location is chosen). So the location is never used, also the one of acme.sh.

Where the redirect leads to a block that has the files, all is well. So it is judged after a message
of an ACME client that the authority got something else.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects, exchanges_by_purpose
from checks.http._redirects import selected_servers
from checks.nginx import Nginx, file_line
from checks.nginx._edits import Changes
from checks.upstream._edits import edit_fix
from diagnose.checking.registry import check
from diagnose.model import (
    Claim,
    Confidence,
    Evidence,
    Fix,
    Severity,
    merge_subjects,
)
from diagnose.model.http import Exchange
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import enclose_directive

#: Words of the path of a challenge (RFC 8555 section 8.3), also in a regular expression.
_WORDS = ("acme-challenge", "well-known")


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig, Exchange],
    needs_message=True,
    explains=[
        "http.acme-challenge-answered",
        "http.acme-challenge-blocked",
        "nginx.challenge-folder",
    ],
)
def challenge_location_unused(evidence: Evidence) -> Iterator[Claim]:
    symptom = evidence.target.symptom
    if symptom is None or symptom.kind != "acme-response":
        return
    nginx = Nginx.of(evidence)
    answers = [
        answer
        for answer in exchanges_by_purpose(evidence, "acme")
        if answer.url.startswith("http:") and answer.status
    ]
    groups: dict[int, tuple[Directive, Directive, Directive, list[Exchange]]] = {}
    for answer in answers:
        for _, server, _ in selected_servers(nginx, answer):
            location, directive = _challenge_location(server.block), _return(server.block)
            if location and directive and str(answer.status) == directive.args[0]:
                groups.setdefault(id(location), (server.block, location, directive, []))
                groups[id(location)][3].append(answer)
    for server_block, location, directive, exchanges in groups.values():
        subjects = endpoint_subjects(exchanges)
        yield Claim(
            about=merge_subjects(subjects),
            covers=subjects,
            because=(*exchanges, *nginx.configs),
            confidence=Confidence.LIKELY,
            location=nginx.location(directive),
            facts={
                "name": evidence.target.host,
                "url": exchanges[0].url,
                "status": exchanges[0].status,
                "location": location.text,
                "place": file_line(location),
                "directive": directive.text,
                "directive_place": file_line(directive),
            },
            fix=_fix(nginx, server_block, directive),
        )


def _fix(nginx: Nginx, server: Directive, directive: Directive) -> Fix:
    """Put the `return` into a location for all other paths, unless the block has other ones: those
    have answered nobody so far, and would then, without TLS."""
    file = nginx.file(directive)
    locations = children(server, "location")
    others = [location for location in locations if not _is_of_challenge(location)]
    changes: Changes = {}
    if file is not None and not others and len(children(server, "return")) == 1:
        changes[directive.file] = [enclose_directive(file.text, directive, "location /")]
    return edit_fix(nginx, changes, "into-a-location", sure=False)


def _challenge_location(server: Directive) -> Directive | None:
    return next(filter(_is_of_challenge, children(server, "location")), None)


def _is_of_challenge(location: Directive) -> bool:
    return any(word in arg for word in _WORDS for arg in location.args)


def _return(server: Directive) -> Directive | None:
    """Return the block's own `return` with a status, which answers every request."""
    return next(
        (
            directive
            for directive in children(server, "return")
            if directive.args and directive.args[0].isdigit()
        ),
        None,
    )
