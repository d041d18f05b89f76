"""Scripts in a page, and what a policy may allow them by."""

import base64
import hashlib

import pytest

from diagnose.parsers.inline_scripts import MAX_SCRIPTS, nonce_of, script_proofs, unproven

TEXT = "go();\n"
HASH = base64.b64encode(hashlib.sha256(TEXT.encode()).digest()).decode()
PROOFS = f"'nonce-r4nd' 'sha256-{HASH}'"


def test_scripts_are_read_as_browsers_run_them() -> None:
    document = (
        f"<script nonce=r4nd>go();\r\n</script><script src=/a.js></script>"
        f"<script>{TEXT}</script><script type=application/json>{{}}</script>"
        "<script type=importmap>{}</script><script></script><script nonce='a b'>1</script>"
    )
    first, second, third, fourth = script_proofs(document)
    assert (first, nonce_of(first)) == (PROOFS, "r4nd")
    assert (second, nonce_of(second)) == (f"'sha256-{HASH}'", "")
    assert not nonce_of(third)
    assert not nonce_of(fourth)
    assert len(script_proofs("<script>a</script>" * 40)) == MAX_SCRIPTS


@pytest.mark.parametrize(
    ("sources", "is_refused"),
    [
        ("'self' 'nonce-r4nd'", False),
        ("'self' 'nonce-other'", True),
        ("'self' 'nonce-R4ND'", True),
        (f"'sha256-{HASH}'", False),
        (f"'nonce-x' 'SHA256-{HASH.replace('+', '-').replace('/', '_')}'", False),
        ("'nonce-x' 'unsafe-inline'", True),
        ("'sha384-abc' 'nonce-x'", False),
        ("'nonce-***'", False),
        ("'self'", False),
    ],
)
def test_a_nonce_or_a_hash_allows_a_script(sources: str, is_refused: bool) -> None:
    assert bool(list(unproven([PROOFS], sources.split()))) is is_refused
