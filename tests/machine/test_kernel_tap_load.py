"""The tap beside 20,000 packets a second: 1,000 attributions without a wrong one."""

import os
import subprocess
import sys

import pytest

from tests.support.effort import ALL
from tests.support.kernel_features import no_drop_reasons

pytestmark = pytest.mark.skipif(bool(no_drop_reasons()), reason=no_drop_reasons() or "can")
TRACEFS = "mount --make-rprivate / && mount -t tracefs t /sys/kernel/tracing"


@pytest.mark.lab
@pytest.mark.skipif(not ALL or os.geteuid() != 0, reason="half a minute, as root (DIAGNOSE_ALL)")
def test_a_thousand_attributions_without_a_wrong_one() -> None:
    command = f'{TRACEFS} && exec "$0" -m tests.bench.kernel_tap 1000'
    words = ["unshare", "-m", "sh", "-c", command, sys.executable]
    result = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    assert result.returncode == 0, result.stdout + result.stderr


ENDS = """
import subprocess, sys
from diagnose.probes.inside.kernel_drops import SCRIPT
words = [sys.executable, "-I", "-c", SCRIPT, "9", "1111", "60"]
tap = subprocess.Popen(words, stdout=subprocess.PIPE)
assert tap.stdout.readline() == b"ready\\n"
tap.stdout.close()
sys.exit(tap.wait(timeout=5))
"""


@pytest.mark.lab
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_the_tap_ends_with_its_reader() -> None:
    """However the program ended: its end of the pipe is closed then."""
    command = f'{TRACEFS} && exec "$0" -c "$1"'
    words = ["unshare", "-n", "-m", "sh", "-c", command, sys.executable, ENDS]
    result = subprocess.run(words, capture_output=True, text=True, check=False, timeout=30)
    assert result.returncode == 0, result.stdout + result.stderr
