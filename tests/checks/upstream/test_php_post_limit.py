from dataclasses import replace

from diagnose.model import Severity
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import config
from tests.support.upstream_evidence import logged

CHECK = "upstream.php-post-limit"
WORDS = (
    'FastCGI sent in stderr: "PHP message: PHP Warning:  POST Content-Length of 9000189 bytes '
    'exceeds the limit of 8388608 bytes in Unknown on line 0"'
)
SAID = logged(WORDS, "POST /upload.php HTTP/1.1", upstream="")
OF_A_PAGE = replace(SAID, referrer="https://shop.example.com/form", times=2)


def test_fires_with_both_sizes() -> None:
    (claim,) = judge(CHECK, config(), SAID)
    assert (claim.facts["size"], claim.facts["limit"]) == (9000189, 8388608)
    assert (claim.facts["wanted"], claim.severity) == ("16M", Severity.NOTE)


def test_fires_as_a_warning_for_a_person_who_asks_and_for_pages() -> None:
    told = replace(SHOP, symptom=Symptom("upload", "the upload of photos fails"))
    (claim,) = judge(CHECK, config(), SAID, target=told)
    assert claim.severity is None
    (claim,) = judge(CHECK, config(), OF_A_PAGE)
    assert claim.severity is None
    (claim,) = judge(CHECK, config(), replace(OF_A_PAGE, referrer="https://www.example.org/"))
    assert claim.severity is Severity.NOTE


def test_silent_for_other_words_and_other_sites() -> None:
    assert not judge(CHECK, config(), logged("PHP Warning: Undefined variable $post"))
    assert not judge(CHECK, config(), logged(WORDS, SAID.request, "", "www.example.org"))
