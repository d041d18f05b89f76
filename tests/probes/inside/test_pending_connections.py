import asyncio
import shlex

from diagnose.model.program_logs import PendingConnection
from diagnose.probes.inside.pending_connections import SCRIPT, emit_pending
from diagnose.probes.inside.unit_rules import SCRIPT as RULES_SCRIPT
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine


def look(out: str, rules: str = "") -> tuple[PendingConnection, ...]:
    scripts = {SCRIPT: out, RULES_SCRIPT: rules}
    commands = {
        shlex.join(("sh", "-c", script, "sh", "3000")): scripts[script] for script in scripts
    }
    looking = Looking(RecordedMachine(commands))
    asyncio.run(emit_pending(looking, "3000"))
    return tuple(looking.observed(PendingConnection))


def test_what_the_application_waits_for() -> None:
    database, resolver = look("tcp 10.0.0.9:5432 20 node\ndns 10.0.0.53:53 20 node\n")
    assert (database.address, database.port, database.endpoint) == ("10.0.0.9", 5432, "3000")
    assert database.equivalent == "ss -tnp state syn-sent"
    assert resolver.is_dns


def test_nothing_where_the_proxy_of_containers_waits_for_the_application() -> None:
    assert look("tcp 172.17.0.2:3000 20 docker-proxy\n") == ()


def test_nothing_where_it_waits_for_nothing() -> None:
    assert look("") == ()


def test_the_setting_of_the_unit_that_drops_its_packets() -> None:
    rules = "unit 3000 shop.service\n=IPAddressDeny=10.0.0.0/8\n"
    (pending,) = look("tcp 10.0.0.9:5432 20 node\n", rules)
    assert (pending.unit, pending.setting) == ("shop.service", "IPAddressDeny=10.0.0.0/8")
    (pending,) = look("tcp 192.168.0.9:5432 20 node\n", rules)
    assert (pending.unit, pending.setting) == ("", "")
