from dataclasses import replace

from diagnose.model import Confidence, commands
from tests.support.check_evidence import REFUSED, judge
from tests.support.nginx_evidence import LOADED, RUNNING, config
from tests.support.upstreams import PAGE, WELL, line, proxied, tried

CHECK = "upstream.stale-address"
TARGET = "http://app.internal:3000"
NOW = tried(TARGET, "127.0.0.2", host="app.internal")
SAID = line(
    "connect() failed (111: Connection refused) while connecting to upstream",
    "http://127.0.0.1:3000/",
    111,
)


def test_fires_when_nginx_goes_to_an_address_that_the_name_has_no_more() -> None:
    (claim,) = judge(CHECK, NOW, SAID, PAGE, RUNNING, proxied(TARGET))
    assert claim.facts["old"] == ("127.0.0.1:3000",)
    assert claim.facts["now"] == ("127.0.0.2",)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix
    assert claim.fix.steps == (commands.reload_nginx(("nginx",)),)


def test_silent_when_it_goes_to_the_right_one() -> None:
    right = replace(SAID, upstream="http://127.0.0.2:3000/")
    assert not judge(CHECK, NOW, right, PAGE, RUNNING, proxied(TARGET))


def test_silent_about_what_was_written_before_nginx_was_loaded() -> None:
    before = replace(SAID, when=LOADED - 5)
    assert not judge(CHECK, NOW, before, PAGE, RUNNING, proxied(TARGET))


def test_silent_when_the_application_is_down_there_too() -> None:
    down = replace(NOW, failure=REFUSED)
    assert not judge(CHECK, down, SAID, PAGE, RUNNING, proxied(TARGET))


def test_silent_when_the_page_comes_or_the_address_is_written() -> None:
    assert not judge(CHECK, NOW, SAID, WELL, RUNNING, proxied(TARGET))
    given = tried("http://127.0.0.2:3000", "127.0.0.2", host="127.0.0.2")
    assert not judge(CHECK, given, SAID, PAGE, RUNNING, proxied("http://127.0.0.2:3000"))


def test_silent_when_the_configuration_was_changed_since() -> None:
    written = proxied(TARGET)
    changed = config(written.files[0].text[7:-2], LOADED + 5)
    assert not judge(CHECK, NOW, SAID, PAGE, RUNNING, changed)


def test_silent_when_nginx_looks_the_name_up_again_by_itself() -> None:
    more = " set $app app.internal; resolver 203.0.113.1;"
    again = replace(NOW, target="http://$app:3000")
    assert not judge(CHECK, again, SAID, PAGE, RUNNING, proxied("http://$app:3000", more=more))
