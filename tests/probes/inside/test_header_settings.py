"""Which programs are Node's, whatever their process is called."""

from dataclasses import replace

import pytest

from diagnose.parsers.program_place import ProgramPlace
from diagnose.probes.inside.header_settings import _is_node
from tests.support.fake_context import Looking
from tests.support.page_errors import page
from tests.support.recorded_machine import RecordedMachine


@pytest.mark.parametrize(
    ("process", "header", "is_node"),
    [
        ("kibana", ("kbn-name", "kibana"), True),
        ("shop", ("X-Powered-By", "Express"), True),
        ("next-server (v1", ("X-Powered-By", "none"), True),
        ("shop", ("X-Powered-By", "PHP/8.2"), False),
        ("gunicorn", ("Server", "gunicorn"), False),
    ],
)
def test_programs_of_node(process: str, header: tuple[str, str], is_node: bool) -> None:
    looking = Looking(RecordedMachine({}))
    looking.emit(replace(page(200), headers=(header,), purpose="target"))
    place = ProgramPlace(pid=7, process=process, words=(f"/opt/{process}",))
    assert _is_node(looking, place) is is_node
