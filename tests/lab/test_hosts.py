"""A host of the laboratory leaves this machine as it is."""

from pathlib import Path

import pytest

from .hosts import NEEDED, Host
from .lab import missing

pytestmark = pytest.mark.lab
FILE = "of-the-laboratory"


@pytest.mark.parametrize("home", ["/root", "/home", "/opt"])
def test_a_home_of_a_host_is_its_own(home: str) -> None:
    if lacking := missing():
        pytest.skip(f"The laboratory needs {', '.join(lacking)}.")
    host = Host("homes").ready()
    try:
        host.write(f"{home}/{FILE}", "")
        shared = {Path(path).parts[2] for path in NEEDED if path.startswith(f"{home}/")}
        assert set(host.sh(f"ls -A {home}").split()) == {FILE} | shared
        assert not Path(home, FILE).exists()
        assert host.sh(f"stat -c %a {home}").strip() == f"{Path(home).stat().st_mode & 0o7777:o}"
        assert host.run(host.python("-c", "import json")).returncode == 0
    finally:
        host.close()
