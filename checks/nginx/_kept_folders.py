"""The folder of the site itself beside a rule for what does not exist: the folder exists, so that
the rule leaves its requests to nginx's files (ngx_http_rewrite_module, "if": `-e` is true for a
folder). GET and POST come to the index file all the same (ngx_http_index_module); other methods
get 405."""

import re

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit
from diagnose.model import Applicability, Fix, Manual, Symptom, Where
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import TextEdit
from diagnose.parsers.nginx.locations import LocationMatch, match_location
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_search
from diagnose.parsers.nginx.upstreams import pass_directive_of

#: The methods that reach no index file.
_METHODS = ("PUT", "PATCH", "DELETE", "OPTIONS")
_NAMED = re.compile(r"(?<![A-Za-z])(POST|PUT|PATCH|DELETE|OPTIONS)(?![A-Za-z])", re.IGNORECASE)
_CONDITION, _EXISTS = "(!-e $request_filename)", "!-e"
_RULES = ("rewrite", "return")
#: What answers in place of the files.
_OTHERS = ("return", "try_files", "dav_methods", "limit_except", "autoindex", "stub_status")


@frozen
class KeptFolder:
    """The location that keeps requests for "/" from the rule, the `if` around the rule, and the
    method that is refused."""

    match: LocationMatch
    condition: Directive
    method: str

    def fix(self, nginx: Nginx) -> Fix:
        """Let the rule hold for folders too: `-f` asks for files alone."""
        file = nginx.file(self.condition)
        at = file.text.find(_EXISTS, self.condition.start, self.condition.stop) if file else -1
        change = TextEdit(at, at + len(_EXISTS), "!-f")
        edit = config_edit(nginx, self.condition.file, change) if file and at >= 0 else None
        if edit is None:
            return Fix((Manual("ask-for-files", Where.SERVER),), Applicability.MANUAL)
        return Fix((edit, *reload_steps(nginx)), Applicability.REVIEW)


def method_in(symptom: Symptom | None) -> str:
    """Return the method that a message is about, PUT if it names none."""
    match = _NAMED.search(symptom.text) if symptom else None
    return match[1].upper() if match else _METHODS[0]


def kept_folder(nginx: Nginx, path: str, method: str) -> KeptFolder | None:
    """Return the folder if the site's blocks have that rule for "/"; None if something else may
    answer the method there."""
    if path.partition("?")[0] != "/" or method not in _METHODS or nginx.is_refused:
        return None
    kept = [
        _kept_folder(match_location(chosen.server, "/"), method)
        for chosen in nginx.selected_servers()
    ]
    return kept[0] if kept and all(kept) else None


def _kept_folder(match: LocationMatch, method: str) -> KeptFolder | None:
    blocks = match.blocks[1:]
    if pass_directive_of(match) or any(children(match.block, name) for name in _OTHERS):
        return None
    conditions = [rule for block in blocks for rule in children(block, "if")]
    pages = [line for line in match.directives("error_page") if "405" in line.args[:-1]]
    others = [
        rule for block in blocks for name in ("rewrite", "return") for rule in children(block, name)
    ]
    rules = [rule for rule in conditions if " ".join(rule.args) == _CONDITION]
    if len(conditions) != 1 or not rules or others or pages:
        return None
    leads = any(_leads_on(line) for line in children(rules[0], "rewrite"))
    return KeptFolder(match, rules[0], method) if leads else None


def _leads_on(rewrite: Directive) -> bool:
    """Return whether a rule would lead "/" to a script."""
    if len(rewrite.args) < 2 or {"redirect", "permanent"} & set(rewrite.args[2:]):
        return False
    pattern, replacement = rewrite.args[:2]
    return (
        ".php" in replacement
        and replacement.startswith("/")
        and is_supported_pcre(pattern)
        and pcre_search(pattern, "/", False) is not None
    )
