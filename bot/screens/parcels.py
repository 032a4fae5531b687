"""Numbers of parcels, by buttons."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.callbacks.callback import Callback
from bot.callbacks.shifts import EnterParcels, Keypad
from bot.reader import Reader
from bot.screens.screen import Button, Screen, escape
from domain.policy import Policy
from domain.shifts.queries import OwnShift
from domain.shifts.rules_of_parcels import Count


@dataclass(frozen=True, slots=True)
class Keys:
    """Where the keypad leads: with so much typed, and with so much entered."""

    typed: Callable[[int], Callback]
    entered: Callable[[int], Callback]


def _keys_for(shift: OwnShift, what: Count) -> Keys:
    id_ = shift.assignment_id
    return Keys(lambda n: Keypad(id_, what, n), lambda n: EnterParcels(id_, what, n))


def bounds(shift: OwnShift, what: Count, policy: Policy) -> tuple[int, int]:
    """The least and the most that this number can be: no more comes back than was loaded (R8.3)."""
    if what is Count.BROUGHT_BACK and shift.parcels_start is not None:
        return 0, shift.parcels_start
    return max(1, shift.parcels_returned or 0), policy.parcels_most


def cant_be(shift: OwnShift, counts: tuple[Count, ...], policy: Policy, home: Button, reader: Reader) -> Screen:
    """The answer to a typed number that can't be right: what it can be, and the keypad. `counts`: what may be meant."""
    _ = reader.gettext
    place = f"{escape(shift.route)}, {escape(shift.warehouse)}"
    says = {
        Count.LOADED: _("From {least} to {most} can be loaded."),
        Count.BROUGHT_BACK: _("From {least} to {most} can come back."),
    }
    labels = {Count.LOADED: _("📦 Parcels loaded"), Count.BROUGHT_BACK: _("↩️ Parcels brought back")}
    lines = [place, _("<b>That number can't be right.</b>")]
    for what in counts:
        least, most = bounds(shift, what, policy)
        lines.append(says[what].format(least=least, most=most))
    keypads = tuple((Button(labels[what], Keypad(shift.assignment_id, what, 0)),) for what in counts)
    return Screen("\n".join([*lines, _("Write the number again.")]), (*keypads, (home,)))


def keypad(
    shift: OwnShift,
    what: Count,
    typed: int,
    most: int,
    home: Button,
    reader: Reader,
    who: str | None = None,
    keys: Keys | None = None,
) -> Screen:
    """Digits as buttons; nothing is written before ✓. `who`: whom a manager enters it for.

    `keys` None: the number is entered as it is.
    """
    _ = reader.gettext
    keys = keys or _keys_for(shift, what)

    def digit(n: int) -> Button:
        longer = typed * 10 + n
        return Button(str(n), keys.typed(longer if longer <= most else typed))

    rows: list[tuple[Button, ...]] = [tuple(digit(n) for n in range(first, first + 3)) for first in (1, 4, 7)]
    enter = Button(_("✓ {n}").format(n=typed), keys.entered(typed))
    rows.append((Button("⌫", keys.typed(typed // 10)), digit(0), enter))
    if what is Count.BROUGHT_BACK and typed == 0:
        rows.insert(0, (Button(_("All delivered: 0 brought back"), keys.entered(0)),))
    rows.append((home,))
    place = f"{escape(shift.route)}, {escape(shift.warehouse)}"
    return Screen(f"{place}\n{_asked(shift, what, reader, who)}\n\n<b>{typed}</b>", tuple(rows))


def _asked(shift: OwnShift, what: Count, reader: Reader, who: str | None) -> str:
    _, n = reader.gettext, shift.parcels_start or 0
    if who is None:
        text = (
            _("<b>How many parcels have you loaded?</b>")
            if what is Count.LOADED
            else reader.ngettext(
                "<b>Did you bring back the parcel, 0 or 1?</b>", "<b>How many of {n} parcels did you bring back?</b>", n
            )
        )
    else:
        text = (
            _("<b>How many parcels has {name} loaded?</b>")
            if what is Count.LOADED
            else reader.ngettext(
                "<b>Did {name} bring back the parcel, 0 or 1?</b>",
                "<b>How many of {n} parcels did {name} bring back?</b>",
                n,
            )
        )
    return text.format(n=n, name=escape(who or ""))


def which_number(shift: OwnShift, home: Button, reader: Reader) -> Screen:
    _ = reader.gettext
    loaded = _("📦 Loaded: {n}").format(n=shift.parcels_start)
    back = _("↩️ Brought back: {n}").format(n=shift.parcels_returned)
    buttons = (
        Button(loaded, Keypad(shift.assignment_id, Count.LOADED, 0)),
        Button(back, Keypad(shift.assignment_id, Count.BROUGHT_BACK, 0)),
    )
    return Screen(_("<b>Which number is wrong?</b>"), (buttons, (home,)))


def which_it_is(shift: OwnShift, parcels: int, fitting: tuple[Count, ...], home: Button, reader: Reader) -> Screen:
    """A bare number after the shift: which of its numbers it corrects. `fitting`: those that it could be."""
    _ = reader.gettext
    text = _(
        "<b>{route}, {warehouse}: what is {n}?</b>\n"
        "It stands at {loaded} loaded, {returned} brought back. Press what you want to correct."
    ).format(
        route=escape(shift.route),
        warehouse=escape(shift.warehouse),
        n=parcels,
        loaded=shift.parcels_start,
        returned=shift.parcels_returned,
    )
    labels = {Count.LOADED: _("📦 Loaded: {n}"), Count.BROUGHT_BACK: _("↩️ Brought back: {n}")}
    buttons = (
        Button(labels[count].format(n=parcels), EnterParcels(shift.assignment_id, count, parcels)) for count in fitting
    )
    return Screen(text, (tuple(buttons), (home,)))


def ask_why_corrected(parcels: int, most: int, back: Button, reader: Reader) -> Screen:
    """A manager's correction takes a reason (R8.4)."""
    text = reader.ngettext(
        "{n} parcel. Why? Write it now, in one message of at most {most} characters.",
        "{n} parcels. Why? Write it now, in one message of at most {most} characters.",
        parcels,
    )
    return Screen(text.format(n=parcels, most=most), ((back,),))
