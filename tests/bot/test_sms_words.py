"""R11.6: what somebody texts is understood in two languages, however it is written; anything else is not guessed at."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sms.words import NO_NUMBER, TABLE, TWILIO_OPTS_IN, TWILIO_OPTS_OUT, Texted, Word, understood
from domain.notices.codes import draw

WORDS = [(row.word, word) for row in TABLE for word in (*row.english, *row.french)]
ACCENTS = {"E": "é", "A": "à", "C": "ç", "O": "ô", "e": "ê", "a": "â"}


@pytest.mark.parametrize(
    ("body", "word", "code"),
    [
        ("TAKE K7Q", Word.TAKE, "K7Q"),
        ("take k7q", Word.TAKE, "K7Q"),
        ("  Take   K7q ! ", Word.TAKE, "K7Q"),
        ("TAKE K7Q!", Word.TAKE, "K7Q"),
        ("prendre: k7q", Word.TAKE, "K7Q"),
        ("TAKEK7Q", Word.TAKE, "K7Q"),
        ("prendrek7q", Word.TAKE, "K7Q"),
        ("take R12", Word.TAKE, "R12"),  # no code of ours, but he means a certain one
        ("takeaway", None, None),
        ("PRENDRE", Word.TAKE, None),
        ("Take.", Word.TAKE, None),
        ("ok", Word.OK, None),
        ("D'accord", Word.OK, None),
        ("Aide?", Word.HELP, None),
        ("help", Word.HELP, None),
        ("Arrêt", Word.OPT_OUT, None),
        ("ARRETER", Word.OPT_OUT, None),
        ("désabonner", Word.OPT_OUT, None),
        ("stop.", Word.OPT_OUT, None),
        ("Stop all", Word.OPT_OUT, None),
        ("STOP please", Word.OPT_OUT, None),
        ("stop texting me!", Word.OPT_OUT, None),
        ("STOP!", Word.OPT_OUT, None),
        ("arrêt svp", Word.OPT_OUT, None),
        ("Arrêtez de m'écrire", Word.OPT_OUT, None),
        ("unsubscribe me", Word.OPT_OUT, None),
        ("désabonner moi", Word.OPT_OUT, None),
        ("end of shift", None, None),
        ("quit asking", None, None),
        ("start", Word.OPT_IN, None),
        ("Yes!", Word.OPT_IN, None),
        ("", None, None),
        ("🚚", None, None),
        ("K7Q", None, None),
        ("I will take it", None, None),
        ("cancel my shift", None, None),
        ("yes I can", None, None),
        ("stop 12 is closed", None, None),
    ],
)
def test_r11_6_words_whatever_their_case_accents_and_punctuation(
    body: str, word: Word | None, code: str | None
) -> None:
    read = understood(body)
    assert (read.word, read.code) == (word, code)


@pytest.mark.parametrize(
    ("body", "opt_out_type", "by_twilio"),
    [
        ("STOP", None, True),
        ("Revoke", None, True),
        ("UNSTOP", None, True),
        ("ARRET", None, False),  # Twilio does not know it
        ("STOP ALL", None, False),  # Twilio acts on single words only
        ("STOP please", None, False),
        ("ARRET", "STOP", True),  # but was told to know this one
        ("désolé, plus rien", "STOP", True),
        ("HELP", None, False),
        ("HELP", "HELP", True),
        ("TAKE", None, False),
    ],
)
def test_r11_6_what_twilio_has_answered_is_known(body: str, opt_out_type: str | None, by_twilio: bool) -> None:
    assert understood(body, opt_out_type).by_twilio is by_twilio


@pytest.mark.parametrize(
    "body",
    [
        "take it",
        "take me off your list",
        "Take it easy",
        "take care",
        "Prends pas ma place",
        "take K7Q off my list",
        "prendrek7q non",
    ],
)
def test_r11_6_a_sentence_takes_nothing(body: str) -> None:
    assert (understood(body).word, understood(body).code) == (None, None)


@pytest.mark.parametrize(("body", "code"), [("TAKE ZZZ", "ZZZ"), ("prendre 12", "12"), ("take K7QQ7", "K7QQ7")])
def test_r11_6_a_wrong_code_is_a_code(body: str, code: str) -> None:
    assert (understood(body).word, understood(body).code) == (Word.TAKE, code)


@pytest.mark.parametrize(("kind", "word"), [("STOP", Word.OPT_OUT), ("START", Word.OPT_IN), ("HELP", Word.HELP)])
def test_r11_6_what_twilio_has_done_counts_whatever_the_words(kind: str, word: Word) -> None:
    assert understood("take K7Q", kind).word is word


@pytest.mark.parametrize("word", [*TWILIO_OPTS_OUT, *TWILIO_OPTS_IN])
def test_r11_6_words_that_carriers_act_on_are_never_commands(word: str) -> None:
    wanted = Word.OPT_OUT if word in TWILIO_OPTS_OUT else Word.OPT_IN
    assert understood(word).word is wanted
    assert understood(f"{word} K7Q").word is None


@given(st.text())
def test_r11_6_nothing_that_is_texted_breaks_it(body: str) -> None:
    assert isinstance(understood(body), Texted)


@given(
    st.sampled_from(WORDS),
    st.lists(st.booleans(), min_size=20, max_size=20),
    st.sampled_from(["", " ", "\n", "!", "...", " :)", "\u00a0", "。"]),
    st.sampled_from(["", " ", "  ", "¡", "« "]),
)
def test_r11_6_case_accents_and_what_stands_around_mean_nothing(
    known: tuple[Word, str], upper: list[bool], behind: str, before: str
) -> None:
    word, text = known
    mixed = "".join(sign if big else sign.lower() for sign, big in zip(text, upper, strict=False))
    accented = "".join(ACCENTS.get(sign, sign) for sign in mixed)
    for written in (mixed, accented):
        assert understood(before + written + behind).word is word


@given(st.randoms())
def test_r11_6_no_code_is_a_word(dice: Random) -> None:
    code = draw(dice.choice)
    assert understood(code).word is None
    assert understood(f"take {code.lower()}").code == code
    assert len(code) == 3 and not set(code) & set("01258BGILOSUVZ")


@pytest.mark.parametrize(("body", "word"), [("C", Word.CONFIRM), ("c K7Q", Word.CONFIRM), ("C'est bon", None)])
def test_r11_6_c_counts_alone_or_with_a_code(body: str, word: Word | None) -> None:
    assert understood(body).word is word


@pytest.mark.parametrize(
    ("body", "word", "code"),
    [
        ("Late", Word.LATE, None),
        ("LATE 15 min.", Word.LATE, "15"),
        ("retard 20", Word.LATE, "20"),
        ("can't", Word.CANT, None),
        ("CAN’T 3", Word.CANT, "3"),
        ("cant 3.", Word.CANT, "3"),
        ("I can't make it", Word.CANT, None),
        ("Absent 2", Word.CANT, "2"),
        ("can't find the gate", None, None),  # he is there
        ("Can't make 7:00, but 7:30", None, None),
        ("absent-minded", None, None),
        (" 3 ", Word.NUMBER, "3"),
        ("3 parcels", None, None),
    ],
)
def test_r11_6_cant_cancels_a_shift_and_so_is_no_part_of_a_sentence(
    body: str, word: Word | None, code: str | None
) -> None:
    text = understood(body)
    assert (text.word, text.code) == (word, code)


@pytest.mark.parametrize(
    "body",
    [
        *(
            "please cancel",
            "Cancel please",
            "Thanks, end",
            "Quit thanks",
            "Yes please",
            "Yes, thank you",
            "Start thanks",
        ),
        *("Thanks, stop by the office tomorrow", "Please stop by the depot", "Thank you! Stop on Main St is closed"),
    ],
)
def test_r11_5_a_courtesy_makes_nobody_opt_out_or_in(body: str) -> None:
    assert understood(body).word is None


@pytest.mark.parametrize(
    ("body", "begun"),
    [
        ("Back in 20 min", Word.BACK),
        ("Retour dans 30 minutes", Word.BACK),
        ("Back soon", Word.BACK),
        ("back 4 of 120", Word.BACK),
        ("LOAD many", Word.LOAD),
        ("LOAD 12 BACK 4", Word.LOAD),
        ("LOAD 4²", Word.LOAD),
        ("charge 120 R12", Word.LOAD),
        ("HERE I AM SOON", Word.HERE),
        ("Ici dans 20 min", Word.HERE),
        ("here 7:05", Word.HERE),
        ("HERE НЕ", Word.HERE),
        ("late because of the snow", Word.LATE),
        ("Retard du camion 12", Word.LATE),
        ("absent 3 jours", Word.CANT),
        ("OK but I can't come", Word.OK),
        ("Ok, pas demain", Word.OK),
        ("C'est bon", Word.CONFIRM),
        ("Confirme que je ne viens pas", Word.CONFIRM),
        ("C K7Q is not mine", Word.CONFIRM),
    ],
)
def test_r11_6_a_sentence_does_nothing_and_shows_with_which_word_it_begins(body: str, begun: Word) -> None:
    text = understood(body)
    assert (text.word, text.code, text.begun) == (None, None, begun)


@pytest.mark.parametrize("number", ["-1", "3.5", "3,5", "-40", "- 40", "1 200", "1 200", "1,200", "4/5"])
@pytest.mark.parametrize("word", ["BACK", "RETOUR", "LOAD", "Chargé", "LATE", "retard"])
def test_r8_3_what_is_no_whole_number_is_not_another_number(word: str, number: str) -> None:
    assert understood(f"{word} {number}").code == NO_NUMBER


@pytest.mark.parametrize(
    ("body", "word", "code"),
    [
        ("LOAD 120.", Word.LOAD, "120"),
        ("load: 120 parcels please!", Word.LOAD, "120"),
        ("Chargé 120 colis svp", Word.LOAD, "120"),
        ("back 4, thank you", Word.BACK, "4"),
        ("Retour 007 merci", Word.BACK, "7"),
        ("late 20min", Word.LATE, "20"),
        ("En retard de 15 minutes", Word.LATE, "15"),
        ("I’m here!", Word.HERE, None),
        ("Je suis là.", Word.HERE, None),
        ("ok merci", Word.OK, None),
        ("c K7Q svp", Word.CONFIRM, "K7Q"),
        ("C K7Q = R12", Word.CONFIRM, "K7Q"),
        ("-3", Word.NUMBER, NO_NUMBER),
        ("CANT -3", Word.CANT, NO_NUMBER),
        ("LOAD-120", Word.LOAD, "120"),
        ("LOAD.120", Word.LOAD, "120"),
        ("loaded 120 packages", Word.LOAD, "120"),
        ("Retour 4 paquets", Word.BACK, "4"),
        ("late, sorry", Word.LATE, None),
        ("Retard 15 désolé", Word.LATE, "15"),
        ("I can\u02bct come", Word.CANT, None),
        ("D\u02bcaccord", Word.OK, None),
    ],
)
def test_r11_6_a_word_its_number_and_a_courtesy(body: str, word: Word, code: str | None) -> None:
    assert (understood(body).word, understood(body).code) == (word, code)
