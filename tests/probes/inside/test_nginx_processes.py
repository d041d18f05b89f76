"""The masters that are this machine's own. Listings are read in test_nginx.py."""

from diagnose.model.nginx import NginxProcess, NginxState
from diagnose.parsers.nginx.install_paths import PROGRAMS
from diagnose.probes.inside.nginx_processes import LIST_COMMAND, own_masters
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine


def test_a_master_in_a_container_is_not_this_machines_own() -> None:
    ctx = Looking(RecordedMachine())
    assert own_masters(ctx) == ()
    own = NginxProcess(pid=7, binary="/usr/sbin/nginx")
    other = NginxProcess(pid=8, binary="/usr/sbin/nginx", foreign=True)
    ctx.emit(NginxState(installed=True, masters=(other, own)))
    assert own_masters(ctx) == (own,)


def test_the_script_is_told_where_programs_usually_are() -> None:
    assert LIST_COMMAND[-len(PROGRAMS) :] == PROGRAMS
