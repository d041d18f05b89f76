"""The size from which on people say that files fail."""

import pytest

from diagnose.cli.operands import parse_targets
from diagnose.parsers.reported_sizes import oversized_upload, reported_size, sent_size

PAGE = "https://shop.example.com/"
MB = 1 << 20


@pytest.mark.parametrize(
    ("words", "size"),
    [
        ("files above 1 MB fail", MB),
        ("uploads over 2 MB fail", 2 * MB),
        ("requests over 100kb fail with an error", 100 << 10),
        ("上传大于1M的图片就报错", MB),
        ("超过 2M 的文件上传失败", 2 * MB),
        ("Dateien über 1 MB lassen sich nicht hochladen", MB),
        ("les fichiers de plus de 2 Mo ne passent pas", 2 * MB),
        ("los archivos de más de 2 MB no se suben", 2 * MB),
        ("файлы больше 1 МБ не загружаются", MB),
        ("arquivos maiores que 1 MB não sobem", MB),
        ("1MBを超えるファイルがアップロードできない", MB),
        ("files above 1,5 GB fail", 1536 * MB),
    ],
)
def test_files_of_a_size_that_fail_are_an_upload(words: str, size: int) -> None:
    (target,) = parse_targets((PAGE, words), (), "en")
    assert target.symptom
    assert target.symptom.kind == "upload"
    assert reported_size(words) == size


@pytest.mark.parametrize(
    "words",
    ["downloads of files over 1 GB fail", "the disk has more than 5 GB", "下载超过1G的文件失败"],
)
def test_what_is_not_sent_is_no_upload(words: str) -> None:
    assert not oversized_upload(words)


@pytest.mark.parametrize("word", ["above ", "above 1 ", "1 MB ", "超过"])
def test_many_words_are_read_in_a_moment(word: str) -> None:
    oversized_upload(word * 6_000)


def test_a_network_of_phones_is_no_size() -> None:
    for words in ("uploads fail over 5G mobile network", "images are not sent over 4G, error"):
        assert (reported_size(words), oversized_upload(words)) == (0, "")
    assert reported_size("files over 4G fail") == 4096 * MB


@pytest.mark.parametrize(
    "words",
    [
        "при загрузке файла больше мегабайта ошибка 413",
        "413 for files of more than a megabyte",
        "413 bei Dateien über einem Megabyte",
    ],
)
def test_a_unit_alone_is_a_size(words: str) -> None:
    assert reported_size(words) == MB
    assert not reported_size(words.replace("мегабайта", "месяца").replace("egabyte", "onat"))


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("no puedo subir archivos de 5 MB, error 413", 5 << 20),
        ("uploading a 30MB file gives 413", 30 << 20),
        ("上传 5M 的图片提示413", 5 << 20),
        ("files above 5 MB fail", 0),
        ("a 5 MB file fails and one of 1 MB does not", 0),
        ("the server has 4 GB", 0),
    ],
)
def test_the_size_of_what_was_sent(text: str, size: int) -> None:
    assert sent_size(text) == size
