"""In panic mode firewalld drops every packet before any other rule, in both directions and on
loopback too (firewall-cmd(1), --panic-on). The mode is not saved: a restart of firewalld ends it.
"""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Risk,
    Severity,
    Subject,
    firewall_commands,
)
from diagnose.model.firewall import Firewalld

EXPLAINS = (
    "dns.*",
    "tcp.*",
    "firewall.*",
    "tls.*",
    "http.*",
    "upstream.*",
    "websocket.*",
)


@check(severity=Severity.ERROR, needs=[Firewalld], explains=EXPLAINS)
def panic(evidence: Evidence) -> Iterator[Claim]:
    for daemon in evidence.good(Firewalld):
        if daemon.running and daemon.panic:
            panic_off = firewall_commands.firewall_cmd(
                ("--panic-off",), undo=("--panic-on",), risk=Risk.OPENS_TO_ALL
            )
            yield Claim(
                about=Subject(text="firewalld"),
                covers=(Subject(),),
                because=(daemon,),
                # It was switched on by hand, and who did so knows whether the emergency is over.
                fix=Fix((panic_off,), Applicability.REVIEW),
            )
