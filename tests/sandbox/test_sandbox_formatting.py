import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.telegram.entities import Formatted, trimmed, units, with_found
from sandbox.telegram.errors import ApiError
from sandbox.telegram.formatting import parse_html
from sandbox.telegram.rendering import render_html


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("plain &amp; &lt;b&gt; &quot;&#233;&#xe9; &nbsp; a & b", 'plain & <b> "éé &nbsp; a & b', []),
        ("<b>a</b><strong>b</strong>", "ab", [("bold", 0, 1), ("bold", 1, 1)]),
        ("<i><b>a</b></i>", "a", [("bold", 0, 1), ("italic", 0, 1)]),
        ("😀<u>é</u><s>x</s>", "😀éx", [("underline", 2, 1), ("strikethrough", 3, 1)]),
        ('<tg-spoiler>a</tg-spoiler><span class="tg-spoiler">b</span>', "ab", [("spoiler", 0, 1), ("spoiler", 1, 1)]),
        ("<blockquote>a</blockquote>", "a", [("blockquote", 0, 1)]),
        ("<blockquote expandable>a</blockquote>", "a", [("expandable_blockquote", 0, 1)]),
        ("<code>a</code><pre>b</pre>", "ab", [("code", 0, 1), ("pre", 1, 1)]),
        ("<B>a</b>", "a", [("bold", 0, 1)]),
        ("<b></b>a", "a", []),
        ("<a>none</a>", "none", []),
    ],
)
def test_html_becomes_text_and_entities(source: str, text: str, entities: list[tuple[str, int, int]]) -> None:
    formatted = parse_html(source)
    assert formatted.text == text
    assert sorted((each["type"], each["offset"], each["length"]) for each in formatted.entities) == sorted(entities)


def test_links_and_languages_are_kept() -> None:
    formatted = parse_html(
        "<a href='https://x.ca/?a=1&amp;b=2'>x</a><pre><code class=\"language-python\">y</code></pre>"
    )
    assert formatted.entities == [
        {"type": "text_link", "offset": 0, "length": 1, "url": "https://x.ca/?a=1&b=2"},
        {"type": "pre", "offset": 1, "length": 1, "language": "python"},
    ]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("é<h1>a</h1>", 'Unsupported start tag "h1" at byte offset 2'),
        ("a < b", 'Unsupported start tag "" at byte offset 2'),
        ("a <3", "Unclosed start tag at byte offset 2"),
        ("<b>a", 'Can\'t find end tag corresponding to start tag "b"'),
        ("a</b>", "Unexpected end tag at byte offset 1"),
        ("<b>a</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("<b>a</b", "Unclosed end tag at byte offset 4"),
        ("<a href>x</a>", 'Expected equal sign in declaration of an attribute of the tag "a" at byte offset 0'),
        ('<a ="x">x</a>', 'Empty attribute name in the tag "a" at byte offset 0'),
        ('<a href="x>y</a>', "Unclosed start tag at byte offset 0"),
        ("<a href=http://x>y</a>", "Unexpected end of name token at byte offset 8"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
    ],
)
def test_html_that_telegram_cannot_parse_is_refused_in_its_words(source: str, words: str) -> None:
    with pytest.raises(ApiError) as refused:
        parse_html(source)
    assert refused.value.description == f"Bad Request: can't parse entities: {words}"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("/today now", [("bot_command", 0, 6)]),
        ("say /today@rollcall_bot", [("bot_command", 4, 19)]),
        ("oui/non été/hiver 1/2", []),
        ("see https://x.ca/a?b=1. Or www.x.ca!", [("url", 4, 18), ("url", 27, 8)]),
        ("write a.b@x.ca or @amara_osei", [("email", 6, 8), ("mention", 18, 11)]),
        ("😀 /a", [("bot_command", 3, 2)]),
    ],
)
def test_telegram_finds_commands_and_addresses_by_itself(text: str, found: list[tuple[str, int, int]]) -> None:
    entities = with_found(Formatted(text, [])).entities
    assert [(each["type"], each["offset"], each["length"]) for each in entities] == found


def test_nothing_is_found_inside_code_or_links() -> None:
    formatted = with_found(parse_html("<code>/today</code> <a href='https://x.ca'>www.y.ca</a>"))
    assert [each["type"] for each in formatted.entities] == ["code", "text_link"]


def test_blanks_around_go_and_entities_move_along() -> None:
    formatted = trimmed(parse_html("\n😀? ".replace("😀", "") + "<b> a </b> "))
    assert formatted == Formatted("?  a", [{"type": "bold", "offset": 2, "length": 2}])


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("a\n<b>b & <i>c</i></b>", "a<br><b>b &amp; <i>c</i></b>"),
        ("<pre>x\ny</pre>", "<pre>x<br>y</pre>"),
        ("😀<tg-spoiler>x</tg-spoiler>", "😀<tg-spoiler>x</tg-spoiler>"),
        (
            '<a href="https://x.ca/&quot;>">x</a>',
            '<a href="https://x.ca/&quot;&gt;" target="_blank" rel="noopener">x</a>',
        ),
        ("&lt;script&gt;", "&lt;script&gt;"),
    ],
)
def test_entities_become_safe_html(source: str, shown: str) -> None:
    assert render_html(*parse_html(source)) == shown


def test_overlapping_entities_nest() -> None:
    entities = [{"type": "bold", "offset": 0, "length": 2}, {"type": "italic", "offset": 1, "length": 2}]
    assert render_html("abc", entities) == "<b>a<i>b</i></b><i>c</i>"


def test_a_dangerous_link_is_no_link() -> None:
    entities = [{"type": "text_link", "offset": 0, "length": 1, "url": "javascript:alert(1)"}]
    assert render_html("x", entities) == "x"


_ENTITIES = st.lists(
    st.builds(
        lambda kind, offset, length: {"type": kind, "offset": offset, "length": length},
        st.sampled_from(["bold", "italic", "code", "blockquote", "mention"]),
        st.integers(0, 12),
        st.integers(1, 12),
    ),
    max_size=5,
)


@given(st.text(alphabet="ab<&>\"' é", min_size=25), _ENTITIES)
def test_rendered_html_is_balanced_and_keeps_the_text(text: str, entities: list[dict[str, object]]) -> None:
    shown = render_html(text, entities)
    assert html.unescape(re.sub(r"<[^>]*>", "", shown)) == text
    open_tags: list[str] = []
    for closing, tag in re.findall(r"<(/?)([a-z]+)", shown):
        if closing:
            assert open_tags.pop() == tag
        else:
            open_tags.append(tag)
    assert not open_tags


@given(st.text())
def test_any_text_either_parses_or_is_refused(source: str) -> None:
    try:
        text, entities = parse_html(source)
    except ApiError as refused:
        assert refused.code == 400
        return
    assert all(each["offset"] + each["length"] <= units(text) for each in entities)
