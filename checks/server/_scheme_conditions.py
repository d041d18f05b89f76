"""A redirect to https that heeds the field of a proxy in front: X-Forwarded-Proto."""

import re

from checks.server import ServerView, indentation, line_edit, line_text
from checks.server._caddy_edits import siblings
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
        return plain_address_edit(view, redirect) or _matcher_edit(view, redirect)
    return _apache_edit(view, redirect) if view.server.product == "apache" else None


#: An address of a site without a scheme and a port.
_BARE_ADDRESS = re.compile(r"(?:\*\.)?[A-Za-z0-9][\w.-]{0,252}")


def plain_address_edit(view: ServerView, redirect: SiteRedirect) -> Edit | None:
    """Return the edit that gives the target's site of Caddy `http://` before each of its addresses,
    so that it makes neither a certificate nor the redirect (Automatic HTTPS, "Activation"); its
    `tls` becomes a comment, which such a site may not have. None if a line makes the redirect, or
    if `tls` has a block."""
    sites = {
        (site.file, site.line): site
        for site in (view.config.sites if view.config else ())
        if view.evidence.target.host in site.names and any(socket.tls for socket in site.sockets)
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
    tls = {
        number: row for number, row in enumerate(rows, site.line + 1) if row.split()[:1] == ["tls"]
    }
    if is_written or not is_site or names & {"import", "redir"} or "{" in "".join(tls.values()):
        return None
    if not all(_BARE_ADDRESS.fullmatch(word) for word in words[:-1]):
        return None
    plain = ", ".join(f"http://{word}" for word in words[:-1])
    removed = {number: (f"{indentation(row)}# {row.lstrip()}",) for number, row in tls.items()}
    return line_edit(view, site.file, {site.line: (f"{indentation(text)}{plain} {{",), **removed})


#: The field by which a proxy in front says that a visitor uses plain HTTP, as Caddy's matcher.
_PLAIN_VISIT = "header X-Forwarded-Proto http"


def _matcher_edit(view: ServerView, redirect: SiteRedirect) -> Edit | None:
    """Return the edit by which a written `redir` of Caddy is for visitors alone who use plain HTTP
    to the proxy in front: its matcher asks for the field in place of the protocol, or it gets one.
    None if the matcher asks for more, or is used elsewhere, or the line stands in a block."""
    site = next(
        (
            site
            for site in (view.config.sites if view.config else ())
            if site.file == redirect.file and site.line < redirect.line < site.end
        ),
        None,
    )
    if site is None:
        return None
    lines = [line_text(view, site.file, number) for number in range(site.line, site.end + 1)]
    line = lines[redirect.line - site.line]
    words, indent = line.split(), indentation(line)
    if words[:1] != ["redir"] or len(words) < 2:
        return None
    if words[1].startswith("https://"):
        is_own = redirect.line - site.line + 1 in siblings(lines, 2)
        if not is_own or any(row.split()[:1] == ["@plain_visit"] for row in lines):
            return None
        new = line.replace("redir", "redir @plain_visit", 1)
        added = f"{indent}@plain_visit {_PLAIN_VISIT}"
        return line_edit(view, site.file, {redirect.line: (added, new)})
    rows = {site.line + place: row.split() for place, row in enumerate(lines)}
    uses = [number for number, row in rows.items() if words[1] in row]
    places = [number for number in uses if rows[number][0] == words[1]]
    if not words[1].startswith("@") or len(uses) != 2 or len(places) != 1:
        return None
    (place,) = places
    is_block = rows[place][1:] == ["{"] and rows.get(place + 2) == ["}"]
    written, at = (rows.get(place + 1, []), place + 1) if is_block else (rows[place][1:], place)
    if written != ["protocol", "http"]:
        return None
    new = line_text(view, site.file, at).replace("protocol http", _PLAIN_VISIT, 1)
    return line_edit(view, site.file, {at: (new,)}) if _PLAIN_VISIT in new else None


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
