import asyncio
from typing import Any

from diagnose.model.applications import ReadSetting
from diagnose.probes.inside.missing_files import emit_switch
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

PATH = "/opt/mattermost/config/config.json"
CERT = "/opt/mattermost/config/cert.pem"
SHOW = "systemctl show mattermost.service -p ExecStart -p WorkingDirectory"
UNIT = (
    "ExecStart={ path=/opt/mattermost/bin/platform ; argv[]=/opt/mattermost/bin/platform ;"
    " ignore_errors=no }\nWorkingDirectory=/opt/mattermost/bin\n"
)
TEXT = (
    '{\n "ServiceSettings": {\n  "ConnectionSecurity": "TLS",\n'
    f'  "TLSCertFile": "{CERT}",\n  "TLSKeyFile": "/k.pem"\n }}\n}}\n'
)
MESSAGE = f"[CRIT] Error starting server, err:open {CERT}: no such file or directory"


def look(message: str = MESSAGE, text: str = TEXT, unit: str = UNIT) -> list[ReadSetting]:
    looking: Any = Looking(RecordedMachine({SHOW: unit}, {PATH: text}))
    asyncio.run(emit_switch(looking, "mattermost", message))
    return list(looking.observed(ReadSetting))


def test_the_line_that_needs_the_missing_file() -> None:
    (read,) = look()
    assert (read.place, read.new) == (f"{PATH}:3", '  "ConnectionSecurity": "",')
    assert read.unit == "mattermost.service"


def test_nothing_where_another_file_is_missing_or_the_program_is_not_known() -> None:
    assert not look("open /opt/mattermost/logs/a.log: no such file or directory")
    assert not look("listen tcp :8065: bind: address already in use")
    assert not look(text=TEXT.replace('TLS"', '"'))
    assert not look(unit=UNIT.replace("mattermost", "other"))
