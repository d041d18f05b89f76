"""The application's own page that a rule about names refuses: `location ~ /\\.` denies hidden
files, and a page whose name begins with a dot too. What a person types lets it alone through."""

import re

from checks.nginx import Nginx
from checks.nginx._commands import chosen_edits
from checks.nginx._edits import config_edits
from checks.nginx._location_edits import copied_lines
from checks.nginx._pass_lines import line_for
from diagnose.model import Command, Edit
from diagnose.model.nginx import Directive
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.nginx.edits import insert_location
from diagnose.parsers.nginx.locations import outdone_location
from diagnose.parsers.nginx.upstreams import pass_directive_of

#: A path that stands in a configuration as it is.
_PLAIN = lazy_pattern(r"(?:/[\w.~@+-]{1,200}){1,12}/?")
#: Files that such rules are for: settings, histories, copies. No choice opens one.
_FILES = lazy_pattern(
    r"/\.(?:git|svn|hg|env|ht|ssh|aws|npm|docker|user\.ini|DS_Store|bash|idea|vscode)"
    r"|\.(?:bak|conf|config|dist|env|inc|ini|key|log|old|orig|pem|save|sh|sql|swp|tar|tgz|zip|gz"
    r"|ya?ml|toml|lock)(?:/|$)|~$",
    re.IGNORECASE,
)


def passed_page(nginx: Nginx, deny: Directive, path: str) -> tuple[Command | Edit, ...]:
    """Return what passes this path alone on to the application that has the paths around it; ()
    where no expression takes it from an application, or it is such a file's name."""
    path = path.partition("?")[0]
    if not _PLAIN.fullmatch(path) or _FILES.search(path):
        return ()
    for selected in nginx.answering_servers():
        owner = outdone_location(selected.server, path)
        passing = pass_directive_of(owner) if owner else None
        rules = {id(match.block) for match in nginx.location_matches(path)}
        refusing = [
            directive
            for directive in selected.server.block.block or ()
            if any(child is deny for child in directive.block or ())
        ]
        if owner is None or passing is None or not refusing or id(refusing[0]) not in rules:
            continue
        server, line = owner.blocks[1], line_for(owner, path)
        lines = copied_lines(nginx, owner.block, {passing.name: line}) if line else None
        file = nginx.file(server)
        if lines is None or file is None:
            continue
        change = insert_location(file.text, server, f"location = {path}", lines)
        return chosen_edits(nginx, config_edits(nginx, {file.path: [change]}))
    return ()
