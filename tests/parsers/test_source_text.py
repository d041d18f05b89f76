"""Code of the server that a page still holds."""

import pytest

from diagnose.parsers.source_text import source_text_in


@pytest.mark.parametrize(
    ("page", "code"),
    [
        ('<!doctype html><p>Docs</p><!--#include virtual="/menu.html" -->', "<!--#include"),
        ('<script>x()</script><!--# include file="a.inc" -->', "<!--#include"),
        ('<!--#echo var="DATE_LOCAL" -->', "<!--#echo"),
        ("<p>[an error occurred while processing the directive]</p>",
         "[an error occurred while processing the directive]"),
        ("<!doctype html><p>Docs</p><html><head><title>404 Not Found</title></head><body>\r\n"
         "<center><h1>404 Not Found</h1></center>\r\n<hr><center>nginx/1.26.3</center>",
         "[404 Not Found]"),
        ("<html><body><?php include 'menu.php'; ?></body>", "<?php"),
        ("<html><title><?= $title ?></title>", "<?="),
        ("<? echo '<title>a</title>'; ?>", "<?"),
        ('<html><?include("menu.php")?>', "<?"),
        ("<html><? if ($a) { ?><p>a</p><? } ?>", "<?"),
        ("<?\n// the shop\n$a = 1;", "<?"),
        ('<%@ page language="java" %><html>', "<%@ page"),
        ('{% extends "base.html" %}<p>', "{% extends"),
    ],
)  # fmt: skip
def test_shown(page: str, code: str) -> None:
    assert source_text_in(page) == code


@pytest.mark.parametrize(
    "page",
    [
        "<html><?xml-stylesheet href='a'?>",
        "<p>why <? and >?</p>",
        '<?import namespace="o" ?>',
        "<pre><? echo 1; ?></pre>",
        "",
        "<!doctype html><p>Docs</p>",
        "<!-- a comment -->",
        '<pre>&lt;!--#include virtual="/menu.html" --&gt;</pre>',
        '<pre>\n<!--#include virtual="/menu.html" -->\n</pre>',
        "<script>const page = '<?php echo 1 ?>';</script>",
        "<textarea><?php echo 1 ?></textarea>",
        '<?xml version="1.0"?><html>',
        "<p>Use {% extends %} in Django</p>",
        "<div>{{ name }}</div>",
        "<html><head><title>404 Not Found</title></head><body>"
        "<center><h1>404 Not Found</h1></center><hr><center>nginx</center>",
    ],
)
def test_not_shown(page: str) -> None:
    assert source_text_in(page) == ""
