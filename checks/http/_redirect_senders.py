"""Which line of the server makes a redirect, or tells an application the name that stands in it."""

from typing import TYPE_CHECKING

from checks.http._completed_redirects import CompletedRedirect, completed_redirect, relative_fix
from checks.http._forwarded_names import ForwardedName, forwarded_name, visitors_name_fix
from checks.http._inner_lines import InnerLine, inner_line
from checks.http._inner_port_edits import inner_port_fix
from checks.http._redirect_host_edits import (
    host_fix,
    inner_address_fix,
    line_fix,
    other_product,
    rewriter_fix,
    server_fix_of_line,
    server_line,
)
from checks.http._redirects import NginxRedirect, find_redirect
from checks.nginx import Nginx, file_line
from diagnose.model import Fix, Location
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of
from diagnose.parsers.redirects import redirect_target
from diagnose.parsers.urls import parse_url

if TYPE_CHECKING:
    from checks.server._redirect_lines import RedirectLine


@frozen(eq=False)
class RedirectSender:
    """The lines from which a redirect to `host` comes; None where there is none of the kind.

    `own` is a redirect of the visitors' server block, `completed` the block that completes one,
    `told` the field in which the application is told the name, `rewriter` the `proxy_redirect` that
    writes the address, with its location `match`, `inner` a line of a block behind, and `line` that
    of another server than nginx.
    """

    nginx: Nginx
    step: Exchange
    host: str
    own: NginxRedirect | None
    completed: CompletedRedirect | None
    told: ForwardedName | None
    match: LocationMatch | None
    rewriter: Directive | None
    inner: InnerLine
    line: "RedirectLine | None"

    @classmethod
    def of(cls, nginx: Nginx, step: Exchange, host: str, may_complete: bool) -> "RedirectSender":
        onward = redirect_target(step) or ""
        own = find_redirect(nginx, step)
        name_place = None if own else forwarded_name(nginx, step, host)
        match, rewriter = (None, None) if own or name_place else _rewriter(nginx, step, host)
        inner = InnerLine() if own else inner_line(nginx, step)
        is_inner = inner.directive is not None and inner.reason != "told"
        return cls(
            nginx,
            step,
            host,
            own,
            completed_redirect(nginx, step, onward) if may_complete else None,
            name_place,
            match,
            rewriter,
            inner if is_inner else InnerLine(),
            server_line(nginx.evidence, step),
        )

    @property
    def is_proven(self) -> bool:
        """True if nginx itself makes the address, whatever the application says."""
        return self.inner.directive is not None or self.completed is not None

    @property
    def facts(self) -> dict[str, object]:
        product = other_product(self.nginx.evidence, self.step)
        is_alias = self.line is not None and self.line.directive.lower().startswith("redirect")
        return {
            "apache": product == "apache",
            "caddy": product == "caddy",
            "haproxy": product == "haproxy",
            "alias": self.line.directive if self.line and is_alias and product == "apache" else "",
            "completing": file_line(self.completed.block) if self.completed else "",
            "folder": self.completed is not None and self.completed.is_folder,
            "field": self.told.field if self.told else "",
            "value": self.told.value if self.told else "",
            "place": self.told.place if self.told else "",
            "rewriter": _words(self.rewriter),
            "rewriter_place": file_line(self.rewriter) if self.rewriter else "",
            "server_line": " ".join(self.line.text.split()) if self.line else "",
            "server_place": self.line.place if self.line else "",
            "own": _words(self.own.directive) if self.own else "",
            "own_place": file_line(self.own.directive) if self.own else "",
            **self.inner.facts,
        }

    @property
    def location(self) -> Location | None:
        directives = (
            self.inner.directive,
            self.told.directive if self.told else None,
            self.completed.block if self.completed else None,
            self.rewriter,
            self.own.directive if self.own else None,
        )
        directive = next(filter(None, directives), None)
        return self.nginx.location(directive) if directive else None

    def own_fix(self) -> Fix | None:
        """Return the fix of nginx, where its own line makes the address."""
        completed = relative_fix(self.nginx, self.completed.block) if self.completed else None
        return self.inner.fix or completed

    def other_fix(self, steps: list[Exchange]) -> Fix | None:
        """Return the fix of what is written by nginx, told to the application, or made by another
        server; `steps` are all redirects to the host."""
        evidence = self.nginx.evidence
        if self.rewriter and (fix := rewriter_fix(self.nginx, self.match, self.rewriter)):
            return fix
        if self.told and (
            fix := visitors_name_fix(self.nginx, self.told, redirect_target(self.step) or "")
        ):
            return fix
        by_host = None if self.own or self.told else host_fix(evidence, self.step, self.host)
        return (
            by_host
            or server_fix_of_line(evidence, steps)
            or line_fix(evidence, self.line)
            or inner_address_fix(evidence, self.step)
            or inner_port_fix(self.nginx, self.step)
        )


def _words(directive: Directive | None) -> str:
    return directive.text if directive else ""


def _rewriter(
    nginx: Nginx, step: Exchange, host: str
) -> tuple[LocationMatch | None, Directive | None]:
    """Return the `proxy_redirect` that makes this address of an application's redirect, and its
    location (ngx_http_proxy_module)."""
    url = parse_url(step.url)
    is_own = url is not None and url.host == nginx.evidence.target.host
    for match in nginx.location_matches(url.path.partition("?")[0]) if url and is_own else ():
        for directive in match.directives("proxy_redirect") if proxy_pass_of(match) else ():
            address = parse_url(directive.args[1]) if len(directive.args) == 2 else None
            if address is not None and "$" not in address.host and address.authority == host:
                return match, directive
    return None, None
