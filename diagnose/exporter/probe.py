"""What every prober receives and returns."""

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal

from diagnose.exporter.metrics import ProbeMetrics
from diagnose.exporter.modules import Module
from diagnose.exporter.probe_log import ProbeLog
from diagnose.exporter.target_policy import GuardedNet


@dataclass(slots=True)
class Probe:
    """One probe. `hostname` is the parameter of that name, "" if absent.

    `reason` is set by the prober if a rule of the module itself failed it, such as a status code;
    the network's own failures get their reason from the diagnosis. `failure` is the kind of the
    network's failure, `fingerprint` that of the certificate: with the status they tell whether
    anything changed since the last diagnosis. `deadline` is when its time is up, on the clock of
    the event loop (seconds).
    """

    target: str
    hostname: str
    module: Module
    net: GuardedNet
    log: ProbeLog
    metrics: ProbeMetrics = field(default_factory=ProbeMetrics)
    reason: str = ""
    failure: str = ""
    fingerprint: str = ""
    deadline: float = math.inf

    def fail(self, message: str, failure: str = "", **values: object) -> Literal[False]:
        """Log an error and return False, the result of a failed probe."""
        self.log.error(message, **values)
        self.failure = failure or self.failure
        return False

    def break_rule(self, option: str, message: str, **values: object) -> Literal[False]:
        """Log that an option of the module was not met, and return False."""
        self.reason = self.reason or f"module.{option.replace('_', '-')}"
        self.log.error(message, **values)
        return False


Prober = Callable[[Probe], Awaitable[bool]]
