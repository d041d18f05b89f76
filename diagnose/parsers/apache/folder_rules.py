"""Where the rules of an .htaccess lead all that is no file: to the script of an application, in the
folder of the .htaccess or in another one. No I/O.

A substitution that begins with "/" is a path of the URL; another one is below RewriteBase, and
without it below the folder itself (mod_rewrite, "RewriteBase").
"""

import posixpath
import re

from diagnose.model.frozen import frozen
from diagnose.parsers.apache.config import Directive, flatten, parse
from diagnose.parsers.apache.rewrite_flags import rewrite_flags

_SCRIPT = re.compile(r"/?(?:[\w.-]{1,60}/){0,4}[\w.-]{1,60}\.(?:php|html?)")
#: What stands behind a script: the path for its program ("index.php/$1", PATH_INFO), and a query.
_END = re.compile(r"(?<=\.php)/.*|\?.*", re.DOTALL)


@frozen
class ScriptRule:
    """The last rule of an .htaccess that leads to a script. `script` is the path of the URL to
    which it leads. `rule` is the rule, `base` the RewriteBase that counts, None without one."""

    script: str
    rule: Directive
    base: Directive | None = None


def script_rule(text: str, file: str, folder: str, is_on_only: bool = True) -> ScriptRule | None:
    """Return the rule of an .htaccess by which all that is no file goes to a script; `folder` is
    the path of the URL of its folder ("/" or "/blog"). None if it has none, or with `is_on_only` if
    its engine is off."""
    # A rule in a section counts where the module is loaded, as in <IfModule mod_rewrite.c>.
    lines = list(flatten(parse(text, file)))
    engine = [line for line in lines if line.name == "rewriteengine"]
    rules = [line for line in lines if line.name == "rewriterule" and leads_to_script(line)]
    is_on = bool(engine) and [word.lower() for word in engine[-1].args] == ["on"]
    if not rules or (is_on_only and not is_on):
        return None
    bases = [line for line in lines if line.name == "rewritebase" and line.args]
    base, rule = next(reversed(bases), None), rules[-1]
    start = base.args[0] if base else f"{folder.rstrip('/')}/"
    target = _END.sub("", rule.args[1], count=1)
    path = target if target.startswith("/") else f"{start.rstrip('/')}/{target}"
    return ScriptRule(posixpath.normpath(path), rule, base)


def moved_lines(to_script: ScriptRule, text: str, folder: str) -> dict[int, str]:
    """Return the lines of an .htaccess, by their numbers, as they lead to the script of its own
    folder; {} if they are written in another way."""
    lines, own = text.split("\n"), f"{folder.rstrip('/')}/"
    changes: dict[int, str] = {}
    wanted = f"{own}{posixpath.basename(to_script.script)}"
    for directive, old, new in (
        (to_script.base, "".join(to_script.base.args[:1]) if to_script.base else "", own),
        (to_script.rule, to_script.rule.args[1], wanted + _end(to_script.rule.args[1])),
    ):
        if directive is None or old == new:
            continue
        is_rule = directive is to_script.rule
        if is_rule and not old.startswith("/"):
            continue  # it is below RewriteBase, which is corrected
        line = lines[directive.line - 1]
        pattern = re.compile(rf"(?<=\s){re.escape(old)}(?=\s|$)")
        matches = list(pattern.finditer(line))
        if directive.stop != directive.line or not matches:
            return {}
        # The pattern of a rule may be written as its substitution is.
        last = matches[-1]
        changes[directive.line] = f"{line[: last.start()]}{new}{line[last.end() :]}"
    return changes


def _end(substitution: str) -> str:
    match = _END.search(substitution)
    return match[0] if match else ""


def leads_to_script(line: Directive) -> bool:
    """Return whether a rule leads to a script of the server, and does not answer itself."""
    if len(line.args) < 2 or not _SCRIPT.fullmatch(_END.sub("", line.args[1], count=1)):
        return False
    return not {"R", "F", "G", "P"} & set(rewrite_flags(line))
