"""The site that the tests of fixes change."""

from pathlib import Path

import pytest

from diagnose.fixing import journal
from tests.support.mended_site import Site


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setattr(journal, "STATE_FOLDER", str(tmp_path / "diagnose"))
    monkeypatch.setattr(journal, "OPEN_FOLDER", str(tmp_path / "diagnose" / "current"))
    monkeypatch.setattr("diagnose.fixing.apply.RETRY_DELAYS", (0.0, 0.0))
    return Site(tmp_path)
