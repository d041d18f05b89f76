"""A site whose folder has no page, beside the only program that listens: it may be the site."""

from dataclasses import replace

from checks.nginx import Nginx
from checks.nginx._only_application import only_application
from checks.nginx._pass_on_edits import passing_steps
from diagnose.model import Edit, Fix, Manual, Where
from diagnose.model.steps import Risk


def passed_to_program(nginx: Nginx, fix: Fix | None, path: str) -> tuple[str, Fix | None]:
    """Return the program's address, and the question with one more answer: what passes requests on
    to it; "" and the question as it is for another path than the root, or another program."""
    match = next(iter(nginx.location_matches(path)), None)
    if fix is None or match is None or path != "/" or len(match.blocks) < 2:
        return "", fix
    typed = passing_steps(nginx, match, path)
    if not typed or any(not isinstance(step, Manual) for step in fix.steps):
        return "", fix
    opening = tuple(
        replace(each, risk=Risk.OPENS_TO_ALL) if isinstance(each, Edit) else each for each in typed
    )
    step = Manual("to-the-program", Where.SERVER, commands=opening)
    return only_application(nginx, match), Fix((*fix.steps, step), fix.applicability)
