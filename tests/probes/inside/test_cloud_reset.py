"""After a reset of the target's name the server is asked for its cloud, and for nothing more."""

import asyncio
from collections.abc import Coroutine
from typing import Any, cast

import pytest

from diagnose.model import Failure, Unseen, Vantage
from diagnose.model.cloud import CloudMachine
from diagnose.model.tls import Handshake
from diagnose.probes import Options
from diagnose.probes.firmware import DMI_FOLDER
from diagnose.probes.inside import cloud
from tests.support.check_evidence import TIMEOUT
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine
from tests.support.tcp_evidence import attempt
from tests.support.tls_evidence import CLOSED, RESET, shake

AWS = {f"{DMI_FOLDER}/sys_vendor": "Amazon EC2\n"}


def looked(*observations: Any, options: Options = Options()) -> Looking:
    """A run in which the last of these is the one that the probe is started for."""
    ctx = Looking(RecordedMachine(files=AWS))
    ctx.options = options
    ctx.observations += observations
    asyncio.run(cast(Coroutine[Any, Any, None], cloud.name_reset.work(ctx, observations[-1])))
    return ctx


def test_a_reset_names_the_cloud_and_nothing_is_missing() -> None:
    ctx = looked(shake(failure=RESET))
    (machine,) = ctx.observed(CloudMachine)
    assert "AWS" in machine.title or "Amazon" in machine.title
    assert not ctx.observed(Unseen)


@pytest.mark.parametrize(
    ("variant", "failure", "vantage"),
    [
        ("normal", CLOSED, Vantage.HERE),
        ("normal", None, Vantage.HERE),
        ("again", RESET, Vantage.HERE),
        ("normal", RESET, Vantage.SERVER),
    ],
)
def test_other_handshakes_ask_nothing(
    variant: str, failure: Failure | None, vantage: Vantage
) -> None:
    seen: Handshake = shake(variant, failure, vantage=vantage)
    assert not looked(seen).observed(CloudMachine)


def test_it_is_asked_once_and_not_beside_a_silent_port() -> None:
    assert not looked(shake(failure=RESET), shake(failure=RESET)).observed(CloudMachine)
    silent = attempt(failure=TIMEOUT)
    assert not looked(silent, shake(failure=RESET)).observed(CloudMachine)
    assert not looked(shake(failure=RESET), options=Options(cloud=True)).observed(CloudMachine)
