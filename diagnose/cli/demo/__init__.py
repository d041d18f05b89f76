"""A broken site of its own, diagnosed: it shows everything without a network and without root.

Where there is an nginx, it runs in a temporary folder on loopback, and the inside is seen and can
be fixed (`nginx_site`). Elsewhere a little server stands in, seen from outside (`embedded`).
"""

from diagnose.cli.demo.embedded import TARGET
from diagnose.cli.demo.faults import DEFAULT_FAULT, FAULTS, Fault, find_fault
from diagnose.i18n.reports import translate
from diagnose.model import Target
from diagnose.model.view import View
from diagnose.outputs.terminal import wrap

__all__ = [
    "DEFAULT_FAULT",
    "FAULTS",
    "TARGET",
    "Fault",
    "ending",
    "find_fault",
    "introduction",
    "list_text",
]


def introduction(target: Target, view: View) -> str:
    """Return the text that explains what the demonstration shows."""
    words = " ".join(("diagnose", target.url, *(f"--ws {path}" for path in target.websockets)))
    text = translate("demo", view.lang, command=words)
    return "\n".join(wrap(text, min(view.width, 100))) + "\n"


def ending(view: View) -> str:
    """Return the text after a printed report: its commands have no site any more."""
    return "\n".join(wrap(translate("demo.ended", view.lang), min(view.width, 100))) + "\n"


def list_text(view: View) -> str:
    """Return the names of the faults, and what each is."""
    width = max(len(fault.name) for fault in FAULTS)
    return "".join(f"{fault.name:{width}}  {fault.title(view.lang)}\n" for fault in FAULTS)
