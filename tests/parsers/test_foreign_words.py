"""What a visitor sees, in other languages than English and Chinese, and in programs' messages."""

import pytest

from diagnose.cli.operands import parse_targets

PAGE = "https://shop.example.com/"


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Échec de la connexion sécurisée", "tls"),
        ("Fehler: Gesicherte Verbindung fehlgeschlagen", "tls"),
        ("Firefox kann keine Verbindung zu dem Server aufbauen", "not-connected"),
        ("Не удается получить доступ к сайту", "unusable"),
        ("このサイトにアクセスできません", "unusable"),
        ("Não é possível acessar esse site", "unusable"),
        ("Dies ist keine sichere Verbindung", "certificate"),
        ("Votre connexion n'est pas privée", "certificate"),
        ("La conexión no es privada", "certificate"),
        ("この接続ではプライバシーが保護されません", "certificate"),
        ("Sua conexão não é particular", "certificate"),
        ("リダイレクトが繰り返し行われました", "redirects"),
        (
            "ログインすると http://127.0.0.1:3001/app/home にリダイレクトされて表示されません",
            "wrong-address",
        ),
        (
            "nach dem Login werde ich auf http://192.168.1.5:8080/app weitergeleitet",
            "wrong-address",
        ),
        ("après la connexion je suis redirigé vers http://localhost:3000/app", "wrong-address"),
        ("al iniciar sesión me redirige a http://127.0.0.1:8080/home", "wrong-address"),
        ("после входа перенаправляет на http://shop.example.com/home", "wrong-address"),
        ("depois do login redireciona para http://10.0.0.5:8080/", "wrong-address"),
        # Where a redirect is missed, none leads to a wrong address.
        ("http://shop.example.com wird nicht auf https weitergeleitet", "other"),
        ("http://shop.example.com にアクセスしてもhttpsにリダイレクトされない", "other"),
        ("http://shop.example.com n'est pas redirigé vers https", "other"),
        ("не перенаправляет с http://shop.example.com на https", "other"),
        ("die Domain zeigt noch auf den alten Server", "wrong-site"),
        ("le domaine pointe toujours vers l'ancien serveur", "wrong-site"),
        ("el dominio sigue apuntando al servidor antiguo", "wrong-site"),
        ("домен всё ещё ведёт на старый сервер", "wrong-site"),
        ("まだ古いサーバーにつながる", "wrong-site"),
        ("meu domínio ainda vai para o servidor antigo", "wrong-site"),
        ("nach dem Neustart geht die Seite nicht mehr", "unusable"),
        ("depuis la mise à jour le site ne marche plus", "unusable"),
        ("nur aus dem Büro geht es", "not-outside"),
        ("nur über Mobilfunk nicht erreichbar, im WLAN geht es", "some-visitors"),
        ("сайт не открывается с мобильного интернета, через wifi работает", "some-visitors"),
        ("iPhoneだけサイトが開けない", "some-visitors"),
        ("sólo falla desde la oficina", "some-visitors"),
        ("ça ne marche pas que sur iPhone", "some-visitors"),
        ("it works with VPN only", "not-outside"),
        ("the site only opens from the office", "not-outside"),
        ("只有在公司才能打开", "not-outside"),
        ("Faraday::ConnectionFailed: end of file reached", "closed"),
        (
            "java.net.ProtocolException: Expected HTTP 101 response but was '200 OK'",
            "websocket-status",
        ),
        ("npm ERR! code E502", "status"),
        ("The response has a status code of 403 and RequestOptions.validateStatus", "status"),
        # Nothing is wrong.
        ("die Verbindung ist sicher", "other"),
        ("このサイトは正常です", "other"),
        ("only the office has a VPN", "other"),
    ],
)
def test_the_words_are_understood(words: str, kind: str) -> None:
    (target,) = parse_targets((PAGE, words), (), "en")
    assert target.symptom
    assert target.symptom.kind == kind
