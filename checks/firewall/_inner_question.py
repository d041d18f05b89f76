"""The question in the place of a remedy that opens a port which visitors do not need."""

from checks.listener._inner_ports import InnerPort
from diagnose.model import Applicability, Fix, Manual, Step, Where


def inner_question(inner: InnerPort | None, question: Fix) -> Fix:
    """Return the question with what needs no open port before it: the site that passes requests on
    to the port, or a tunnel of SSH. Unchanged if the port is none of these."""
    if inner is None:
        return question
    wide = tuple(step for step in question.steps if isinstance(step, Manual))
    if inner.passed:
        # Who comes by the site needs no way past it.
        wide = tuple(step for step in wide if step.step != "open-to-one")
        return Fix((inner.first_step, *wide), Applicability.REVIEW)
    narrow = tuple(step for step in question.steps if not isinstance(step, Manual))
    choices: tuple[Step, ...] = wide
    if narrow:
        choices = (Manual("open-to-one", Where.SERVER, commands=narrow), *wide)
    return Fix((inner.first_step, *choices), Applicability.REVIEW)
