"""The exit statuses that a shell reports for a signal."""

import subprocess

from diagnose.processes.signals import EXIT_SIGINT, EXIT_SIGTERM


def test_they_are_those_of_the_shell() -> None:
    for name, status in (("INT", EXIT_SIGINT), ("TERM", EXIT_SIGTERM)):
        script = f"sh -c 'kill -{name} $$'; exit $?"
        assert subprocess.run(["sh", "-c", script], check=False).returncode == status
