"""What repeated attempts with several names at one address show. No I/O."""

from collections.abc import Iterable

from diagnose.model.frozen import frozen
from diagnose.model.tls import NameTrials

#: A name is filtered if at least this share of its attempts in one protocol was blocked. Filters
#: let some pass (one in ten, and TLS 1.3 more often than TLS 1.2, by users' reports). That four of
#: five are blocked by chance and none of twenty others is has a probability below 1 in 2000.
BLOCKED_SHARE = 0.8

#: Attempts without which nothing is concluded.
MIN_TRIES = 4


@frozen
class NameFilter:
    """A filter that reacts to the target's name at one address.

    `tries` and `blocked` count the attempts with the name, `control_tries` those without a name and
    with another one, of which none was blocked and some of both kinds were answered.
    """

    address: str
    port: int
    tries: int
    blocked: int
    control_tries: int
    trials: tuple[NameTrials, ...]


def tls_filter(trials: Iterable[NameTrials]) -> NameFilter | None:
    """Return the filter that resets TLS for the name, or None if the trials do not show one."""
    return _name_filter([trial for trial in trials if trial.protocol != "HTTP"])


def is_every_name_blocked(trials: Iterable[NameTrials]) -> bool:
    """Return whether requests without the name get the provider's page as well. Then it is not
    the name that it reacts to."""
    controls = [trial for trial in trials if trial.protocol == "HTTP" and trial.name != "own"]
    return any(trial.blocked for trial in controls) and not any(
        trial.answered for trial in controls
    )


def _name_filter(trials: list[NameTrials]) -> NameFilter | None:
    own = [trial for trial in trials if trial.name == "own"]
    controls = [trial for trial in trials if trial.name != "own"]
    is_blocked = any(
        trial.tries >= MIN_TRIES and trial.blocked >= BLOCKED_SHARE * trial.tries for trial in own
    )
    answered_names = {trial.name for trial in controls if trial.answered}
    if (
        not is_blocked
        or answered_names != {"none", "other"}
        or any(item.blocked for item in controls)
    ):
        return None
    return NameFilter(
        address=own[0].address,
        port=own[0].port,
        tries=sum(trial.tries for trial in own),
        blocked=sum(trial.blocked for trial in own),
        control_tries=sum(trial.tries for trial in controls),
        trials=tuple(trials),
    )
