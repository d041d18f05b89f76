"""The certificate of a site that has expired, and what visitors see of it."""

from datetime import timedelta

from diagnose.model import Failure
from diagnose.model.tls import Certificate, Handshake
from tests.support.check_evidence import NOW

OLD = Certificate(
    "CN=shop.example.com",
    "CN=ca",
    "1",
    NOW - timedelta(days=95),
    NOW - timedelta(days=5),
    "aa",
    dns_names=("shop.example.com",),
)
EXPIRED = Failure("certificate", "certificate has expired", 10)
SERVED = Handshake(address="203.0.113.10", port=443, chain=(OLD,), verify_code=10, failure=EXPIRED)
