"""What can be seen of a certificate's automatic renewal on the server."""

from typing import ClassVar

from diagnose.model import Observation
from diagnose.model.frozen import frozen


@frozen(kw_only=True, eq=False)
class RenewalFailure(Observation):
    """The last run of a renewal tool failed, by its log or by systemd. `tool` is "certbot",
    "acme.sh", "dehydrated" or "lego", `source` the log or the command that shows its journal,
    `unit` the service of systemd's that failed, "" where the log alone says so. `names` are those
    that the tool could not renew, () where it names none. `message` is the tool's own reason,
    `when` the time of that run in seconds since the epoch, None where that is not known. Looked
    for only where a certificate has expired or soon will."""

    layer: ClassVar[str] = "certificate"

    tool: str
    source: str
    unit: str = ""
    names: tuple[str, ...] = ()
    message: str = ""
    when: float | None = None
