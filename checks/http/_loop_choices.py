"""What a person types to end a circle of two lines of nginx: the one or the other goes."""

from checks.http._redirects import NginxRedirect
from checks.nginx import Nginx
from checks.nginx._commands import chosen_edits
from checks.nginx._edits import config_edits
from diagnose.model import Applicability, Command, Edit, Fix, Manual, Where
from diagnose.parsers.nginx.edits import remove_directive


def choice_of_two(nginx: Nginx, redirects: tuple[NginxRedirect, ...]) -> Fix | None:
    """Return the two answers, last the one that leaves paths their slash; None where there are not
    exactly two lines, or one of them cannot be taken out."""
    lines = {id(redirect.directive): redirect for redirect in redirects}
    typed = [_without(nginx, redirect) for redirect in lines.values()]
    if len(typed) != 2 or not all(typed):
        return None
    steps = list(zip(("without-first", "without-second"), typed, strict=True))
    first, second = (redirect.target.endswith("/") for redirect in lines.values())
    if second and not first:
        steps.reverse()  # For a folder nginx itself adds the slash: the other answer comes first.
    answers = (Manual(name, Where.SERVER, commands=each) for name, each in steps)
    return Fix(tuple(answers), Applicability.MANUAL)


def _without(nginx: Nginx, redirect: NginxRedirect) -> tuple[Command | Edit, ...]:
    """Take the line out, with its block if it is made for the line alone."""
    block, line = redirect.location_match.block, redirect.directive
    is_own = block.name in {"if", "location"}
    gone = block if is_own and len(block.block or ()) == 1 else line
    file = nginx.file(gone)
    if file is None:
        return ()
    changes = {file.path: [remove_directive(file.text, gone)]}
    return chosen_edits(nginx, config_edits(nginx, changes))
