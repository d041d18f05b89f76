"""The line of nginx because of which a redirect leads where it does: a rule of its own, or a
`proxy_redirect` that changes an application's (ngx_http_proxy_module)."""

import re

from checks.http import _redirects
from checks.nginx import Nginx, _location_edits
from checks.nginx._edits import config_edits
from diagnose.model import Evidence, Fix
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of
from diagnose.parsers.nginx.upstreams import request_variables
from diagnose.parsers.nginx.variables import expand_variables
from diagnose.parsers.urls import normalize_url, parse_url


@frozen(eq=False)
class RedirectLine:
    """`match` is the location of a `proxy_redirect`, None for a rule of nginx's own."""

    directive: Directive
    match: LocationMatch | None = None

    @property
    def text(self) -> str:
        return self.directive.text

    @property
    def is_rewriter(self) -> bool:
        return self.match is not None

    def fix(self, nginx: Nginx) -> Fix | None:
        """Return the fix that removes a `proxy_redirect`; None for a rule, whose right destination
        only its owner knows."""
        file = nginx.file(self.directive)
        if self.match is None or file is None:
            return None
        change = edits.remove_directive(file.text, self.directive)
        file_edits = config_edits(nginx, {file.path: [change]})
        if not file_edits:
            return None
        return _location_edits.location_fix(nginx, self.match, file_edits, sure=False)


def redirect_line(nginx: Nginx, evidence: Evidence, end: Exchange) -> RedirectLine | None:
    """Return the line that makes the last redirect before `end`; None if that is not known."""
    steps = [page for page in evidence.good(Exchange) if page.url == end.redirected_from]
    if not steps or nginx.config is None:
        return None
    own = _redirects.find_redirect(nginx, steps[0])
    if own is not None:
        return RedirectLine(own.directive)
    url = parse_url(steps[0].url)
    for match in nginx.location_matches(url.path.partition("?")[0]) if url else ():
        for directive in children(match.block, "proxy_redirect") if proxy_pass_of(match) else ():
            if _makes(nginx, match, directive, end.url):
                return RedirectLine(directive, match)
    return None


def _makes(nginx: Nginx, match: LocationMatch, directive: Directive, onward: str) -> bool:
    """Return whether the replacement of a `proxy_redirect` is the beginning of this address, and
    has a folder of its own."""
    target = nginx.evidence.target
    start = re.sub(r"\$\d.*", "", directive.args[1]) if len(directive.args) == 2 else ""
    text = expand_variables(match, start, dict(request_variables(target))) or ""
    whole = text if "://" in text else f"{target.origin}{text}"
    url = parse_url(whole)
    return (
        (text[:1] == "/" or "://" in text)
        and url is not None
        and len(url.path) > 1
        and normalize_url(onward).startswith(whole)
    )
