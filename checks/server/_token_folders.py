"""The lines after which Apache or Caddy asks no password below the folder of an interface, whose
requests carry a token of the application in the same field (RFC 9110 section 11.6.2): by words
about a token, or by a script's request to an interface in a browser's console. They open the
folder to whoever has no password, so a person chooses them."""

import re

from checks.server import ServerView, indentation, line_edit, line_text, reload_steps
from diagnose.model import Command, Edit
from diagnose.model.server_rules import AnsweringRule
from diagnose.parsers.lazy_pattern import lazy_pattern

#: Words of a person whose request carries a token.
_TOKEN = lazy_pattern(
    r"(?i)\b(?:bearer|jwt|(?:access |auth |api )?tokens?|api[- ]?keys?)\b|\bAuthorization: "
    r"|令牌|トークン"
)
#: A request of a script in a browser's console: the page itself would ask for the password.
_SCRIPTED = lazy_pattern(
    r"\b(?:GET|POST|PUT|PATCH|DELETE|XHR ?\w{3,6}) (?:https?://\S{1,400}|/\S{0,400})"
    r"(?: net::\S{1,60}| HTTP/[\d.]{1,4}\S?)? ?\[?[(:\"]{0,2} ?(?:HTTP/[\d.]{1,4} )?401\b"
)
#: Folders of interfaces, which scripts and programs ask.
_INTERFACES = re.compile(
    r"/(?:apis?|rest|graphql|rpc|jsonrpc|ajax|json|v\d{1,2}|oauth2?|auth|webhooks?|hooks|_matrix"
    r"|remote\.php|socket\.io|wp-json|odata|internal|services?)/",
    re.ASCII | re.IGNORECASE,
)
_FOLDER = re.compile(r"/(?:[\w.-]+/)+", re.ASCII)
#: Without a matcher, or for every path; an algorithm of the passwords may follow.
_CADDY = re.compile(r"(\s*)(basic_?auth)(?:\s+\*)?((?:\s+(?:bcrypt|argon2id)\b\S{0,80})?\s*\{\s*)")
_HOST_END = re.compile(r"(?i)\s*</VirtualHost>")


def token_folder(view: ServerView, rule: AnsweringRule) -> str:
    """Return the folder of the path whose request a message says carries a token, or that of an
    interface to which a script's request is refused; "" if it says no such thing, or if the path
    lies in no folder."""
    symptom = view.evidence.target.symptom
    if symptom is None or rule.status != 401:
        return ""
    text = symptom.text[:2000]
    is_scripted = bool(_INTERFACES.match(rule.path) and _SCRIPTED.search(text))
    if not is_scripted and not _TOKEN.search(text):
        return ""
    first = rule.path.split("/")[1:2]
    folder = f"/{first[0]}/" if first and rule.path.count("/") > 1 else ""
    return folder if _FOLDER.fullmatch(folder) else ""


def opening_lines(view: ServerView, rule: AnsweringRule, folder: str) -> tuple[Command | Edit, ...]:
    """Return what a person types after whose choice the folder is asked for no password; () where
    the rule is written in another way."""
    if not folder:
        return ()
    product = view.server.product
    edit = _of_caddy(view, rule, folder) if product == "caddy" else None
    edit = _of_apache(view, rule, folder) if product == "apache" else edit
    return (edit, *reload_steps(view.server)) if edit else ()


def _of_caddy(view: ServerView, rule: AnsweringRule, folder: str) -> Edit | None:
    match = _CADDY.fullmatch(line_text(view, rule.file, rule.line)[:600])
    if match is None:
        return None
    indent, name, remainder = match.groups()
    rows = (
        f"{indent}@password not path {folder}*",
        f"{indent}{name} @password{remainder.rstrip()}",
    )
    return line_edit(view, rule.file, {rule.line: rows})


def _of_apache(view: ServerView, rule: AnsweringRule, folder: str) -> Edit | None:
    """A section <Location> counts after every other one, the last one most (core, "How the sections
    are merged")."""
    if len(view.answering_sites) != 1 or not rule.rule.startswith("Require"):
        return None
    (site,) = view.answering_sites
    end = line_text(view, site.file, site.end)
    if not _HOST_END.match(end):
        return None
    margin = indentation(end)
    rows = (
        f'{margin}    <Location "{folder}">',
        f"{margin}        AuthType None",
        f"{margin}        Require all granted",
        f"{margin}    </Location>",
    )
    return line_edit(view, site.file, {site.end: (*rows, end)})
