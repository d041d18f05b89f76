"""HAProxy asks for a password over http (RFC 7617) before it redirects to https. `http-request
auth` stands above the redirect, or the redirect is a `redirect` line, which HAProxy reads after all
lines `http-request` of its section (Configuration Manual, "redirect"). The password is sent
unencrypted.
"""

from collections.abc import Iterator
from dataclasses import replace

from checks.server import indentation, line_edit, line_text, manual_fix, reload_steps
from checks.server._haproxy import HaproxyView, haproxy_view, place
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Severity, Subject
from diagnose.model.http import Exchange
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.config import Line, Proxy

#: The conditions under which a redirect is for every request without TLS.
_PLAIN = {
    (),
    ("if", "!{", "ssl_fc", "}"),
    ("if", "!", "{", "ssl_fc", "}"),
    ("if", "{", "!ssl_fc", "}"),
    ("unless", "{", "ssl_fc", "}"),
}


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=["http.no-redirect"],
)
def haproxy_redirect_after_password(evidence: Evidence) -> Iterator[Claim]:
    target = evidence.target
    haproxy = haproxy_view(evidence, target=replace(target, scheme="http", port=80))
    asked = [
        exchange
        for exchange in evidence.good(Exchange)
        if exchange.port == 80 and exchange.status == 401 and exchange.url.startswith("http:")
    ]
    if haproxy is None or not asked or haproxy.proxies.tls:
        return
    lines = _rules_in_order(haproxy)
    password = next((line for line in lines if line.starts_with("http-request", "auth")), None)
    if password is None:
        return
    later = lines[lines.index(password) + 1 :]
    redirect = next((line for line in later if _redirects_to_https(line)), None)
    if redirect is None:
        return
    yield Claim(
        about=Subject(name=target.host, port=80),
        covers=(Subject(port=80),),
        because=(*asked, haproxy.view.server),
        facts={
            **haproxy.view.facts,
            "password": place(password),
            "redirect": place(redirect),
            "line": " ".join(_words(redirect)),
            "same": redirect.keyword == "redirect" and redirect.number < password.number,
        },
        fix=_fix(haproxy, password, redirect),
    )


def _rules_in_order(haproxy: HaproxyView) -> list[Line]:
    """Return the lines that ask for a password or redirect, in the order in which HAProxy reads
    them: of the frontend, then of the backend, and in each `http-request` before `redirect`."""
    own = haproxy.proxies
    proxies: list[Proxy] = [own.frontend]
    if own.backend is not None and own.backend.section != own.frontend.section:
        proxies.append(own.backend)
    return [
        line
        for proxy in proxies
        for keyword in ("http-request", "redirect")
        for line in proxy.section.lines_with(keyword)
    ]


def _words(line: Line) -> tuple[str, ...]:
    """Return a redirect as a rule of `http-request`."""
    return line.words if line.keyword == "http-request" else ("http-request", *line.words)


def _redirects_to_https(line: Line) -> bool:
    words = _words(line)
    if words[:4] != ("http-request", "redirect", "scheme", "https"):
        return False
    rest = words[4:]
    if rest[:1] == ("code",):
        rest = rest[2:]
    return rest in _PLAIN


def _fix(haproxy: HaproxyView, password: Line, redirect: Line) -> Fix:
    """Move the redirect above the line that asks. From a backend into its frontend is a person's:
    other backends may do without."""
    view = haproxy.view
    asks, own = (line_text(view, line.file, line.number) for line in (password, redirect))
    sections = (haproxy.proxies.frontend.section, getattr(haproxy.proxies.backend, "section", None))
    is_one_section = any(
        section and password in section.lines and redirect in section.lines for section in sections
    )
    if not is_one_section or "#" in own or not asks or password.file != redirect.file:
        return manual_fix(view, "redirect-first")
    indent = indentation(asks)
    rule = own.strip() if redirect.keyword == "http-request" else f"http-request {own.strip()}"
    changes = {password.number: (f"{indent}{rule}", asks), redirect.number: ()}
    edit = line_edit(view, password.file, changes)
    if edit is None:
        return manual_fix(view, "redirect-first")
    return Fix((edit, *reload_steps(view.server)), Applicability.AUTOMATIC)
