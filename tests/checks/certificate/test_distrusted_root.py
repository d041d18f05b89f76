"""certificate.distrusted-root: roots that Chrome trusts for older certificates alone."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from diagnose.model import Claim
from tests.support.certificates import HEALTHY, MIDDLE, leaf, visit
from tests.support.check_evidence import judge

CHECK = "certificate.distrusted-root"
EPKI = "OU=ePKI Root Certification Authority,O=Chunghwa Telecom Co.\\, Ltd.,C=TW"
ENTRUST = "CN=Entrust Root Certification Authority - G2,OU=See,O=Entrust\\, Inc.,C=US"
NETLOCK = "CN=NetLock Arany (Class Gold) Főtanúsítvány,OU=x,O=NetLock Kft.,C=HU"


def claims(root: str, since: datetime, verify_code: int = 0) -> list[Claim]:
    served = visit(leaf(not_before=since), replace(MIDDLE, issuer=root))
    return judge(CHECK, replace(served, verify_code=verify_code))


@pytest.mark.parametrize(
    ("root", "day"),
    [
        (ENTRUST, datetime(2024, 11, 12, tzinfo=UTC)),
        (EPKI, datetime(2025, 8, 1, tzinfo=UTC)),
        (NETLOCK, datetime(2026, 1, 1, tzinfo=UTC)),
    ],
)
def test_fires_for_what_was_issued_since(root: str, day: datetime) -> None:
    (claim,) = claims(root, day)
    assert claim.facts["root"] == root


def test_silent_on_older_ones_other_roots_and_what_nobody_trusts() -> None:
    assert not claims(EPKI, datetime(2025, 7, 31, tzinfo=UTC))
    assert not claims("CN=SSL.com TLS RSA Root CA 2022", datetime(2026, 1, 1, tzinfo=UTC))
    assert not claims(EPKI, datetime(2026, 1, 1, tzinfo=UTC), verify_code=20)
    assert not judge(CHECK, HEALTHY)
