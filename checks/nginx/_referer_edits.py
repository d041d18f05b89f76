"""The edits of a list of referers (ngx_http_referer_module): the site's own names in it, visitors
without a Referer, or the rule turned round where the list names whom it was to refuse."""

import re

from checks.nginx import Nginx
from checks.nginx._commands import chosen_edits, reload_steps
from checks.nginx._edits import config_edits
from checks.nginx._repairs import blocks_around
from diagnose.model import Applicability, Command, Edit, Fix
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children

#: Words of a list of those who are to be refused: in its names, its file, or a comment before it.
_UNWANTED = re.compile(
    r"(?i)spam|semalt|darodar|buttons-for-website|(?:black|block|deny)[-_ ]?list|bad[-_ ]?refer"
)
#: What lets visitors without a Referer pass, and those of the site's own pages.
_USUAL = ("none", "blocked", "server_names")
#: How much of a file before the list is looked at, in characters.
_BEFORE = 200


def own_names_fix(nginx: Nginx, condition: Directive) -> Fix | None:
    """Return the edit of the one list that `if ($invalid_referer)` looks at; None where the block
    has not the site's name."""
    around = blocks_around(nginx, condition)
    server = next((block for block in around if block.name == "server"), None)
    names = (
        [name for child in children(server, "server_name") for name in child.args] if server else []
    )
    listed = _list(nginx, condition)
    file = nginx.file(listed) if listed else None
    if file is None or listed is None or nginx.evidence.target.host not in names:
        return None
    if "server_names" in listed.args:
        return None
    line = f"{edits.one_line(file.text, listed).removesuffix(';')} server_names;"
    file_edits = config_edits(nginx, {file.path: [edits.replace_directive(listed, line)]})
    return Fix((*file_edits, *reload_steps(nginx)), Applicability.REVIEW) if file_edits else None


def names_the_unwanted(nginx: Nginx, condition: Directive | None) -> bool:
    """Return whether a list surely names those whom the rule was to refuse: all others are refused
    now, since none is valid but these."""
    listed = _list(nginx, condition) if condition else None
    file = nginx.file(listed) if listed else None
    if listed is None or file is None or not {*_USUAL}.isdisjoint(listed.args):
        return False
    host = nginx.evidence.target.host.removeprefix("www.")
    before = file.text[max(0, listed.start - _BEFORE) : listed.start]
    text = " ".join((file.path, before, *listed.args))
    return host not in " ".join(listed.args) and _UNWANTED.search(text) is not None


def referer_steps(nginx: Nginx, condition: Directive) -> tuple[Command | Edit, ...]:
    """Return what a person types where visitors without a Referer are refused: the rule turned
    round, or the usual words in the list."""
    listed = _list(nginx, condition)
    file = nginx.file(listed) if listed else None
    if listed is None or file is None:
        return ()
    if names_the_unwanted(nginx, condition):
        own = nginx.file(condition)
        head = own.text[condition.start : condition.opened] if own else ""
        match = re.fullmatch(r"if\s*\(\s*\$invalid_referer(?P<end>\s*)\)\s*\{", head)
        if match is None:
            return ()
        place = condition.start + match.start("end")
        change = edits.TextEdit(place, place, ' = ""', condition.file)
        return chosen_edits(nginx, config_edits(nginx, {condition.file: [change]}))
    missing = [word for word in _USUAL if word not in listed.args]
    line = " ".join((edits.one_line(file.text, listed).removesuffix(";"), *missing)) + ";"
    changes = {file.path: [edits.replace_directive(listed, line)]}
    return chosen_edits(nginx, config_edits(nginx, changes)) if missing else ()


def with_host(nginx: Nginx, condition: Directive, host: str) -> tuple[Command | Edit, ...]:
    """Return what a person types to let the pages of a host pass; () where the list names those
    whom it was to refuse, or is not known."""
    listed = _list(nginx, condition)
    file = nginx.file(listed) if listed else None
    is_name = re.fullmatch(r"[a-z0-9.-]{1,253}", host) is not None
    if listed is None or file is None or not is_name or names_the_unwanted(nginx, condition):
        return ()
    line = f"{edits.one_line(file.text, listed).removesuffix(';')} {host};"
    changes = {file.path: [edits.replace_directive(listed, line)]}
    return chosen_edits(nginx, config_edits(nginx, changes))


def _list(nginx: Nginx, condition: Directive) -> Directive | None:
    """Return the one list that `if ($invalid_referer)` looks at; None for another condition."""
    if condition.args[:1] != ("($invalid_referer)",):
        return None
    around = blocks_around(nginx, condition)
    lists = next(
        (own for block in reversed(around) if (own := children(block, "valid_referers"))), ()
    )
    return lists[-1] if len(lists) == 1 else None
