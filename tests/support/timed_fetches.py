"""`diagnose worker` or `diagnose fleet --nats`, with its waiting for messages written down.

    python -m tests.support.timed_fetches FILE [--quick] worker --nats …

Each line of FILE is a wait of more than a fifth of a second for a message that was there: when it
began and ended (seconds since 1970), by how many seconds our own event loop was late.
--quick takes an empty run in the place of each diagnosis.
"""

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nats.aio.msg import Msg

from diagnose import engine
from diagnose.checking.conclusion import conclude
from diagnose.cli import main
from diagnose.fleet.jetstream.subscription import Subscription
from diagnose.model import Evidence, Report, Target
from diagnose.net.deadline import loop_lateness

_SHORTEST = 0.2


def note_waits(path: Path) -> None:
    fetch = Subscription.fetch
    begun: dict[Subscription, tuple[float, float]] = {}

    async def timed_fetch(self: Subscription) -> Msg | None:
        lateness = loop_lateness()
        if self not in begun:
            lateness.start()
            begun[self] = time.time(), lateness.seconds
        message = await fetch(self)
        if message is not None:
            since, late = begun.pop(self)
            _note(path, message, since, lateness.seconds - late)
            lateness.stop()
        return message

    Subscription.fetch = timed_fetch  # type: ignore[method-assign]


def _note(path: Path, message: Msg, since: float, late: float) -> None:
    # When one that was given out before became available again is not known.
    if message.metadata.num_delivered > 1:
        return
    since, now = max(since, message.metadata.timestamp.timestamp()), time.time()
    if now - since > _SHORTEST:
        with path.open("a") as file:
            file.write(json.dumps([since, now, late]) + "\n")


async def empty_run(target: Target, options: Any, net: Any) -> Report:
    return conclude(Evidence(target, datetime.now(UTC), (), options.scope))


if __name__ == "__main__":
    file, *words = sys.argv[1:]
    note_waits(Path(file))
    if words[0] == "--quick":
        engine.run = empty_run  # type: ignore[assignment]
        del words[0]
    main.exit_now(main.main(words))
