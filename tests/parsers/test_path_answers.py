from diagnose.model.web_servers import WebSite
from diagnose.parsers.path_answers import has_all_places, path_answer
from tests.support.web_server_evidence import HTTPS, apache_config

FOLDER = HTTPS.replace("ProxyPass / http://127.0.0.1:3000/", "DocumentRoot /srv/shop")


def site(text: str) -> WebSite:
    return apache_config(text).sites[0]


def test_a_path_is_passed_on_or_answered_from_a_folder() -> None:
    answer = path_answer(site(HTTPS), "/about")
    assert answer
    assert (answer.text, answer.line) == ("http://127.0.0.1:3000/", 7)
    folder = path_answer(site(FOLDER), "/about")
    assert folder
    assert folder.text == "/srv/shop"


def test_a_redirect_and_what_is_not_known_are_no_answer() -> None:
    redirect = FOLDER.replace(
        "DocumentRoot", "Redirect / https://www.example.com/\n    DocumentRoot"
    )
    assert path_answer(site(redirect), "/about") is None
    bare = HTTPS.replace("    ProxyPass / http://127.0.0.1:3000/\n", "")
    assert path_answer(site(bare), "/about") is None


def test_all_names_and_ports_of_a_file() -> None:
    both = HTTPS.replace("SSLEngine", "ServerAlias www.example.com\n    SSLEngine")
    assert has_all_places([site(HTTPS)], [site(both)])
    assert not has_all_places([site(both)], [site(HTTPS)])
