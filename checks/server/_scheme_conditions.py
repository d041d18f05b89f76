"""A redirect to https that heeds the field of a proxy in front: X-Forwarded-Proto."""

import re

from checks.server import ServerView, indentation, line_edit, line_text
from checks.server._haproxy import replace
from checks.server._haproxy_conditions import except_for
from diagnose.model import Edit
from diagnose.model.web_servers import SiteRedirect
from diagnose.parsers.haproxy.config import Line, split_words

#: A condition on the connection to Apache itself (mod_rewrite, "RewriteCond").
_OWN_TLS = re.compile(
    r"(?i)(\s*RewriteCond\s+)\"?%\{(?:HTTPS|SERVER_PORT|REQUEST_SCHEME)\}\"?\s+"
    r"(?:\"[^\"]{0,40}\"|[^\s\"]{1,40})(\s+\[[^\]\n]{1,40}\])?\s*"
)
_CONDITION = re.compile(r"(?i)\s*RewriteCond\s.*")
_RULE = re.compile(r"(?i)\s*RewriteRule\s.*")
_OR = re.compile(r"(?i)\[(?:[^\]]*,)?\s*(?:OR|ornext)\s*(?:,[^\]]*)?\]\s*$")
_FORWARDED = re.compile(r"(?i)%\{HTTP:[\w-]{0,40}forwarded")
_ASKED = "%{HTTP:X-Forwarded-Proto} !https"
#: Maximum number of lines above a rule in which its conditions are sought.
_MAX_LINES = 30


def heeding_edit(view: ServerView, redirect: SiteRedirect) -> Edit | None:
    """Return the edit by which the redirect is not for requests that came over https to a proxy in
    front; None if it takes a person, or for another server than HAProxy, Apache and Caddy."""
    if view.server.product == "haproxy":
        return _haproxy_edit(view, redirect)
    if view.server.product == "caddy":
        return plain_address_edit(view, redirect)
    return _apache_edit(view, redirect) if view.server.product == "apache" else None


#: An address of a site without a scheme and a port.
_BARE_ADDRESS = re.compile(r"(?:\*\.)?[A-Za-z0-9][\w.-]{0,252}")


def plain_address_edit(view: ServerView, redirect: SiteRedirect) -> Edit | None:
    """Return the edit that gives the target's site of Caddy `http://` before each of its addresses,
    so that it makes neither a certificate nor the redirect (Automatic HTTPS, "Activation"). None if
    a line makes the redirect, or if the site has TLS of its own."""
    sites = {
        (site.file, site.line): site
        for site in (view.config.sites if view.config else ())
        if view.evidence.target.host in site.names and any(each.tls for each in site.sockets)
    }
    if len(sites) != 1:
        return None
    (site,) = sites.values()
    text = line_text(view, site.file, site.line)
    words = text.replace(",", " ").split()
    rows = [line_text(view, site.file, number) for number in range(site.line + 1, site.end + 1)]
    names = {word for row in rows for word in row.split()[:1]}
    is_site = words[-1:] == ["{"] and len(words) > 1
    is_written = line_text(view, redirect.file, redirect.line).split()[:1] == ["redir"]
    if is_written or not is_site or names & {"tls", "import", "redir"}:
        return None
    if not all(_BARE_ADDRESS.fullmatch(word) for word in words[:-1]):
        return None
    plain = ", ".join(f"http://{word}" for word in words[:-1])
    return line_edit(view, site.file, {site.line: (f"{indentation(text)}{plain} {{",)})


def _haproxy_edit(view: ServerView, redirect: SiteRedirect) -> Edit | None:
    words = split_words(line_text(view, redirect.file, redirect.line))
    line = Line(words, redirect.file, redirect.line)
    text = except_for(line, "{ hdr(X-Forwarded-Proto) -i https }") if words else ""
    return replace(view, line, text) if text else None


def _apache_edit(view: ServerView, redirect: SiteRedirect) -> Edit | None:
    """Give the rule a condition on the field, beside its own on TLS: who comes without the proxy
    sends none. Where conditions are alternatives ([OR]), the one on TLS is replaced. None if it is
    no RewriteRule, if its file is not known, or if several conditions are about TLS."""
    rule = line_text(view, redirect.file, redirect.line)
    if not _RULE.fullmatch(rule):
        return None
    conditions = _conditions(view, redirect)
    own = {
        number: match for number, text in conditions.items() if (match := _OWN_TLS.fullmatch(text))
    }
    if len(own) > 1 or any(_FORWARDED.search(text) for text in conditions.values()):
        return None
    if not any(_OR.search(text) for text in conditions.values()):
        asked = f"{indentation(rule)}RewriteCond {_ASKED}"
        return line_edit(view, redirect.file, {redirect.line: (asked, rule)})
    if not own:
        return None
    ((number, match),) = own.items()
    return line_edit(view, redirect.file, {number: (f"{match[1]}{_ASKED}{match[2] or ''}",)})


def _conditions(view: ServerView, redirect: SiteRedirect) -> dict[int, str]:
    """Return the conditions of a RewriteRule by the numbers of their lines."""
    conditions: dict[int, str] = {}
    for number in range(redirect.line - 1, max(redirect.line - _MAX_LINES, 0), -1):
        text = line_text(view, redirect.file, number)
        if _CONDITION.fullmatch(text):
            conditions[number] = text
        elif text.strip() and not text.lstrip().startswith("#"):
            break
    return conditions
