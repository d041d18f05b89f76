from dataclasses import replace

from diagnose.parsers.access_log import AccessLine
from diagnose.parsers.refused_logins import has_wrong_passwords, refused_logins

LINE = AccessLine(100.0, "", "GET", "/admin", False, 401, has_user=True)
NAMES = {"shop.example.com"}


def logins(*lines: AccessLine, is_shared: bool = False) -> list[tuple[str, int, int]]:
    found = refused_logins(lines, "/var/log/access.log", NAMES, is_shared, 50.0)
    return [(login.path, login.status, login.times) for login in found]


def test_requests_with_a_user_that_were_refused() -> None:
    assert logins(LINE, LINE) == [("/admin", 401, 2)]
    assert logins(replace(LINE, status=500)) == [("/admin", 500, 1)]


def test_an_answer_of_a_server_behind_haproxy() -> None:
    assert logins(replace(LINE, has_user=False, ending="--NN"))
    assert not logins(replace(LINE, has_user=False, ending="PR--"))


def test_requests_that_tell_nothing() -> None:
    assert not logins(replace(LINE, has_user=False))
    assert not logins(replace(LINE, status=404))
    assert not logins(replace(LINE, method="POST"))
    assert not logins(replace(LINE, has_query=True))
    assert not logins(replace(LINE, when=10.0))
    assert not logins(LINE, is_shared=True)
    assert not logins(LINE, replace(LINE, status=200))


def test_words_of_apache_about_a_wrong_password() -> None:
    wrong = 'AH01617: user anna: authentication failure for "/admin": Password Mismatch'
    assert has_wrong_passwords(f"[auth_basic:error] [pid 7] {wrong}")
    assert has_wrong_passwords("AH01618: user bob not found: /admin")
    assert not has_wrong_passwords("AH00558: apache2: Could not reliably determine the name")
