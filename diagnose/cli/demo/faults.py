"""The faults of the demonstration."""

from typing import Literal

from diagnose.i18n.reports import translate
from diagnose.model.frozen import frozen
from diagnose.parsers.target import UsageError, suggestion

FaultName = Literal[
    "unreachable", "websocket", "expired-certificate", "redirect-loop", "renewed-certificate"
]


@frozen
class Fault:
    """A fault: the paths of the WebSockets that its site has, the days until the certificate that
    is served expires, and whether nginx has loaded what is on disk."""

    name: FaultName
    websockets: tuple[str, ...] = ()
    certificate_days: int = 90
    loaded: bool = True

    def title(self, lang: str) -> str:
        return translate(f"demo.{self.name}", lang)


#: The two most frequent questions first.
FAULTS = (
    Fault("unreachable", loaded=False),
    Fault("websocket", ("/ws",)),
    Fault("expired-certificate", certificate_days=-3),
    Fault("redirect-loop"),
    Fault("renewed-certificate", certificate_days=-1, loaded=False),
)
#: What is shown where nobody can choose.
DEFAULT_FAULT = FAULTS[1]


def find_fault(name: str) -> Fault:
    """Return the fault of this name. Raise UsageError if there is none."""
    faults = {fault.name: fault for fault in FAULTS}
    for fault_name, fault in faults.items():
        if fault_name == name:
            return fault
    hint = suggestion(name, tuple(faults)) or f" There are {', '.join(faults)}."
    raise UsageError(f"The demonstration has no fault {name!r}.{hint}")
