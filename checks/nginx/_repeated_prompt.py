"""A person writes that the right password does not end the question of nginx for it."""

import re
from dataclasses import replace

from checks.nginx import Nginx
from checks.nginx._commands import chosen_edits
from checks.nginx._edits import config_edits
from checks.upstream._address_lines import writer_of
from diagnose.model import Command, Edit, Evidence
from diagnose.model.backends import BackendLogin
from diagnose.model.logs import LogLine
from diagnose.model.nginx import Directive
from diagnose.model.steps import Risk
from diagnose.parsers.nginx.edits import replace_directive
from diagnose.parsers.nginx.locations import LocationMatch, proxy_set_header_of

_RIGHT = re.compile(
    r"(?i)\b(?:right|correct|valid|same) (?:user\w*|login|credentials|passwords?)"
    r"|\b(?:passwords?|credentials) (?:is|are) (?:right|correct|valid)"
    r"|richtige\w{0,2} (?:Passwort|Kennwort)"
    r"|mot de passe correct|contraseña correcta|правильн\w{1,4} пароль"
    r"|密码(?:正确|没错|是对的)|正しいパスワード"
)
_AGAIN = re.compile(
    r"(?i)\bkeeps? (?:on )?(?:popping|asking|prompting|coming|appearing|reappearing|showing)"
    r"|again and again|over and over|repeatedly|pops? up again|\bendless|immer wieder|sans cesse"
    r"|una y otra vez|снова и снова|反复|一直弹|不断弹|何度も|繰り返し"
)
#: ngx_http_auth_basic_module, about a user who is not let in.
_REFUSED_USER = re.compile(r"password mismatch|was not found in|\bcrypt(?:_r)?\(")


def repeated_prompt(evidence: Evidence) -> tuple[BackendLogin, ...]:
    """Return the answers of an application whose page is open, with and without a password, where
    a person writes that the right password does not end nginx's question, and nginx's log refuses
    no user; () otherwise."""
    symptom = evidence.target.symptom
    text = symptom.text if symptom else ""
    if not (_RIGHT.search(text) and _AGAIN.search(text)):
        return ()
    if any(_REFUSED_USER.search(line.text) for line in evidence.of(LogLine)):
        return ()
    logins = evidence.good(BackendLogin)
    are_open = all(200 <= (login.status or 999) < 400 for login in logins)
    return tuple(logins) if logins and are_open else ()


def opening_edits(
    nginx: Nginx, match: LocationMatch, asking: Directive
) -> tuple[Command | Edit, ...]:
    """Return what lets nginx ask for no password at a location, and pass the field on; () where a
    panel writes the file, or it cannot be edited. It opens the location to all whom the application
    lets in."""
    file = nginx.file(asking)
    if file is None or writer_of(nginx, asking):
        return ()
    changes = {file.path: [replace_directive(asking, "auth_basic off;")]}
    withheld = proxy_set_header_of(match, "Authorization")
    if withheld is not None and (own := nginx.file(withheld)) is not None:
        edit = replace_directive(withheld, "proxy_set_header Authorization $http_authorization;")
        changes.setdefault(own.path, []).append(edit)
    edits = config_edits(nginx, changes)
    return chosen_edits(nginx, tuple(replace(edit, risk=Risk.OPENS_TO_ALL) for edit in edits))
