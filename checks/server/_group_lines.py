"""Lines of Apache, HAProxy and Caddy that name a group of an expression, and what is empty in them
for a path."""

import posixpath
import re
from collections.abc import Iterator
from urllib.parse import unquote

from checks.server import ServerView, file_rows, line_edit, line_text
from checks.server._apache_sections import lines_for
from checks.server._caddy_lines import own_lines
from checks.server._haproxy import haproxy_view
from diagnose.model import Edit
from diagnose.model.frozen import frozen
from diagnose.model.web_servers import WebSite
from diagnose.parsers.apache.config import flatten, parse
from diagnose.parsers.empty_groups import EmptyGroup, empty_group
from diagnose.parsers.haproxy.conditions import holds, path_rules_of
from diagnose.parsers.haproxy.view import situation_of
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_search

_APACHE = {"rewriterule", "redirectmatch", "aliasmatch", "proxypassmatch"}
#: Flags behind which no later rule is carried out.
_LAST = re.compile(
    r"(?i)[\[,\s](?:L|END|F|G|P|R(?:=\d+)?|last|forbidden|gone|proxy|redirect)[\],\s]"
)
_NUMBERED = re.compile(r"\$(\d)")
_ESCAPED = re.compile(r"\\([1-9])")
#: The lines of a Caddyfile that name an expression for the path, perhaps with its own name.
_EXPRESSION = re.compile(
    r"\s*(?:@([\w-]{1,80})\s+)?path_regexp\s+(?:([\w-]{1,80})\s+)?([\"`]?)(\S{1,500}?)\3\s*"
)
_PLACEHOLDER = re.compile(r"\{(?:re|http\.regexp)\.(?:([\w-]{1,80})\.)?(\d)\}")
#: Maximum number of characters of a line, and of lines of an .htaccess.
_MAX_LINE, _MAX_LINES = 1_500, 2_000


@frozen
class GroupLine:
    """A line that names a group which is empty for a path, its place, and that of the expression.
    `edit` puts brackets around what is meant; `is_sure` is False where conditions decide."""

    line: str
    file: str
    number: int
    group: str
    empty: EmptyGroup
    edit: Edit | None
    is_sure: bool


def empty_lines(view: ServerView, path: str) -> Iterator[GroupLine]:
    """Yield the lines that count for a path and name a group which is empty for it."""
    match view.server.product:
        case "apache":
            yield from _of_apache(view, unquote(path))
        case "haproxy":
            yield from _of_haproxy(view, path)
        case "caddy":
            yield from _of_caddy(view, path)


def _of_apache(view: ServerView, path: str) -> Iterator[GroupLine]:
    """Yield those of the virtual host, and of the .htaccess of its folder."""
    for site in view.answering_sites[:1]:
        rows = ((each.number, each.text, each.order == 1) for each in lines_for(view, site, path))
        for file, lines in ((site.file, rows), _htaccess(view, site)):
            is_conditional, is_sure = False, True
            for number, text, is_relative in lines:
                name = text.split(None, 1)[0].lower() if text.strip() else ""
                if name in _APACHE and len(text) <= _MAX_LINE:
                    own = path.removeprefix("/") if is_relative and name == "rewriterule" else path
                    is_alone = is_sure and not is_conditional
                    yield from _apache_line(view, file, number, text, own, is_alone)
                    if name == "rewriterule" and _ends_rules(text, own):
                        if not is_conditional:
                            break
                        is_sure = False
                    is_conditional = False
                elif name == "rewritecond":
                    is_conditional = True


def _ends_rules(text: str, path: str) -> bool:
    """Return whether no later rule sees a path (mod_rewrite, "RewriteRule Flags"): L, END and those
    that answer; True for an expression that is not understood."""
    rule = next(iter(flatten(parse(text, ""))), None)
    args = rule.args if rule else ()
    if len(args) < 3 or not _LAST.search(args[2]):
        return False
    pattern = args[0].removeprefix("!")
    if not is_supported_pcre(pattern):
        return True
    return (pcre_search(pattern, path, False) is not None) != args[0].startswith("!")


def _htaccess(view: ServerView, site: WebSite) -> tuple[str, list[tuple[int, str, bool]]]:
    path = posixpath.join(site.root, ".htaccess")
    file = view.config.file(path) if view.config and site.reads_htaccess and site.root else None
    rows = file_rows(view, file)[:_MAX_LINES] if file else []
    return path, [(number, text, True) for number, text in enumerate(rows, 1)]


def _apache_line(
    view: ServerView, file: str, number: int, text: str, path: str, is_sure: bool
) -> Iterator[GroupLine]:
    rule = next(iter(flatten(parse(text, ""))), None)
    args = rule.args if rule else ()
    if rule and rule.name == "redirectmatch" and len(args) == 3:
        args = args[1:]
    if len(args) < 2 or args[0].startswith("!"):
        return
    empty = empty_group(args[0], [int(each) for each in _NUMBERED.findall(args[1])], path)
    if empty is not None:
        edit, group = _edit(view, file, number, text, empty), f"${empty.number}"
        # Applications that get it as a query often read the path of the request instead.
        is_path = group in args[1].partition("?")[0]
        yield GroupLine(text.strip(), file, number, group, empty, edit, is_sure and is_path)


def _edit(view: ServerView, file: str, number: int, text: str, empty: EmptyGroup) -> Edit | None:
    """Return the edit of the expression where it stands once as a word of a line."""
    if not empty.corrected:
        return None
    pattern = re.compile(rf"(?<=[\s\"'`]){re.escape(empty.pattern)}(?=[\s\"'`]|$)")
    changed, count = pattern.subn(lambda _: empty.corrected, text)
    return line_edit(view, file, {number: (changed,)}) if count == 1 else None


def _of_haproxy(view: ServerView, path: str) -> Iterator[GroupLine]:
    haproxy = haproxy_view(view.evidence, path)
    if haproxy is None:
        return
    proxies = haproxy.proxies
    for proxy in (proxies.frontend, proxies.backend):
        rules = path_rules_of(proxy) if proxy else ()
        situation = situation_of(rules, view.evidence.target, proxies.tls)
        for rule in rules:
            words, truth = rule.line.words, holds(rule, situation, path)
            if truth is False or not words[1].startswith("replace-") or len(words) < 4:
                continue
            numbers = [int(each) for each in _ESCAPED.findall(words[3])]
            if empty := empty_group(words[2], numbers, path):
                line = rule.line
                text = line_text(view, line.file, line.number)
                edit = _edit(view, line.file, line.number, text, empty)
                group = f"\\{empty.number}"
                yield GroupLine(
                    text.strip(), line.file, line.number, group, empty, edit, truth is True
                )


def _of_caddy(view: ServerView, path: str) -> Iterator[GroupLine]:
    lines = list(own_lines(view))
    for line in lines:
        match = _EXPRESSION.fullmatch(line.text[:_MAX_LINE])
        if match is None:
            continue
        head = line.heads[-1] if line.heads else ""
        name = match[2] or match[1] or head.removeprefix("@")
        for each in lines:
            numbers = [
                int(placeholder[2])
                for placeholder in _PLACEHOLDER.finditer(each.text[:_MAX_LINE])
                if each.file == line.file and (placeholder[1] or name) == name
            ]
            empty = empty_group(match[4], numbers, path) if numbers else None
            if empty is not None:
                edit = _edit(view, line.file, line.number, line.text, empty)
                group = next(placeholder[0] for placeholder in _PLACEHOLDER.finditer(each.text))
                text = each.text.strip()
                yield GroupLine(text, each.file, each.number, group, empty, edit, True)
