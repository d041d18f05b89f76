"""The lines by which the web server sends a field in the place of the application's own: where the
application cannot be told, or not soon. A person chooses it: the application decides no more."""

import re

from checks.http._added_fields import added_fields_fix
from checks.nginx import Nginx
from checks.server._scoped_fields import folder_of
from diagnose.model import Command, Edit, Evidence, Fix, Manual, Where
from diagnose.model.http import Exchange
from diagnose.parsers.urls import path_of

_PLAIN = re.compile(r"[\w=/.-]{1,200}", re.ASCII)
#: What has another value in each response: nobody else can write it.
_CHANGING = "'nonce-"


def override_step(evidence: Evidence, page: Exchange, name: str, value: str) -> tuple[Manual, ...]:
    """Return the step that sends another value of a field which the application sends once, or
    leaves it out ("" as the value); () where the configuration does not show one place for it."""
    sent = [own for field, own in page.headers if field.lower() == name.lower()]
    is_safe = value.isprintable() and not any(mark in value for mark in '"\\$')
    if len(sent) != 1 or not is_safe or any(_CHANGING in each for each in (value, *sent)):
        return ()
    fix = _replacing(evidence, page, name, value) if value else _hiding(evidence, page, name)
    typed: tuple[Command | Edit, ...] = tuple(
        step for step in (fix.steps if fix else ()) if not isinstance(step, Manual)
    )
    return (Manual("override-the-field", Where.SERVER, commands=typed),) if typed else ()


def _replacing(evidence: Evidence, page: Exchange, name: str, value: str) -> Fix | None:
    is_nginx = Nginx.of(evidence).config is not None
    text = f'"{value}"' if is_nginx and not _PLAIN.fullmatch(value) else value
    return added_fields_fix(evidence, folder_of(path_of(page.url)), {name: text}, replaces=True)


def _hiding(evidence: Evidence, page: Exchange, name: str) -> Fix | None:
    # Imported late: few fields are only left out.
    from checks.http._cors_edits import added_fix

    nginx = Nginx.of(evidence)
    matches = list(nginx.location_matches(path_of(page.url)))
    is_one = len({match.block for match in matches}) == 1
    return added_fix(nginx, matches[0], [], (name,)) if is_one else None
