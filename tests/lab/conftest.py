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


@pytest.fixture(scope="session")
def booted() -> Iterator[Lab]:
    """With a server that systemd boots."""
    if lacking := missing():
        pytest.skip(f"The laboratory needs {', '.join(lacking)}.")
    with Lab(PLATFORMS[0]) as lab:
        yield lab


@pytest.fixture
def lab(laboratory: Lab) -> Lab:
    laboratory.restore()
    return laboratory
