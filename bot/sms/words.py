"""What somebody has texted, as far as we know its words: one table, in English and French (R11.6). Pure."""

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum

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
    """One row of the table. `alone`: it counts only where nothing else is written."""

    word: Word
    english: tuple[str, ...]
    french: tuple[str, ...] = ()
    alone: bool = False


# Twilio (and toll-free carriers) act on these before we see them, and answer them themselves; they are never commands.
# Who begins with one of OPTS_OUT wants no more SMS, whatever follows but a number (STOP 12 is a place on a route); the
# others begin sentences about other things.
OPTS_OUT = ("STOP", "STOPALL", "UNSUBSCRIBE", "OPTOUT")
OPTS_OUT_ALONE = ("CANCEL", "END", "QUIT", "REVOKE")
TWILIO_OPTS_OUT = (*OPTS_OUT, *OPTS_OUT_ALONE)
TWILIO_OPTS_IN = ("START", "YES", "UNSTOP")
MEANT = re.compile(r"[A-Z0-9]{3}|[A-Z0-9]*\d[A-Z0-9]*")  # as a code, mistyped perhaps: ZZZ, R12

# Without accents; what begins with such a word is its own, unless it must stand alone.
TABLE = (
    Row(Word.TAKE, ("TAKE",), ("PRENDRE", "PRENDS", "PREND")),
    Row(Word.CONFIRM, ("C", "CONFIRM"), ("CONFIRMER", "CONFIRME")),
    Row(Word.HERE, ("HERE",), ("ICI",)),
    Row(Word.LATE, ("LATE",), ("RETARD",)),
    Row(Word.CANT, ("CANT", "CANTCOME", "CANTMAKEIT", "ICANTCOME", "ICANTMAKEIT"), ("ABSENT", "ABSENTE")),
    Row(Word.LOAD, ("LOAD", "LOADED"), ("CHARGE", "CHARGER")),
    Row(Word.BACK, ("BACK",), ("RETOUR",)),
    Row(Word.OK, ("OK", "OKAY"), ("DACCORD",)),
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
    """What was texted. `word` None: not understood. `code`: the one that came behind the word, in capitals.

    `language` is that of the word. `by_twilio`: Twilio has acted on it and answered it.
    """

    word: Word | None
    code: str | None = None
    language: str | None = None
    by_twilio: bool = False


def understood(body: str, opt_out_type: str | None = None) -> Texted:
    """Reads a text, whatever its case, accents, spaces and punctuation.

    `opt_out_type` is Twilio's own word for what it has just done by itself (STOP, START or HELP), where it has one.
    """
    words = _words(body)
    text = _read(words)
    told = {"STOP": Word.OPT_OUT, "START": Word.OPT_IN, "HELP": Word.HELP}.get((opt_out_type or "").upper())
    if told is not None:
        return Texted(told, None, text.language, by_twilio=True)
    single = len(words) == 1 and words[0] in (*TWILIO_OPTS_OUT, *TWILIO_OPTS_IN)
    return Texted(text.word, text.code, text.language, by_twilio=single)


def _read(words: list[str]) -> Texted:
    whole = "".join(words)  # STOP ALL, D'ACCORD
    if len(words) == 1 and whole.isdecimal():
        return Texted(Word.NUMBER, whole)
    for row in TABLE:
        for language, known in (("en", row.english), ("fr", row.french)):
            if whole in known:
                return Texted(row.word, None, language)
            if words and not row.alone:
                if words[0] == "C" and not _code(words[1:2]):  # C'EST BON
                    continue
                if row.word is Word.CANT and not (len(words) == 2 and words[1].isdecimal()):  # CAN'T FIND THE GATE
                    continue
                if row.word is Word.TAKE and not _takes(words):  # TAKE ME OFF YOUR LIST
                    continue
                if words[0] in known and not (row.word is Word.OPT_OUT and _code(words[1:2])):
                    code = "".join(words[1:]) or None if row.word is Word.TAKE else _code(words[1:])
                    return Texted(row.word, code, language)
                if row.word is Word.TAKE and len(words) == 1 and (glued := _glued(words[0], known)):
                    return Texted(row.word, glued, language)
    return Texted(None)


def _takes(words: list[str]) -> bool:
    """Whether nothing is behind TAKE, or one word that is meant as a code, be it a wrong one; else it is a sentence."""
    match words:
        case [_]:
            return True
        case [_, behind]:
            return MEANT.fullmatch(behind) is not None
    return False


def _code(words: list[str]) -> str | None:
    """What has the form of our codes, else what has a digit and so was meant as one; C'EST has none."""
    coded = [word for word in words if CODE.fullmatch(word)]
    meant = [word for word in words if re.search(r"\d", word)]
    return next(iter(coded + meant), None)


def _glued(written: str, words: tuple[str, ...]) -> str | None:
    """The code of TAKEK7Q."""
    behind = (written.removeprefix(word) for word in words if written.startswith(word))
    return next((code for code in behind if CODE.fullmatch(code)), None)


def _words(body: str) -> list[str]:
    """In capitals without accents; letters and digits only."""
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", body) if not unicodedata.combining(sign))
    return re.findall(r"[A-Z0-9]+", re.sub("CAN['’]T", "CANT", bare.upper()))
