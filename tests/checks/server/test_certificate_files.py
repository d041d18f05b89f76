from dataclasses import replace

from checks.server._certificate_files import certificate_file, file_fault
from diagnose.model import Failure
from diagnose.model.nginx import CertificateFile
from tests.support.certificates import LEAF
from tests.support.check_evidence import evidence

GOOD = CertificateFile(path="/c.pem", chain=(LEAF,), labels=("CERTIFICATE", "PRIVATE KEY"))


def test_what_a_file_shows() -> None:
    assert file_fault(GOOD) is None
    assert file_fault(replace(GOOD, labels=())) == "nothing"
    assert file_fault(replace(GOOD, chain=(), labels=("RSA PRIVATE KEY",))) == "swapped"
    assert file_fault(replace(GOOD, labels=("CERTIFICATE",) * 2)) == "damaged"
    assert file_fault(replace(GOOD, chain=(LEAF,) * 16, labels=("CERTIFICATE",) * 32)) is None


def test_a_file_that_was_not_read_shows_nothing() -> None:
    unread = replace(GOOD, failure=Failure("missing", "no such file"))
    assert certificate_file(evidence(unread), "/c.pem") is None
    assert certificate_file(evidence(GOOD), "/c.pem") is GOOD
