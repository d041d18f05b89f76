"""The laboratory, once a worker; every test gets it healthy."""

from collections.abc import Iterator

import pytest

from .lab import Lab, missing
from .platforms import PLATFORMS


@pytest.fixture(scope="session")
def laboratory() -> Iterator[Lab]:
    if lacking := missing():
        pytest.skip(f"The laboratory needs {', '.join(lacking)}.")
    with Lab() as lab:
        yield lab


class BootedLabs:
    """A laboratory whose server systemd boots, until one can no longer log in there; then another.

    systemd's own services (journald, its manager) may stop to answer on a busy machine, and a login
    waits for them.
    """

    def __init__(self) -> None:
        self.lab: Lab | None = None

    def current(self) -> Lab:
        if self.lab is not None and not self.lab.can_log_in():
            print("Nobody can log in to the server. It is booted anew.", self.lab.login_state())
            self.close()
        if self.lab is None:
            self.lab = Lab(PLATFORMS[0]).__enter__()
        return self.lab

    def close(self) -> None:
        if self.lab is not None:
            self.lab.close()
        self.lab = None


@pytest.fixture(scope="session")
def booted_labs() -> Iterator[BootedLabs]:
    if lacking := missing():
        pytest.skip(f"The laboratory needs {', '.join(lacking)}.")
    labs = BootedLabs()
    yield labs
    labs.close()


@pytest.fixture
def booted(booted_labs: BootedLabs) -> Lab:
    """With a server that systemd boots."""
    return booted_labs.current()


@pytest.fixture
def lab(laboratory: Lab) -> Lab:
    laboratory.restore()
    return laboratory
