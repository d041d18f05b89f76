"""The parameters of /probe: the target, and how long the probe may take."""

import math
import re
from urllib.parse import unquote_plus

#: Seconds if Prometheus does not say how long it waits, and the longest that it can ask for.
DEFAULT_TIMEOUT, MAX_TIMEOUT = 120.0, 600.0

_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def decode_target(text: str) -> str:
    """Return a target decoded a second time, as blackbox_exporter does after 0.28; unchanged if
    that cannot be done."""
    return text if _BAD_ESCAPE.search(text) else unquote_plus(text)


def probe_timeout(header: str, module_timeout: float, offset: float) -> float:
    """Return the seconds that a probe has: those of the header less the offset, or the module's if
    they are fewer. Raise ValueError if the header is no number."""
    if not re.fullmatch(r"[\x21-\x5e\x60-\x7e]*", header):
        # Python reads "1_0" and " 1" too; Go does not.
        raise ValueError(f"no number: {header!r}")
    seconds = float(header) if header else 0.0
    if not math.isfinite(seconds):
        raise ValueError(f"not a finite number: {header!r}")
    available = (seconds or DEFAULT_TIMEOUT) - offset
    if 0 < module_timeout < available or available < 0:
        return min(module_timeout, MAX_TIMEOUT)
    return min(available, MAX_TIMEOUT)
