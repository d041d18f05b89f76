"""The tap beside 20,000 packets a second: 1,000 attributions without a wrong one."""

import os
import subprocess
import sys

import pytest

from tests.support.effort import ALL

TRACEFS = "mount --make-rprivate / && mount -t tracefs t /sys/kernel/tracing"


@pytest.mark.lab
@pytest.mark.skipif(not ALL or os.geteuid() != 0, reason="half a minute, as root (DIAGNOSE_ALL)")
def test_a_thousand_attributions_without_a_wrong_one() -> None:
    command = f'{TRACEFS} && exec "$0" -m tests.bench.kernel_tap 1000'
    words = ["unshare", "-m", "sh", "-c", command, sys.executable]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
