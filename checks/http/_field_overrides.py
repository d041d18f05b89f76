"""The lines by which the web server sends a field in the place of the application's own: where the
application cannot be told, or not soon. A person chooses it: the application decides no more."""

import re

from checks.http._added_fields import added_fields_fix
from checks.nginx import Nginx
from checks.server._scoped_fields import folder_of
from diagnose.model import Applicability, Command, Edit, Evidence, Fix, Manual, Where
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
    fix = _replacing(evidence, page, name, value) if value else hiding_fix(evidence, page, name)
    typed: tuple[Command | Edit, ...] = tuple(
        step for step in (fix.steps if fix else ()) if not isinstance(step, Manual)
    )
    return (Manual("override-the-field", Where.SERVER, commands=typed),) if typed else ()


def _replacing(evidence: Evidence, page: Exchange, name: str, value: str) -> Fix | None:
    is_nginx = Nginx.of(evidence).config is not None
    text = f'"{value}"' if is_nginx and not _PLAIN.fullmatch(value) else value
    return added_fields_fix(evidence, folder_of(path_of(page.url)), {name: text}, replaces=True)


def hiding_fix(evidence: Evidence, page: Exchange, name: str) -> Fix | None:
    """Return the edit with which nginx or Caddy keeps a field of the application to itself; None
    where the configuration does not show one place for it."""
    # Imported late: few fields are only left out.
    from checks.http._cors_edits import added_fix

    nginx = Nginx.of(evidence)
    if nginx.config is None:
        return _hiding_of_caddy(evidence, name)
    matches = list(nginx.location_matches(path_of(page.url)))
    is_one = len({match.block for match in matches}) == 1
    return added_fix(nginx, matches[0], [], (name,)) if is_one else None


def _hiding_of_caddy(evidence: Evidence, name: str) -> Fix | None:
    from checks.server import reload_steps, server_on_port
    from checks.server._backend_answers import route_to_application
    from checks.server._caddy_proxy_lines import hidden_fields_edit

    view = server_on_port(evidence)
    route = route_to_application(view) if view and view.server.product == "caddy" else None
    edit = hidden_fields_edit(view, route, (name,)) if view and route else None
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if view and edit else None
