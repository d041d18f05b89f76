"""Exit statuses for a process that a signal ended, as shells report it (bash(1), EXIT STATUS)."""

import signal

#: The exit status is this number plus the signal's number.
SIGNALLED = 128
EXIT_SIGINT, EXIT_SIGTERM = SIGNALLED + signal.SIGINT, SIGNALLED + signal.SIGTERM
