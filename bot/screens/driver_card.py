"""The card of a driver, as a manager sees him (R12.3): who he is, how he stands, what is ahead, what can be done."""

from bot.callbacks.absences import BackEarly, OffKinds
from bot.callbacks.arrivals import Driven
from bot.callbacks.drivers import HisLanguage, LastDays, StaysOn
from bot.callbacks.his_standing import Drivers
from bot.callbacks.inviting import AskNumber, InviteAgain
from bot.callbacks.preferences import PreferencesOf
from bot.callbacks.privacy import ForgetDriver
from bot.reader import Reader
from bot.screens import his_standing, history
from bot.screens.absences import kind
from bot.screens.home import home_button
from bot.screens.screen import Button, Screen, escape, shortened
from bot.screens.settings import NAMES, listed
from domain.health.his_standing import HisStanding
from domain.history.queries import Subject
from domain.people import drivers
from domain.policy import Policy

Row = tuple[Button, ...]


def card(standing: HisStanding, policy: Policy, reader: Reader, done: str = "") -> Screen:
    """`done`: what has just been done about him, above all."""
    _ = reader.gettext
    facts = standing.card
    phone = ["📞 " + escape(facts.phone)] if facts.phone else []
    lines = [f"👤 <b>{escape(facts.name)}</b>", *phone, _language(facts, reader)]
    lines.append(_homes(facts, reader))
    if facts.until is not None:
        lines.append(_("🚪 Employed until {day}").format(day=reader.day(facts.until)))
    for off in facts.off:
        text = _("🌴 Off on {first}: {kind}") if off.first == off.last else _("🌴 Off from {first} to {last}: {kind}")
        lines.append(
            text.format(first=reader.day(off.first), last=reader.day(off.last), kind=escape(kind(off.kind, reader)))
        )
    lines += ["", *his_standing.lines(standing, policy, reader), ""]
    if not facts.shifts:
        lines.append(_("No shifts ahead in your warehouses."))
    elif facts.more:
        more = reader.ngettext("… and {n} more shift", "… and {n} more shifts", facts.more)
        lines.append(more.format(n=facts.more))
    rows = his_standing.decisions(standing, reader)
    rows += [(Button(_shift(shift, reader), Driven(shift.assignment_id)),) for shift in facts.shifts]
    rows += his_standing.more(standing, reader)
    if facts.own:
        rows += _acts(facts, reader)
    if facts.recorded and not facts.homes and not facts.anonymous:
        rows.append((Button(_("🧹 Remove personal data…"), ForgetDriver(facts.id)),))
    rows.append((history.button(Subject.DRIVER, facts.id, reader),))
    rows.append((Button(_("👥 All drivers"), Drivers(0)), home_button(reader)))
    text = "\n".join(lines).strip()
    return Screen(f"{escape(done)}\n\n{text}" if done else text, tuple(rows))


def _language(facts: drivers.DriverCard, reader: Reader) -> str:
    _ = reader.gettext
    language = NAMES[facts.language] if facts.language in NAMES else _("language not chosen yet")
    return f"💬 {language}, " + (_("has Telegram") if facts.linked else _("only SMS"))


def _homes(facts: drivers.DriverCard, reader: Reader) -> str:
    _ = reader.gettext
    if not facts.recorded:
        return _("🏠 No home warehouse recorded: all of them")
    if not facts.homes:
        return _("🏠 No home warehouse any more")
    homes = sorted({name for name, _employed in facts.homes})
    return "🏠 " + listed(homes, reader)


def _shift(shift: drivers.Next, reader: Reader) -> str:
    mark = "✓" if shift.confirmed else "❔"
    where = f"{shortened(shift.route, 20)}, {shortened(shift.warehouse, 20)}"
    return f"{mark} " + reader.said(reader.day(shift.on), where)


def _acts(facts: drivers.DriverCard, reader: Reader) -> list[Row]:
    """What he may do for him."""
    _ = reader.gettext
    rows: list[Row] = [
        (Button(_("💪 Back early from {day}").format(day=reader.day(off.first)), BackEarly(facts.id, off.id)),)
        for off in facts.off
    ]
    rows.append((Button(_("🌴 Time off…"), OffKinds(facts.id)), Button(_("💬 Language…"), HisLanguage(facts.id))))
    rows.append(
        (Button(_("🧭 Preferences"), PreferencesOf(facts.id)), Button(_("🔗 Invite link"), InviteAgain(facts.id)))
    )
    rows.append((Button(_("📞 Another number"), AskNumber(facts.id)),))
    leaves = Button(_("🚪 Leaves the company…"), LastDays(facts.id, 0))
    if facts.leaving:
        rows.append((Button(_("↩️ Stays after all"), StaysOn(facts.id)), leaves))
    else:
        rows.append((leaves,))
    return rows
