"""The script that looks for what starts a renewal tool, with a stand-in for systemctl."""

import os
import re
import subprocess
from pathlib import Path

from diagnose.probes.inside.renewal_schedule import SCRIPT

SYSTEMCTL = """#!/bin/sh
case "$*" in
  'show -p Id'*) printf 'Unit=web.service\\nId=night.timer\\n\\n'
    printf 'Id=logs.timer\\nUnit=logs.service\\n' ;;
  *web.service) echo 'ExecStart={ path=PLACE/renew.sh ; argv[]=PLACE/renew.sh ; pid=0 }' ;;
  *logs.service) echo 'ExecStart={ path=/usr/sbin/nothing ; argv[]=/usr/sbin/nothing ; pid=0 }' ;;
  is-enabled*) echo enabled ;;
  is-active*) echo active ;;
esac
"""


def test_a_timer_of_any_name_whose_service_starts_a_script(tmp_path: Path) -> None:
    (tmp_path / "renew.sh").write_text("#!/bin/sh\ncd /srv\ncertbot renew\n")
    stand_in = tmp_path / "systemctl"
    stand_in.write_text(SYSTEMCTL.replace("PLACE", str(tmp_path)))
    stand_in.chmod(0o755)
    script = SCRIPT.replace("/run/systemd/system", str(tmp_path))
    path = f"{tmp_path}:{os.environ['PATH']}"
    out = subprocess.run(
        ["sh", "-c", script], env={"PATH": path}, capture_output=True, text=True, check=True
    ).stdout
    timers = [line for line in out.splitlines() if line.startswith("timer ")]
    assert timers == ["timer night.timer enabled active"]
    assert "daemon timers" in out


def test_a_program_that_starts_certbot_from_time_to_time() -> None:
    command = ["sh", "-c", "while read -r hours; do certbot renew; done"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as loop:
        out = subprocess.run(
            ["sh", "-c", SCRIPT], capture_output=True, text=True, check=True
        ).stdout
    assert f"container /proc/{loop.pid}/cmdline" in out


def test_the_search_among_the_processes_does_not_find_itself() -> None:
    (line,) = (row for row in SCRIPT.splitlines() if row.startswith("running="))
    pattern = line.split("'")[1]
    assert not re.search(pattern, line)
    assert all(re.search(pattern, word) for word in ("certbot", "acme.sh", "dehydrated"))


def test_a_process_that_is_another_program_by_now_is_none(tmp_path: Path) -> None:
    """A part of a pipeline has the script's words until it has become its own program."""
    head = tmp_path / "head"
    listed = f'[ "$2" != 50 ] || echo /proc/{os.getppid()}/cmdline /proc/1/nothing | tr " " "\\n"'
    head.write_text(f'#!/bin/sh\n{listed}\nexec /usr/bin/head "$@"\n')
    head.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    out = subprocess.run(
        ["sh", "-c", SCRIPT], env=os.environ | {"PATH": path}, capture_output=True, text=True,
        check=True,
    ).stdout  # fmt: skip
    assert f"/proc/{os.getppid()}/cmdline" not in out
    assert "/proc/1/nothing" not in out
