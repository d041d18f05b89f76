from dataclasses import replace

import pytest

from diagnose.model.nginx import (
    CertificateFile,
    ConfigFile,
    KeyFile,
    NginxBuild,
    NginxConfig,
    NginxProcess,
    NginxState,
    NginxTest,
    UpstreamTry,
    fatal,
)
from diagnose.model.nginx import TestMessage as Message
from diagnose.outputs.digest import words_text
from tests.support.certificates import LEAF
from tests.support.summaries import summary_text

OWN = NginxProcess(pid=7, binary="/usr/sbin/nginx")
FOREIGN = replace(OWN, pid=8, foreign=True)
WARNING, ERROR = Message("warn", "conflicting name"), Message("emerg", "unknown directive")
TRY = UpstreamTry(target="http://127.0.0.1:3000", host="127.0.0.1", port=3000, address="127.0.0.1")


def test_a_build_has_tls_only_with_its_module() -> None:
    build = NginxBuild(binary="/usr/sbin/nginx", arguments=("--with-http_ssl_module",))
    assert build.has_ssl
    assert not replace(build, arguments=("--with-stream_ssl_module",)).has_ssl
    assert not replace(build, arguments=()).has_ssl


def test_a_master_of_a_container_is_not_the_machines_own() -> None:
    state = NginxState(installed=True, masters=(FOREIGN, OWN))
    assert state.own_masters == (OWN,)
    assert summary_text(state)[1] == "running, pid 8, 7"


def test_without_a_master_it_says_whether_there_is_a_program() -> None:
    assert summary_text(NginxState(installed=True))[1] == "not running"
    assert summary_text(NginxState(installed=False))[1] == "not installed"


@pytest.mark.parametrize("level", ["emerg", "alert", "crit"])
def test_the_first_message_of_a_level_that_stops_nginx(level: str) -> None:
    severe = Message(level, "no")
    assert fatal((WARNING, severe, ERROR)) is severe


def test_other_messages_do_not_stop_it() -> None:
    others = (WARNING, Message("error", "x"), Message("notice", "y"))
    assert NginxTest(binary="nginx", passed=True, messages=others).fatal is None
    assert NginxTest(binary="nginx", passed=False, messages=(WARNING, ERROR)).fatal is ERROR
    assert fatal(()) is None


def test_the_words_of_a_message_are_the_same_where_its_line_moved() -> None:
    text = 'unknown directive "a" in /etc/nginx/nginx.conf'
    moved = [Message("emerg", f"{text}:{line}", "/etc/nginx/nginx.conf", line) for line in (5, 15)]
    assert {message.words for message in moved} == {text}
    assert Message("emerg", "bind() to 0.0.0.0:80 failed").words == "bind() to 0.0.0.0:80 failed"


def test_a_test_is_summed_up_by_its_first_message_or_its_result() -> None:
    test = NginxTest(binary="nginx", passed=True, messages=(WARNING, ERROR))
    assert summary_text(test)[1] == "conflicting name"
    assert summary_text(replace(test, messages=()))[1] == "passed"
    assert summary_text(replace(test, messages=(), passed=False))[1] == "failed"


def test_a_file_of_the_configuration_is_found_by_its_exact_path() -> None:
    file = ConfigFile("/etc/nginx/nginx.conf", "")
    config = NginxConfig(path="/etc/nginx/nginx.conf", files=(file,))
    assert config.file("/etc/nginx/nginx.conf") is file
    assert config.file("nginx.conf") is None


def test_an_application_is_written_as_nginx_writes_it() -> None:
    assert TRY.endpoint == "127.0.0.1:3000"
    assert replace(TRY, host="::1").endpoint == "[::1]:3000"
    assert replace(TRY, host="", port=0, socket="/run/app.sock").endpoint == "unix:/run/app.sock"


def test_the_outcome_of_what_was_read_or_tried() -> None:
    assert summary_text(TRY)[1] == "connected"
    assert summary_text(replace(TRY, status=502))[1] == "answers 502"
    file = CertificateFile(path="/etc/nginx/shop.pem", chain=(LEAF,))
    assert summary_text(file)[1] == words_text(LEAF.expiry, "en")
    assert summary_text(replace(file, chain=()))[1] == ""
    assert summary_text(KeyFile(path="/etc/nginx/shop.key"))[1] == "key"
    assert summary_text(KeyFile(path="/etc/nginx/shop.key", key_type="EC"))[1] == "EC key"
