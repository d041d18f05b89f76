"""The steps of every page, where another web server than nginx answers."""

import re
from collections.abc import Iterator

import pytest

from diagnose.checking import registry
from diagnose.checking.texts import check_text, fill, text_path
from diagnose.i18n import LANGUAGES
from diagnose.outputs.program_note import with_own_commands

#: The layers whose findings may be about any web server.
LAYERS = ("certificate.", "dns.", "http.", "tls.", "websocket.")
#: What a server without nginx has not: its commands, files and unit.
OF_NGINX = re.compile(
    r"\bnginx -[tTsVg]\b|/var/log/nginx|/etc/nginx|\bsystemctl \w+ nginx\b|--nginx\b"
)
#: Steps of an nginx that is there: certbot's method for nginx, nginx's own include, nginx's
#: locations. The last one names folders of panels, nginx's among them.
NGINX_IS_THERE = {
    "certificate.renewal-failed cause", "http.source-shown see-the-log",
    "websocket.files-first own-location", "http.php-warning basedir",
}  # fmt: skip
SERVERS = {
    "apache": ("Apache", "apachectl -t && apachectl graceful"),
    "caddy": ("Caddy", "caddy reload --config /etc/caddy/Caddyfile"),
    "haproxy": ("HAProxy", "haproxy -c -f /etc/haproxy/haproxy.cfg && systemctl reload haproxy"),
}


class Facts(dict[str, object]):
    """Every fact is there, but none of nginx's own."""

    def __missing__(self, key: str) -> str:
        return "value"

    def get(self, key: str, default: object = None) -> object:
        return self[key]


@pytest.fixture(autouse=True)
def own_words() -> None:
    """These are the real pages."""


def facts_of(product: str) -> Facts:
    title, load = SERVERS[product]
    answers = {f"may_be_{name}": name == product for name in ("nginx", *SERVERS)}
    config = f"/etc/{product}/{product}.conf"
    return Facts(
        answers, nginx="", other_program=title, other_product=product, other_load=load,
        other_log=f"journalctl -u {product} -n 50", other_config=config,
    )  # fmt: skip


def steps_about_nginx(lang: str) -> Iterator[tuple[str, str, str]]:
    """Yield the name of a step that speaks of nginx, its words, and those of its page's remedy."""
    for check_id in filter(lambda each: each.startswith(LAYERS), registry.check_ids()):
        page, own = check_text(check_id, lang), text_path(check_id, lang).read_text("utf-8")
        for step, words in page.steps.items():
            if "nginx" in words and f"### {step}\n" in own:
                yield f"{check_id} {step}", words, page.remedy


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("product", SERVERS)
def test_no_step_for_another_server_has_a_command_or_a_file_of_nginx(
    product: str, lang: str
) -> None:
    facts = facts_of(product)
    wrong = {
        name: found[0]
        for name, words, _ in steps_about_nginx(lang)
        if name not in NGINX_IS_THERE
        if (found := OF_NGINX.search(with_own_commands(facts, fill(words, facts, lang))))
    }
    assert not wrong


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("product", SERVERS)
def test_a_step_in_words_of_nginx_names_the_other_server_or_has_the_note(
    product: str, lang: str
) -> None:
    """The note is left out where the page names the server itself: then the step has to."""
    facts, title = facts_of(product), SERVERS[product][0]
    wrong = [
        name
        for name, words, remedy in steps_about_nginx(lang)
        if "nginx" in (filled := with_own_commands(facts, fill(words, facts, lang)))
        if title not in filled and title in f"{remedy} {words}"
    ]
    assert not wrong


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(
    "step",
    [
        "http.acme-challenge-answered location",
        "http.answer-says-why proxy-address",
        "http.answer-says-why script",
        "http.api-address-wrong without-the-port",
        "http.blank-page php",
        "http.body-cut find-who-cuts",
        "http.charset-wrong name-the-encoding",
        "tls.handshake-failed read-the-log",
        "tls.no-shared-protocol set-protocols",
        "tls.obsolete-protocol set-protocols",
    ],
)
def test_a_step_has_the_lines_of_each_server_in_its_own_words(step: str, lang: str) -> None:
    check_id, _, name = step.partition(" ")
    words = check_text(check_id, lang).steps[name]
    for product, (title, _) in SERVERS.items():
        filled = with_own_commands(facts_of(product), fill(words, facts_of(product), lang))
        assert title in filled
        assert "nginx" not in filled
