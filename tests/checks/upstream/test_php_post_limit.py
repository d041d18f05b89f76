from dataclasses import replace

from diagnose.model import Applicability, Command, Edit, Severity
from diagnose.model.applications import ReadSetting
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


def test_the_line_that_has_the_limit_is_edited() -> None:
    file = "/etc/php/8.2/fpm/php.ini"
    sizes = ("post_max_size", "8388608", "8M", 4), ("upload_max_filesize", "2097152", "2M", 3)
    reads = [
        ReadSetting(
            application="php", topic="upload", key=key, values=(size,), wanted="500M", file=file,
            number=number, line=f"{key} = {text}", new=f"{key} = 500M", unit="php8.2-fpm",
        )
        for key, size, text, number in sizes
    ]  # fmt: skip
    (claim,) = judge(CHECK, config(), SAID, *reads)
    assert (claim.facts["place"], claim.facts["wanted"]) == (f"{file}:4", "500M")
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit, load = claim.fix.steps
    assert isinstance(edit, Edit)
    assert isinstance(load, Command)
    assert load.argv == ("systemctl", "restart", "php8.2-fpm")
    assert "-upload_max_filesize = 2M\n+upload_max_filesize = 500M" in edit.diff
    assert "-post_max_size = 8M\n+post_max_size = 500M" in edit.diff
