"""Many machines: a fleet whose targets are diagnosed by workers (`diagnose worker`), through NATS
JetStream.

Targets and results are messages in two streams. Nothing is lost when a program or the server is
killed: a target is acknowledged after its result is stored in the stream, and a result after it is
stored in the journal of the fleet. So either may come twice, and the journal takes each once
(docs/adr/0046-workers-over-nats.md).

The client library is an optional dependency, imported only when needed.
"""

from importlib import import_module

from diagnose.model.frozen import frozen
from diagnose.parsers.target import UsageError
from diagnose.processes.installation import extra_command

#: The vantage of workers and fleets that name none.
DEFAULT_VANTAGE = "default"

#: Targets that wait in the queue or are at work, unless the user says otherwise.
DEFAULT_QUEUED = 2000

_MISSING_EXTRA = "Workers need the NATS client: {command}"


@frozen
class Access:
    """How the server is reached: `url` is nats://HOST:PORT or tls://HOST:PORT, `credentials` a file
    with a JWT and its key (.creds), or with the seed of an nkey, and `cafile` roots to trust."""

    url: str
    credentials: str | None = None
    cafile: str | None = None

    @property
    def requires_tls(self) -> bool:
        return self.url.startswith("tls://")


def require_client() -> None:
    """Raise UsageError if a library of the extra is not installed."""
    try:
        for name in ("nats.aio.client", "nkeys"):
            import_module(name)
    except ModuleNotFoundError:
        raise UsageError(_MISSING_EXTRA.format(command=extra_command("fleet"))) from None


class QueueError(Exception):
    """The queue cannot be used. `key` and `facts` are the text for people (`diagnose.i18n`);
    `is_configuration` is False where the server may be back later."""

    def __init__(self, key: str, is_configuration: bool = True, **facts: str) -> None:
        super().__init__(key)
        self.key, self.facts, self.is_configuration = key, facts, is_configuration
