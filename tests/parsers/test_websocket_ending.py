from dataclasses import replace

from diagnose.model.http import Upgrade
from diagnose.model.websocket_attempts import Attempt
from diagnose.parsers.websocket_ending import ending
from tests.support.websocket_evidence import upgrade


def _attempt(first: Upgrade, *retries: Upgrade) -> Attempt:
    return Attempt("/ws", (first,), retries)


def test_what_became_of_a_websocket_that_opened() -> None:
    opened = upgrade(101, accepted=True)
    died = replace(opened, ended="eof", close_code=1006)
    quiet = replace(opened, variant="no-ping")
    assert ending(_attempt(opened)) is None
    assert ending(_attempt(died)) == "died"
    assert ending(_attempt(died, quiet, replace(died, variant="again"))) == "at-ping"
    assert ending(_attempt(died, quiet, replace(opened, variant="again"))) == "sometimes"
    assert ending(_attempt(replace(opened, ended="close", close_code=4401))) == "refused"
    assert ending(_attempt(upgrade(401))) is None
