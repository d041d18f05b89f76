"""Messages of systems in other languages, in English words."""

import tomllib

import pytest

from diagnose.parsers.plain_letters import folded
from diagnose.parsers.symptoms import symptom_of
from diagnose.parsers.system_words import TABLE, in_english


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ("curl: (7) Failed to connect: Connexion refusée", "refused"),
        ("curl: (7) Failed to connect: Connexion refusee", "refused"),
        ("bind() to 0.0.0.0:443 failed (98: Die Adresse wird bereits verwendet)", "port-in-use"),
        ("connect() failed (111: Conexión rehusada) while reading", "upstream-refused"),
        ("Nenhuma conexão: a máquina de destino as recusou ativamente", "refused"),
        ("Der Zielcomputer die Verbindung verweigerte. (shop.example.com:443)", "refused"),
        ("名前またはサービスが不明です", "name"),
        ("Fehlerhaftes Gateway", "status"),
    ],
)  # fmt: skip
def test_a_system_is_understood_in_its_language(told: str, kind: str) -> None:
    symptom = symptom_of(told)
    assert symptom
    assert symptom.kind == kind


def test_other_words_stay() -> None:
    assert in_english("die Seite lädt nicht") == "die Seite lädt nicht"


def test_no_english_words_have_a_message_in_them() -> None:
    table = tomllib.loads(TABLE.read_text("utf-8"))
    for english in table:
        for told in table.values():
            assert not any(folded(each) in folded(english) for each in told)


@pytest.mark.parametrize("text", ["Übergröße", "İstanbul ıslak", "đường dẫn", "Straße ﬁ K", "’ł’"])
def test_plain_letters_are_as_many(text: str) -> None:
    assert len(folded(text)) == len(text)
