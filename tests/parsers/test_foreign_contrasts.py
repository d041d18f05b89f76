"""What works and what does not, in words of other languages; sites and programs in messages."""

import pytest

from diagnose.cli.operands import parse_targets
from diagnose.parsers.symptoms import symptom_of
from diagnose.parsers.target import NamelessMessageError


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("http funktioniert, https nicht", "not-over-https"),
        ("HTTPS funktioniert nicht, HTTP schon", "not-over-https"),
        ("nur über http erreichbar", "not-over-https"),
        ("en HTTP aucun souci mais en HTTPS le site ne marche pas", "not-over-https"),
        ("con http funciona, con https no carga", "not-over-https"),
        ("non riesco a raggiungere il sito con Https, riesco solo con Http", "not-over-https"),
        ("после установки сертификата сайт открывается только по http", "not-over-https"),
        ("http ile çalışıyor ama https ile açılmıyor", "not-over-https"),
        ("يعمل عبر http ولكن لا يعمل عبر https", "not-over-https"),
        ("via IP funktioniert es, über die Domain nicht", "not-by-name"),
        ("por ip funciona mas pelo domínio não abre", "not-by-name"),
        ("по айпи открывается, а по домену нет", "not-by-name"),
        ("IPアドレスでは表示できるがドメインでは表示されない", "not-by-name"),
        ("도메인으론 접속이 안되는데 아이피로는 접속이 됩니다", "not-by-name"),
        ("direkt über Port 8080 geht es, über nginx nicht", "not-through-proxy"),
        ("напрямую по порту 8080 работает, через nginx нет", "not-through-proxy"),
        (
            "über http://192.168.1.5:8080 geht es, über https://cloud.example.com nicht",
            "not-through-proxy",
        ),
        ("en local ça marche mais pas de l'extérieur", "not-outside"),
        ("in locale funziona ma dall'esterno no", "not-outside"),
        ("chrome'da açılıyor ama firefox'ta açılmıyor", "some-visitors"),
        ("di chrome bisa dibuka tapi di firefox tidak", "some-visitors"),
        ("크롬에서는 되는데 사파리에서는 안됩니다", "some-visitors"),
        ("Сервер доступен через браузер, но из программы не открывается", "some-visitors"),
        # A status says more than the contrast.
        ("直接アクセスすると表示されるがnginx経由だと502になる", "status"),
    ],
)
def test_a_contrast_is_read(words: str, kind: str) -> None:
    symptom = symptom_of(words)
    assert symptom
    assert symptom.kind == kind


@pytest.mark.parametrize(
    "words",
    [
        "alles funktioniert über http und https",
        "le site marche en http et en https",
        "il sito funziona sia in http che in https",
        "сайт работает и по http и по https",
        "el sitio funciona bien con el dominio y con la ip",
        "über die IP geht es, über die Domain auch",
        "wie richte ich nginx als Reverse Proxy ein",
        "как настроить https на nginx",
        "nginxでhttpsを設定する方法",
        "nginx https 설정 방법",
        "كيف أقوم بإعداد nginx",
        "làm sao để cài ssl",
    ],
)
def test_what_works_is_no_contrast(words: str) -> None:
    assert symptom_of(words) is None


@pytest.mark.parametrize(
    ("words", "kind", "number"),
    [
        ("لا يمكن الوصول إلى الموقع", "unusable", None),
        ("انتهت صلاحية شهادة SSL للموقع", "certificate-expired", None),
        ("خطأ 502 عند فتح الموقع", "status", 502),
        ("الموقع بطيء جدا", "slow", None),
        ("اتصالك ليس خاصًا", "certificate", None),
        ("الصفحة فارغة بعد تفعيل https", "blank", None),
        ("Ce site ne peut pas fournir de connexion sécurisée", "tls", None),
        ("이 사이트는 보안 연결을 제공할 수 없습니다", "tls", None),
        ("WebSocketの接続がすぐ切れる", "websocket-closed", None),
        ("websocket bağlantısı sürekli kopuyor", "websocket-closed", None),
        ("połączenie websocket jest zrywane", "websocket-closed", None),
        ("WebSocketに接続できない", "websocket", None),
        ('certificats "auto-signés" refusés', "certificate-self-signed", None),
        ("das Zertifikat ist nicht gültig für die Domain", "certificate-name", None),
        ("the certificate renewed, but nginx didn't pick it up", "certificate-outdated", None),
        ("证书无法自动更新", "acme", None),
        ("在重启nginx时显示98：地址已在使用中", "port-in-use", None),
        ("Ошибка на сайте (502 код)", "status", 502),
        ("không vào được website sau khi cài SSL", "unusable", None),
        (
            "Proxy Error The proxy server received an invalid response from an upstream server.",
            "status",
            502,
        ),
        (
            "The gateway did not receive a timely response from the upstream server",
            "status",
            504,
        ),
        ("no available server", "status", 503),
        ("Server Error", "status", 500),
    ],
)
def test_the_words_are_understood(words: str, kind: str, number: int | None) -> None:
    symptom = symptom_of(words)
    assert symptom
    assert (symptom.kind, symptom.number) == (kind, number)


@pytest.mark.parametrize(
    "words",
    [
        "ページが表示されない状態が続きます",
        "ページのデザインを考える方法",
        "サイトが重くて表示に時間がかかる",
        "After updating socket.io to 4.7.2 my chat behind nginx.conf gives 400",
        "cannot get ACME client get directory at 'https://acme-v02.api.letsencrypt.org/directory':"
        ' Get "https://acme-v02.api.letsencrypt.org/directory": dial tcp: lookup'
        " acme-v02.api.letsencrypt.org on 10.43.0.10:53: server misbehaving",
        "level=debug msg=\"'504 Gateway Timeout' caused by: dial tcp 192.168.0.3:80: i/o timeout\"",
        '198.51.100.4 - - [11/Aug/2022:00:47:23 +0000] "GET /login HTTP/1.1" 502 552'
        ' "https://other.example.com/" "Mozilla/5.0 (+http://bot.example.org/)"',
    ],
)
def test_a_message_without_a_site_names_none(words: str) -> None:
    with pytest.raises(NamelessMessageError, match="names no site"):
        parse_targets((words,), (), "en")


def test_a_name_of_one_label_stays_a_name() -> None:
    (target,) = parse_targets(("テスト",), (), "en")
    assert target.host == "xn--zckzah"


def test_a_slow_site_is_read_in_any_length() -> None:
    assert symptom_of("сайт не работает, " * 4000)
