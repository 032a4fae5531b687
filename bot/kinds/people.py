"""What people write to each other, how they are reached, and what those who run Rollcall are told."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bot.kinds.kind import Kind, Kinds, about
from bot.screens import absences as absence_screens
from bot.screens import broadcasts as broadcast_screens
from bot.screens import messages as message_screens
from bot.screens import notices as screens
from bot.screens import texts
from domain.notices import kinds as names
from domain.notices import queries as notices
from domain.notices import standings
from domain.notices.broadcasts import received_of_many
from domain.notices.facts.people import Written
from domain.notices.received import received
from domain.notices.spreading import Spread, spread
from domain.notices.standings import Sending
from domain.people import queries
from domain.policy import Policy

BY_MANAGER = (names.Kind.TIME_OFF, names.Kind.TIME_OFF_ENDED, names.Kind.LEAVING, names.Kind.STAYING)


def _by_manager(kind: names.Kind, company: str) -> Kind:
    """What a manager has entered for a driver, as it was told."""
    return Kind(
        about(lambda session, user_id, id_, _now: notices.told(session, user_id, kind, id_)),
        absence_screens.told,
        sms=lambda facts, reader, _code, _behind: texts.by_manager(facts, company, reader),
    )


def kinds(policy: Policy, company: str) -> Kinds:
    async def of_author(session: AsyncSession, user_id: UUID, id_: UUID, now: datetime) -> Sending | Spread | None:
        many = await spread(session, user_id, id_, now)
        return many or await standings.sending(session, user_id, id_, policy, now)

    return {
        names.Kind.MESSAGE: Kind(about(of_author), broadcast_screens.author_card),
        names.Kind.MANUAL: Kind(
            about(lambda session, user_id, id_, _now: received(session, user_id, id_)),
            message_screens.received,
            has_point=lambda facts, _now: facts.has_point,
            sms=lambda facts, reader, _code, behind: texts.written(
                Written(facts.author, facts.text), facts.linked, company, reader, behind
            ),
        ),
        names.Kind.BROADCAST: Kind(
            about(lambda session, user_id, id_, _now: received_of_many(session, user_id, id_)),
            message_screens.received,
            has_point=lambda facts, _now: facts.has_point,
            sms=lambda facts, reader, _code, behind: texts.written(
                Written(facts.author, facts.text), facts.linked, company, reader, behind
            ),
        ),
        names.Kind.FALLBACK_GONE: Kind(
            about(lambda session, _user_id, id_, _now: queries.fallback(session, id_)),
            screens.fallback_gone,
            has_point=lambda facts, _now: facts.gone,
            sms=lambda facts, reader, _code, _behind: texts.fallback_gone(facts, company, reader),
        ),
        names.Kind.ALERT: Kind(
            about(lambda session, user_id, id_, _now: notices.told(session, user_id, names.Kind.ALERT, id_)),
            screens.alert,
            sms=lambda facts, reader, _code, behind: texts.alert(facts, company, reader, behind),
        ),
        **{kind: _by_manager(kind, company) for kind in BY_MANAGER},
    }
