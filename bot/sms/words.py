"""What somebody has texted, as far as we know its words: one table, in English and French (R11.6). Pure."""

import re
import unicodedata
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from bot.numbered import MINUTES, PARCELS, POLITE, numbered
from domain.notices.codes import CODE


class Word(Enum):
    TAKE = "take"  # with the code of an offer, or without
    CONFIRM = "confirm"  # with the code of a shift, or without
    HERE = "here"
    LATE = "late"  # with the minutes, or without
    CANT = "cant"  # with the number of a reason, or without
    NUMBER = "number"  # of a reason, alone: the answer to what CANT is asked
    LOAD = "load"  # with a number of parcels
    BACK = "back"  # likewise
    OK = "ok"
    HELP = "help"
    OPT_OUT = "opt out"
    OPT_IN = "opt in"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table. `alone`: it counts only where nothing else is written.

    `units`: a number may stand behind it, and these behind the number.
    """

    word: Word
    english: tuple[str, ...]
    french: tuple[str, ...] = ()
    alone: bool = False
    units: frozenset[str] | None = None


# Twilio (and toll-free carriers) act on these before we see them, and answer them themselves; they are never commands.
# Who begins with one of OPTS_OUT wants no more SMS, whatever follows but a number (STOP 12 is a place on a route); the
# others begin sentences about other things.
OPTS_OUT = ("STOP", "STOPALL", "UNSUBSCRIBE", "OPTOUT")
OPTS_OUT_ALONE = ("CANCEL", "END", "QUIT", "REVOKE")
TWILIO_OPTS_OUT = (*OPTS_OUT, *OPTS_OUT_ALONE)
TWILIO_OPTS_IN = ("START", "YES", "UNSTOP")
MEANT = re.compile(r"[A-Z0-9]{3}|[A-Z0-9]*\d[A-Z0-9]*")  # as a code, mistyped perhaps: ZZZ, R12

CONSENT: Final = (Word.HELP, Word.OPT_OUT, Word.OPT_IN)  # as Twilio reads them: a courtesy makes a sentence of them
NO_NUMBER: Final = "?"  # in the place of a code: a number that can't be meant, such as -1, 3.5 or 1 200

# Without accents. Who asks for help, or for no more SMS, may say more than the word. A deed is the word, its number or
# its code, and nothing else but a courtesy: a sentence does nothing.
TABLE = (
    Row(Word.TAKE, ("TAKE",), ("PRENDRE", "PRENDS", "PREND")),
    Row(Word.CONFIRM, ("C", "CONFIRM"), ("CONFIRMER", "CONFIRME")),
    Row(Word.HERE, ("HERE", "IMHERE", "IAMHERE"), ("ICI", "JESUISICI", "JESUISLA"), alone=True),
    Row(Word.LATE, ("LATE", "LATEBY"), ("RETARD", "RETARDDE", "ENRETARD", "ENRETARDDE"), units=MINUTES),
    Row(
        Word.CANT,
        ("CANT", "CANTCOME", "CANTMAKEIT", "ICANTCOME", "ICANTMAKEIT"),
        ("ABSENT", "ABSENTE"),
        units=frozenset(),
    ),
    Row(Word.LOAD, ("LOAD", "LOADED"), ("CHARGE", "CHARGER"), units=PARCELS),
    Row(Word.BACK, ("BACK",), ("RETOUR",), units=PARCELS),
    Row(Word.OK, ("OK", "OKAY"), ("DACCORD",), alone=True),
    Row(Word.HELP, ("HELP", "INFO"), ("AIDE",)),
    Row(
        Word.OPT_OUT,
        OPTS_OUT,
        ("ARRET", "ARRETE", "ARRETER", "ARRETEZ", "DESABONNER", "DESABONNEMENT", "SEDESABONNER", "MEDESABONNER"),
    ),
    Row(Word.OPT_OUT, OPTS_OUT_ALONE, alone=True),
    Row(Word.OPT_IN, TWILIO_OPTS_IN, alone=True),
)


@dataclass(frozen=True, slots=True)
class Texted:
    """What was texted. `word` None: not understood. `code`: what came behind the word, in capitals.

    `language` is that of the word. `by_twilio`: Twilio has acted on it and answered it. `begun`: the word of ours with
    which a sentence begins that does nothing.
    """

    word: Word | None
    code: str | None = None
    language: str | None = None
    by_twilio: bool = False
    begun: Word | None = None


def understood(body: str, opt_out_type: str | None = None) -> Texted:
    """Reads a text, whatever its case, accents, spaces and punctuation.

    `opt_out_type` is Twilio's own word for what it has just done by itself (STOP, START or HELP), where it has one.
    """
    bare = _bare(body)
    every = re.findall(r"[^\W_]+", bare)
    text = _read(bare, every)
    told = {"STOP": Word.OPT_OUT, "START": Word.OPT_IN, "HELP": Word.HELP}.get((opt_out_type or "").upper())
    if told is not None:
        return Texted(told, None, text.language, by_twilio=True)
    single = len(every) == 1 and every[0] in (*TWILIO_OPTS_OUT, *TWILIO_OPTS_IN)
    return replace(text, by_twilio=single)


def _read(bare: str, every: list[str]) -> Texted:
    begun, plain = Texted(None), [word for word in every if word.casefold() not in POLITE]
    for row in TABLE:
        words = every if row.word in CONSENT else plain
        whole = "".join(words)  # STOP ALL, D'ACCORD
        for language, known in (("en", row.english), ("fr", row.french)):
            if whole in known:
                return Texted(row.word, None, language)
            if row.word is Word.TAKE and len(words) == 1 and (glued := _glued(words[0], known)):
                return Texted(row.word, glued, language)
            if (code := _behind(row, known, bare, words)) is not None:
                return Texted(row.word, code or None, language)
            if words and words[0] in known:
                begun = Texted(None, language=language, begun=row.word)
    number = numbered(bare)
    if number is not None and number.word == "":
        return Texted(Word.NUMBER, _digits(number.number))
    return begun


def _behind(row: Row, known: tuple[str, ...], bare: str, words: list[str]) -> str | None:
    """The number or the code behind one of the `known` words, empty where there needs to be none; None: a sentence."""
    if row.units is not None:
        number = numbered(bare, row.units)
        if number is None or number.word.upper() not in known:
            return None
        if row.word is Word.CANT and len(words) != 2:  # it cancels a shift: I CAN'T MAKE IT 7:00
            return None
        return _digits(number.number)
    if row.alone or not words or words[0] not in known:
        return None
    match row.word:
        case Word.TAKE:  # or one that is meant as a code, be it a wrong one: not TAKE ME OFF YOUR LIST
            return words[1] if len(words) == 2 and MEANT.fullmatch(words[1]) else None
        case Word.CONFIRM:  # not C'EST BON, nor CONFIRM K7Q IS NOT MINE
            return _code(words[1:]) if all(re.search(r"\d", word) for word in words[1:]) else None
        case Word.OPT_OUT if _code(words[1:2]):
            return None
    return ""


def _digits(number: int | None) -> str:
    return NO_NUMBER if number is None else str(number)


def _code(words: list[str]) -> str | None:
    """What has the form of our codes, else what has a digit and so was meant as one; C'EST has none."""
    coded = [word for word in words if CODE.fullmatch(word)]
    meant = [word for word in words if re.search(r"\d", word)]
    return next(iter(coded + meant), None)


def _glued(written: str, words: tuple[str, ...]) -> str | None:
    """The code of TAKEK7Q."""
    behind = (written.removeprefix(word) for word in words if written.startswith(word))
    return next((code for code in behind if CODE.fullmatch(code)), None)


def _bare(body: str) -> str:
    """In capitals without accents; a power or a fraction stays what it is (4² is not 42)."""
    bare = "".join(sign for sign in unicodedata.normalize("NFD", body) if not unicodedata.combining(sign))
    return re.sub("['’\u02bc]", "'", bare.upper()).replace("CAN'T", "CANT")
