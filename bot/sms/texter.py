"""Who texts what, in the one transaction of his SMS."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.acting import Edge
from bot.reader import Reader, language_of
from bot.sms.words import Texted
from domain.db.models.words import UserRole
from domain.notices.codes import Meant
from domain.people.queries import Person


@dataclass(frozen=True, slots=True)
class Incoming:
    """An SMS as Twilio brings it. `phone` is its sender's, in E.164; `opt_out_type` what Twilio has done by itself."""

    sid: str
    phone: str
    body: str
    opt_out_type: str | None = None


@dataclass(slots=True)
class Texting:
    """The open transaction, and who texts what in it. `people` share the phone; a code tells which of them it is.

    Without one nobody knows, so nobody counts as heard (R11.2): another's urgent message would seem to be answered.
    """

    session: AsyncSession
    edge: Edge
    now: datetime
    incoming: Incoming
    texted: Texted
    people: Sequence[Person]
    meant: Meant | None

    @property
    def company(self) -> str:
        return self.edge.settings.company_name

    @property
    def reader(self) -> Reader:
        return reader_of(self.people, self.texted.language, self.edge)

    @property
    def drives(self) -> bool:
        return any(person.role is UserRole.DRIVER for person in self.people)

    @property
    def named(self) -> Person | None:
        """Whose the code is."""
        return next((person for person in self.people if self.meant and person.id == self.meant.user_id), None)


def reader_of(those: Sequence[Person], word_of: str | None, edge: Edge) -> Reader:
    """The language that one of them has chosen; else that of what was texted."""
    chosen = next((person.language for person in those if person.language), None)
    return Reader(language_of(chosen or word_of), edge.policy.zone)
