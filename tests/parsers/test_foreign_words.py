"""What a visitor sees, in other languages than English and Chinese, and in programs' messages."""

import pytest

from diagnose.cli.operands import parse_targets
from diagnose.parsers.foreign_words import foreign_fault

PAGE = "https://shop.example.com/"


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Échec de la connexion sécurisée", "tls"),
        ("danach ist https://shop.example.com gar nicht mehr erreichbar", "unusable"),
        ("depuis hier https://shop.example.com ne répond plus", "unusable"),
        ("https://shop.example.com ya no carga desde ayer", "unusable"),
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


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Nach dem Anmelden lande ich wieder auf der Anmeldeseite", "login"),
        ("Hochladen großer Dateien geht nicht", "upload"),
        ("seit dem Umzug auf den neuen Server geht nichts mehr", "unusable"),
        ("das Zertifikat wird nicht erneuert", "acme"),
        ("Zertifikat wurde erneuert, der Browser zeigt noch das alte", "certificate-outdated"),
        ("trotz Erneuerung zeigt der Browser das alte Zertifikat", "certificate-outdated"),
        ("es wird immer noch die alte Version angezeigt", "cached"),
        ("Besucher sehen altes CSS, bis sie Strg+F5 drücken", "cached"),
        ("CSS wird nicht geladen, auch nach Leeren des Cache", "page-files"),
        ("CSSを更新してもブラウザ上で変化が確認できず、強制リロードして初めて変わる", "cached"),
        ("キャッシュをクリアしないと反映されない", "cached"),
        ("キャッシュを削除しても直らない、CSSが読み込まれない", "page-files"),
        ("les visiteurs voient les anciens styles tant que personne ne vide le cache", "cached"),
        ("le css ne se charge pas, même après avoir vidé le cache", "page-files"),
        ("los usuarios ven el css antiguo hasta que borran la caché", "cached"),
        ("пользователи видят старые стили, пока не нажмут Ctrl+F5", "cached"),
        ("Änderungen an der Konfiguration haben keine Wirkung", "not-loaded"),
        ("alle Besucher haben die gleiche IP", "visitor-address"),
        ("Alle Besucher haben die IP 172.17.0.1", "visitor-address"),
        ("todos los visitantes tienen la IP 172.17.0.1", "visitor-address"),
        ("все посетители имеют IP 172.17.0.1", "visitor-address"),
        ("statt meiner Seite erscheint die Standardseite", "wrong-site"),
        ("der Chat verliert die Verbindung", "websocket"),
        ("beim Aktualisieren wird die Seite nicht gefunden", "status"),
        ("la mise en page est cassée", "page-files"),
        ("impossible d'envoyer des fichiers de plus de 2 Mo", "upload"),
        ("le site affiche un autre site", "wrong-site"),
        ("el sitio no carga los estilos", "page-files"),
        ("la página muestra otro sitio", "wrong-site"),
        ("o site carrega sem css", "page-files"),
        ("fica em loop de redirecionamento", "redirects"),
        ("сайт открывается без стилей", "page-files"),
        ("после входа снова выбрасывает на страницу входа", "login"),
        ("открывается другой сайт", "wrong-site"),
        ("не загружаются большие файлы", "upload"),
        ("замість сайту показує сторінку за замовчуванням", "wrong-site"),
        ("le immagini non si vedono", "page-files"),
        ("dopo il login torna alla pagina di login", "login"),
        ("pagina bianca dopo l'aggiornamento", "blank"),
        ("il certificato non viene rinnovato", "acme"),
        ("strona ładuje się bez stylów", "page-files"),
        ("nie mogę się zalogować", "login"),
        ("z zewnątrz nie działa", "not-outside"),
        ("obrázky se nezobrazují", "page-files"),
        ("de afbeeldingen laden niet", "page-files"),
        ("te veel omleidingen", "redirects"),
        ("bilderna visas inte", "page-files"),
        ("resimler görünmüyor", "page-files"),
        ("giriş yaptıktan sonra tekrar giriş sayfasına atıyor", "login"),
        ("situs tidak bisa dibuka dari luar", "not-outside"),
        ("không tải được css", "page-files"),
        ("CSSが効かない", "page-files"),
        ("リロードすると404になる", "status"),
        ("証明書の更新に失敗する", "acme"),
        ("設定が反映されない", "not-loaded"),
        ("로그인하면 다시 로그인 페이지로 돌아갑니다", "login"),
        ("이미지가 안 나와요", "page-files"),
        ("큰 파일 업로드가 안됩니다", "upload"),
        ("사이트에 접속이 안 됩니다", "unusable"),
        ("nach dem Update kommt 502", "status"),
    ],
)
def test_a_part_of_the_site_fails(words: str, kind: str) -> None:
    (target,) = parse_targets((PAGE, words), (), "en")
    assert target.symptom
    assert target.symptom.kind == kind


@pytest.mark.parametrize(
    "words",
    [
        "die Bilder werden angezeigt",
        "der Login funktioniert",
        "tutto funziona, anche il login",
        "obrazy są widoczne",
        "resimler görünüyor",
        "画像は表示されます",
        "이미지가 잘 나옵니다",
        "the login has no problem and the chat is fine",
        "Seite mit 404 Bildern",
    ],
)
def test_a_part_that_works_is_no_symptom(words: str) -> None:
    (target,) = parse_targets((PAGE, words), (), "en")
    assert target.symptom is None or target.symptom.kind == "other"


@pytest.mark.parametrize(
    "words",
    [
        "Die Anmeldung geht, Bilder fehlen nicht mehr",
        "L'upload ne pose plus de problème",
        "Las imágenes cargan sin problemas",
        "O upload não falha mais",
        "Картинки грузятся без ошибок",
        "ログインできないようにしたい",
        "画像が表示されないようにしたい",
        "업로드가 안 되게 막고 싶다",
        "Ich habe die PID 404, sie startet",
        "Zeile 404, Spalte 3 in main.js",
    ],
)
def test_what_works_or_is_to_fail_is_no_fault(words: str) -> None:
    assert foreign_fault(words) is None


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Keine Fehler im Log, aber die Bilder laden nicht", "page-files"),
        ("Sin problemas en local, las imágenes no cargan en el servidor", "page-files"),
        ("Die Bilder werden nicht mehr geladen", "page-files"),
        ("Port 443 ist offen, die Seite gibt 404", "status"),
    ],
)
def test_a_fault_beside_what_works_counts(words: str, kind: str) -> None:
    fault = foreign_fault(words)
    assert fault
    assert fault.kind == kind


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("das Zertifikat ist nicht abgelaufen, trotzdem kommt eine leere Seite", "blank"),
        ("証明書は期限切れではないがサイトが開かない", "unusable"),
        ("il certificato ssl sul proxy, da ieri risulta scaduto", "certificate-expired"),
        ("je vois toujours l'ancien site après le déploiement", "cached"),
        ("die Domain zeigt noch auf den alten Server", "wrong-site"),
        ("la pagina no carga", "unusable"),
        ("strona sie nie laduje", "unusable"),
        ("la connexion a echoue", "not-connected"),
        ("strona główna ładuje się pół minuty", "slow"),
        ("Przy próbie resetu hasła dostaję 500-tkę", "status"),
    ],
)
def test_a_state_belongs_to_its_noun(words: str, kind: str) -> None:
    fault = foreign_fault(words)
    assert fault
    assert fault.kind == kind


@pytest.mark.parametrize(
    "words",
    [
        "ist meine Seite erreichbar?",
        "el sitio no tiene problemas",
        "our shop has no problems",
        "le certificat n'est pas expiré",
    ],
)
def test_a_healthy_site_has_no_fault(words: str) -> None:
    assert foreign_fault(words) is None
