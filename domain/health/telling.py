"""Whoever's flag or cap has changed is told, and managers of whom they must help (R9.2, R9.3)."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from domain.health.rules import Turn, Turned, back_after
from domain.notices.actions import Envelope
from domain.notices.facts import standing
from domain.notices.facts.standing import CapChanged, Flagged, FlagStuck, Unflagged
from domain.notices.kinds import Kind
from domain.notices.mailing import Letter, tell_each
from domain.notices.wording import Notice, Wording
from domain.people.queries import managers_of_drivers
from domain.policy import Policy
from domain.time import local_day


async def tell_turns(
    session: AsyncSession, turned: Sequence[Turned], say: Wording, policy: Policy, now: datetime
) -> None:
    """One message for each driver: that his cap has changed with his flag is said in the same."""
    letters: dict[Kind, list[Letter]] = {Kind.FLAGGED: [], Kind.UNFLAGGED: [], Kind.CAP: []}
    for each in turned:
        if (told := _of(each, policy, now)) is not None:
            kind, notice, about = told
            envelope = Envelope(kind, about, occasion=None if kind is Kind.FLAGGED else now)
            letters[kind].append(Letter(each.driver.facts.id, each.driver.language, notice, envelope))
    for some in letters.values():
        await tell_each(session, some, say, now)
    await _put(session, [each for each in turned if each.judged.put], say, policy, now)


def _of(turned: Turned, policy: Policy, now: datetime) -> tuple[Kind, Notice, uuid.UUID] | None:
    facts, judged = turned.driver.facts, turned.judged
    before, after = facts.cap.weekly(policy), judged.cap.weekly(policy)
    about = turned.flag_id or facts.id
    if judged.turn is Turn.FLAGGED:
        cut_on, recent = local_day(now + policy.cut_after, policy), facts.recent
        days, more = policy.flag_within.days, back_after(recent, policy)
        return Kind.FLAGGED, Flagged(recent.due, recent.completed, days, more, cut_on), about
    if judged.turn is Turn.RECOVERED:
        return Kind.UNFLAGGED, Unflagged(after), about
    if before == after:
        return None
    if judged.cap.cut != facts.cap.cut:
        why = standing.CAP_CUT if judged.cap.cut else standing.CAP_RESTORED
    else:
        why = standing.CAP_REWARDED if judged.cap.rewarded else standing.CAP_NORMAL
    return Kind.CAP, CapChanged(after, why), facts.id


async def _put(session: AsyncSession, turned: Sequence[Turned], say: Wording, policy: Policy, now: datetime) -> None:
    """He can't recover by himself: to the managers of his home warehouses (R9.3)."""
    if not turned:
        return
    stuck = {each.driver.facts.id: each for each in turned}
    letters = []
    for driver_id, manager_id, language in await managers_of_drivers(session, list(stuck), local_day(now, policy), now):
        each = stuck[driver_id]
        facts = each.driver.facts
        assert facts.episode is not None, "it is a flag that is put before them"
        since = local_day(facts.episode.flagged_at, policy)
        notice = FlagStuck(driver_id, each.driver.name, facts.recent.due, facts.recent.completed, since)
        letters.append(Letter(manager_id, language, notice, Envelope(Kind.FLAG_STUCK, driver_id, occasion=now)))
    await tell_each(session, letters, say, now)
