"""nginx tells PHP that the visitor does not use https: `fastcgi_param HTTPS off;` in a block that
speaks TLS, or a field that visitors do not send (`$http_x_forwarded_proto`), also by a `map`. PHP
programs take it for the visitor's scheme (PHP manual, $_SERVER['HTTPS']), so they redirect to
http:, or write http: addresses into the page. A program that forces https redirects to the page
that visitors have asked for.

The block may be behind another of the same nginx: there `$https` is empty, and a page has addresses
with http.

Of two parameters with one name PHP takes the last. The check needs the symptom: a program that has
its address in a setting does not mind.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import Changes, config_edits
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.pages import Page
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import replace_directive
from diagnose.parsers.nginx.final_requests import final_location, has_unknown_rules
from diagnose.parsers.nginx.locations import LocationMatch, all_locations
from diagnose.parsers.nginx.upstreams import pass_directive_of
from diagnose.parsers.nginx.variables import expand_variables
from diagnose.parsers.redirects import leads_to_itself, redirect_target
from diagnose.parsers.urls import parse_url

_RIGHT = "fastcgi_param HTTPS $https if_not_empty;"
_OFF = {"off", "", "0"}
#: The request of a visitor who comes by TLS and over no other proxy.
_REQUEST = {
    "https": "on", "scheme": "https", "server_port": "443", "http_x_forwarded_proto": "",
    "http_x_forwarded_protocol": "", "http_x_forwarded_scheme": "", "http_x_forwarded_ssl": "",
    "http_x_forwarded_https": "", "http_front_end_https": "", "http_cloudfront_forwarded_proto": "",
}  # fmt: skip


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Exchange],
    explains=[
        "http.redirect-downgrade", "http.redirect-loop", "http.mixed-content",
        "http.form-over-http", "http.scripts-blocked", "http.blank-page",
    ],
)  # fmt: skip
def https_param_off(evidence: Evidence) -> Iterator[Claim]:
    nginx, pages = Nginx.of(evidence), page_exchanges(evidence)
    symptoms = _symptoms(evidence, pages)
    loops = () if symptoms else tuple(page for page in pages if leads_to_itself(page))
    is_asked = bool(symptoms or loops) and evidence.target.uses_tls
    directive = _parameter(nginx) if is_asked and not loops else None
    if is_asked and loops:
        directive = _parameter_of(nginx, evidence.target.path)
    inner = _InnerParameter.of(nginx, symptoms) if symptoms and is_asked and not directive else None
    directive = directive or (inner.directive if inner else None)
    if directive is None:
        return
    subjects = endpoint_subjects(pages)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*symptoms, *loops, *nginx.configs),
        # A program behind two blocks may have its address in a setting, and a page may redirect to
        # itself for other reasons.
        confidence=Confidence.LIKELY
        if inner or loops or _variable(directive)
        else Confidence.CERTAIN,
        location=nginx.location(directive),
        facts={
            "url": pages[0].url,
            "statement": directive.text,
            "place": file_line(directive),
            "inner": inner is not None,
            "loop": bool(loops),
            "variable": "" if inner else _variable(directive),
        },
        fix=inner.fix if inner else _fix(nginx, directive),
    )


@frozen(eq=False)
class _InnerParameter:
    """The parameter of a block behind the visitors' one, and the remedy."""

    directive: Directive
    fix: Fix

    @classmethod
    def of(cls, nginx: Nginx, symptoms: tuple[Observation, ...]) -> "_InnerParameter | None":
        """Return it if pages have addresses with http. Where a redirect leads there,
        http.redirect-loop and http.redirect-downgrade name it."""
        if not all(isinstance(symptom, Page) for symptom in symptoms):
            return None
        # Imported late: few pages have such addresses.
        from checks.nginx._inner_scheme import hidden_scheme, pass_scheme_on

        scheme = hidden_scheme(nginx, nginx.evidence.target.path)
        if scheme is None or scheme.directive.name != "fastcgi_param":
            return None
        changes: Changes = {}
        pass_scheme_on(nginx, scheme, changes)
        file_edits = config_edits(nginx, changes)
        if not file_edits:
            return cls(
                scheme.directive, Fix((Manual("tell-php", Where.SERVER),), Applicability.MANUAL)
            )
        return cls(scheme.directive, Fix((*file_edits, *reload_steps(nginx)), Applicability.REVIEW))


def _symptoms(evidence: Evidence, pages: tuple[Exchange, ...]) -> tuple[Observation, ...]:
    """Return what leads visitors to the site's own address with http."""
    host = evidence.target.host
    redirects = [page for page in pages if _is_plain(redirect_target(page) or "", host)]
    written = [
        page
        for page in evidence.good(Page)
        if any(_is_plain(url, host) for url in (*(f.url for f in page.files), *page.insecure_forms))
    ]
    return (*redirects, *written)


def _is_plain(text: str, host: str) -> bool:
    url = parse_url(text)
    return url is not None and not url.secure and url.host == host


def _parameter(nginx: Nginx) -> Directive | None:
    """Return the `fastcgi_param HTTPS` of the site's PHP, if it says off in all its locations."""
    for selected in nginx.selected_servers():
        matches = [
            match
            for match in all_locations(selected.server)
            if children(match.block, "fastcgi_pass")
        ]
        last = [_off_parameter(match) for match in matches]
        if selected.socket.ssl and last and all(last):
            return last[0]
    return None


def _parameter_of(nginx: Nginx, path: str) -> Directive | None:
    """Return the `fastcgi_param HTTPS` of the location that answers a path, if it says off on every
    socket that visitors reach."""
    bare_path = path.partition("?")[0]
    last: list[Directive | None] = []
    for selected in () if nginx.is_refused else nginx.selected_servers():
        match = final_location(selected.server, bare_path)
        passing = pass_directive_of(match)
        is_php = passing is not None and passing.name == "fastcgi_pass" and selected.socket.ssl
        is_known = is_php and not has_unknown_rules(selected.server, bare_path)
        last.append(_off_parameter(match) if is_known else None)
    return last[0] if last and all(last) else None


def _off_parameter(match: LocationMatch) -> Directive | None:
    """Return the last parameter, which counts, if it says off."""
    parameters = match.directives("fastcgi_param")
    named = [directive for directive in parameters if directive.args[:1] == ("HTTPS",)]
    value = expand_variables(match, "".join(named[-1].args[1:2]), _REQUEST) if named else None
    return named[-1] if value is not None and value.lower() in _OFF else None


def _variable(directive: Directive) -> str:
    """Return what the parameter takes its value from, "" if it is written out."""
    value = "".join(directive.args[1:2])
    return value if value.startswith("$") else ""


def _fix(nginx: Nginx, directive: Directive) -> Fix:
    file_edits = config_edits(nginx, {directive.file: [replace_directive(directive, _RIGHT)]})
    if not file_edits:
        return Fix((Manual("tell-https", Where.SERVER),), Applicability.MANUAL)
    return Fix((*file_edits, *reload_steps(nginx)), Applicability.REVIEW)
