"""Rewrite rules of a virtual host of Apache's that do nothing, as no line `RewriteEngine on` is
there (mod_rewrite, "RewriteEngine"). What the main server says counts where the virtual host says
nothing."""

import re

from checks.server import ServerView, indentation, line_edit, line_text
from diagnose.model import Edit
from diagnose.model.frozen import frozen
from diagnose.model.web_servers import WebSite
from diagnose.parsers.apache.rewrite_lines import RewriteLine, rewrite_lines
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_search

_ENGINE = re.compile(r"(?im)^[ \t]*RewriteEngine\b")
_RULE = re.compile(
    r"(?i)\s*RewriteRule\s+(?:\"([^\"]{1,500})\"|'([^']{1,500})'|(\S{1,500}))\s+[\"']?(\S{1,900})"
    r"(.{0,300})",
    re.DOTALL,
)
_NO_CASE = re.compile(r"(?i)[\[,]\s*(?:NC|nocase)\s*[\],]")
_PROXY = re.compile(r"(?i)[\[,]\s*(?:P|proxy)\s*[\],]")


@frozen
class IdleRule:
    """A rule that does nothing: its line, its target, and whether it passes requests on. `first` is
    the line of the first rule or condition, before which the engine is turned on."""

    line: int
    pattern: str
    target: str
    is_proxy: bool
    folds_case: bool
    first: int

    def takes(self, path: str) -> bool:
        negated = self.pattern.startswith("!")
        if negated or not is_supported_pcre(self.pattern):
            return False
        return pcre_search(self.pattern, path, self.folds_case) is not None


def idle_rules(view: ServerView, site: WebSite) -> tuple[IdleRule, ...]:
    """Return the rules of a virtual host without any word about the engine; () where one file of
    the configuration may turn it on, or was not read."""
    config = view.config
    file = config.file(site.file) if config else None
    is_known = config is not None and config.complete and "rewrite" in config.modules
    if config is None or file is None or not is_known or not site.end:
        return ()
    own = "\n".join(file.text.split("\n")[site.line - 1 : site.end])
    if _ENGINE.search(own) or any(_turns_on(view, each.path, each.text) for each in config.files):
        return ()
    lines = list(rewrite_lines(file.text, site.line, site.end))
    return tuple(rule for line in lines if line.is_rule and (rule := _rule(line, lines[0].number)))


def _turns_on(view: ServerView, path: str, text: str) -> bool:
    """Return whether a line outside of all virtual hosts turns the engine on."""
    sites = [site for site in (view.config.sites if view.config else ()) if site.file == path]
    for number, line in enumerate(text.split("\n"), 1):
        if _ENGINE.match(line) and not any(site.line < number < site.end for site in sites):
            return True
    return False


def _rule(line: RewriteLine, first: int) -> IdleRule | None:
    match = _RULE.match(line.text)
    if match is None:
        return None
    pattern = match[1] or match[2] or match[3]
    is_proxy, folds_case = bool(_PROXY.search(match[5])), bool(_NO_CASE.search(match[5]))
    return IdleRule(line.number, pattern, match[4], is_proxy, folds_case, first)


def engine_edit(view: ServerView, site: WebSite, rule: IdleRule) -> Edit | None:
    text = line_text(view, site.file, rule.first)
    engine = f"{indentation(text)}RewriteEngine On"
    return line_edit(view, site.file, {rule.first: (engine, text)}) if text else None
