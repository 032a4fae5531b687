"""What somebody has texted, as far as we know its words: one table, in English and French (R11.6). Pure."""

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum


class Word(Enum):
    TAKE = "take"  # with the code of an offer, or without
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
TWILIO_OPTS_OUT = ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT")
TWILIO_OPTS_IN = ("START", "YES", "UNSTOP")

# Without accents; what begins with such a word is its own, unless it must stand alone.
TABLE = (
    Row(Word.TAKE, ("TAKE",), ("PRENDRE", "PRENDS", "PREND")),
    Row(Word.OK, ("OK", "OKAY"), ("DACCORD",)),
    Row(Word.HELP, ("HELP", "INFO"), ("AIDE",)),
    Row(
        Word.OPT_OUT,
        TWILIO_OPTS_OUT,
        ("ARRET", "ARRETE", "ARRETER", "ARRETEZ", "DESABONNER", "DESABONNEMENT", "SEDESABONNER", "MEDESABONNER"),
        alone=True,
    ),
    Row(Word.OPT_IN, TWILIO_OPTS_IN, alone=True),
)


@dataclass(frozen=True, slots=True)
class Texted:
    """What was texted. `word` None: not understood. `code`: what came behind the word, in capitals.

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
    for row in TABLE:
        for language, known in (("en", row.english), ("fr", row.french)):
            if whole in known:
                return Texted(row.word, None, language)
            if words and words[0] in known and not row.alone:
                return Texted(row.word, words[1], language)
    return Texted(None)


def _words(body: str) -> list[str]:
    """In capitals without accents; letters and digits only."""
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", body) if not unicodedata.combining(sign))
    return re.findall(r"[A-Z0-9]+", bare.upper())
