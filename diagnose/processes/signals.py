"""The exit status of a process that a signal ended, as shells count it (bash(1), EXIT STATUS)."""

import signal

#: 128 and the signal's number.
SIGNALLED = 128
EXIT_SIGINT, EXIT_SIGTERM = SIGNALLED + signal.SIGINT, SIGNALLED + signal.SIGTERM
