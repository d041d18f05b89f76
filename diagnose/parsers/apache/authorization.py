"""Whether a configuration lets CGI, FastCGI and WSGI programs have the field Authorization (core,
"CGIPassAuth"; mod_wsgi, "WSGIPassAuthorization"; or a variable of their environment that a rule
fills). No I/O.

A rule of an .htaccess counts for the round of rules in which it stands: rules that change the path
begin another one, in which the variable has "REDIRECT_" before its name (httpd, "Custom Error
Responses"; http_request.c, rename_original_env). After two rounds nobody looks for it. The rules of
a folder below with RewriteEngine stand in the place of those above (mod_rewrite, "RewriteOptions").
"""

import re
from collections.abc import Iterator, Sequence

from diagnose.model.frozen import frozen
from diagnose.parsers.apache.config import Directive
from diagnose.parsers.apache.rewrite_flags import rewrite_flags

#: Directives that may set a variable (mod_setenvif, mod_rewrite, mod_env, mod_headers).
_SETTING = {"setenvif", "setenvifnocase", "setenvifexpr", "rewriterule", "setenv", "requestheader"}
_SETTING |= {"proxyfcgisetenvif"}
#: Patterns of every path, and the path of a script that a rule leaves as it is.
_EVERY_PATH = {"^", ".*", "(.*)", "^.*$", "^(.*)$", "^(.*)", "(.*)$", "(.+)", "^(.+)$", "^(.+)"}
_SCRIPT = re.compile(r"\^([A-Za-z_]{1,40})\\?\.php\$")
#: A path of the folder that such a rule leads to: "webroot/$1".
_INTO_FOLDER = re.compile(r"/?([A-Za-z0-9_-]{1,60})/\$1")


@frozen
class FolderPassing:
    """What an .htaccess says about the field. `always`: a line that counts in every round passes it
    on. `by_rule`: a rule that is reached does. `folder`: all paths are led into this folder below,
    "" if none is. `changes_path`: a rule of it begins another round."""

    always: bool = False
    by_rule: bool = False
    folder: str = ""
    changes_path: bool = False
    is_on: bool = False


@frozen(eq=False)
class _Rule:
    line: Directive
    is_conditional: bool

    @property
    def changes_path(self) -> bool:
        return len(self.line.args) > 1 and self.line.args[1] != "-"

    @property
    def is_last(self) -> bool:
        return bool(rewrite_flags(self.line).keys() & {"L", "END", "R", "P", "F", "G"})

    @property
    def takes_every_path(self) -> bool:
        return not self.is_conditional and self.line.args[0] in _EVERY_PATH and self.changes_path


def passes_authorization(directives: Sequence[Directive]) -> bool:
    """Return whether a line passes the field on, for some of the paths at least."""
    return any(map(_passes, directives))


def _passes(directive: Directive) -> bool:
    if directive.block is not None:
        return passes_authorization(directive.block)
    if directive.name in {"cgipassauth", "wsgipassauthorization"}:
        return "".join(directive.args[:1]).lower() == "on"
    if directive.name == "fcgidpassheader":
        return "authorization" in map(str.lower, directive.args)
    return directive.name in _SETTING and "HTTP_AUTHORIZATION" in " ".join(directive.args).upper()


def folder_passing(directives: Sequence[Directive]) -> FolderPassing:
    """Return what the lines of an .htaccess say."""
    rules = list(_rules(directives))
    others = [line for line in directives if line.name != "rewriterule"]
    into = (match for rule in rules if (match := _into_folder(rule)))
    engines = (line.args[:1] for line in directives if line.name == "rewriteengine")
    return FolderPassing(
        always=passes_authorization(others),
        by_rule=any(_is_reached(rules, rule) for rule in rules if _passes(rule.line)),
        folder=next(into, ""),
        changes_path=any(rule.changes_path for rule in rules),
        is_on=any("".join(words).lower() == "on" for words in engines),
    )


def passes_in(own: FolderPassing, below: FolderPassing | None) -> bool:
    """Return whether an .htaccess passes the field on; `below` is that of its `folder`, None if
    there is none."""
    if own.always or below is None or not below.is_on:
        return own.always or own.by_rule
    is_kept = own.by_rule and not below.changes_path
    return is_kept or below.always or below.by_rule


def _rules(directives: Sequence[Directive]) -> Iterator[_Rule]:
    is_conditional = False
    for line in directives:
        if line.name == "rewritecond":
            is_conditional = True
        elif line.name == "rewriterule" and line.args:
            yield _Rule(line, is_conditional)
            is_conditional = False


def _into_folder(rule: _Rule) -> str:
    match = _INTO_FOLDER.fullmatch(rule.line.args[1]) if rule.takes_every_path else None
    return match[1] if match else ""


def _is_reached(rules: Sequence[_Rule], rule: _Rule) -> bool:
    """Return whether a rule is reached: none before it ends the round for every path, or leads to a
    script for which another one before it ends the next round."""
    before = [each for each in rules[: rules.index(rule)] if each.is_last]
    if any(each.takes_every_path for each in before):
        return False
    left = {
        f"{match[1]}.php"
        for each in before
        if not each.changes_path
        if not each.is_conditional and (match := _SCRIPT.fullmatch(each.line.args[0]))
    }
    led = (each.line.args[1].partition("?")[0] for each in before if each.changes_path)
    return not any(path.rpartition("/")[2] in left for path in led)
