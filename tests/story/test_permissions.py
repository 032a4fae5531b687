"""R12.3, R12.4: every command and every button, pressed by who may not: nothing is changed, and nothing is learnt."""

import dataclasses
import itertools
import re
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import insert, select, update

from bot import callbacks, conversations
from bot.callbacks.callback import Callback
from bot.conversations import Step
from bot.receiving import Outcome
from bot.run import Rollcall, core
from bot.settings import MadeSettings
from domain.coverage.opening import Opened, open_emergency
from domain.db.models import (
    Assignment,
    BidWindow,
    ChatLink,
    Employment,
    GiveAway,
    Incident,
    Notification,
    Route,
    TimeOff,
    User,
    Warehouse,
    WarehouseGroup,
    WarehouseManager,
    WindowAsk,
)
from domain.db.models.words import AssignmentStatus, UserRole
from domain.people.owning import name_owners
from domain.people.queries import person
from domain.policy import Policy
from sandbox.clock import SandboxClock
from sandbox.demo import mid_week
from sandbox.fleet import Phone
from sandbox.server import Running, create_app, running
from tests.domain.world import SAY, contents

POLICY = Policy()
GROUP = -4001
NOW = mid_week(datetime.now(UTC), POLICY)
TODAY = NOW.date()

# What is offered to more than one: whoever is free may take it.
OFFERED = {
    *("Accept", "AcceptAtHome", "PlaceBid", "WithdrawBid", "OpenShift", "NotToday"),
    *("SeeGiven", "TakeOver", "NotThatDay", "NotAfterAll"),
}
# Of his own chat, whatever comes: what was seen, said and shown there.
HIS_CHAT = {"seen_updates", "deliveries", "last_heard", "pace", "heartbeats", "boards", "coverage_maps"}
MANAGERS = {
    *("shifts", "reviews", "appeals", "unfilled", "emergency", "fill", "roster", "windows", "message", "away", "close"),
    *("routes", "warehouses", "managers", "invite", "driver", "drivers", "audit", "report", "coverage"),
    *("connect", "disconnect"),
}
DRIVERS = {"schedule", "confirm", "open", "health", "why", "preferences", "calendar"}
ALL = {"start", "today", "home", "help", "inbox", "settings", "privacy"}


def buttons() -> Iterator[type[Callback]]:
    for module in callbacks.__all__:
        for found in vars(getattr(callbacks, module)).values():
            if isinstance(found, type) and issubclass(found, Callback) and hasattr(found, "word"):
                yield found


@dataclass
class Company:
    """The demo's, without its workers: updates are brought by hand, and what is answered is read."""

    sandbox: Running
    rollcall: Rollcall
    phones: list[Phone]
    ids: dict[str, list[uuid.UUID]]
    concerned: set[uuid.UUID]  # whose they are
    secrets: set[str]  # of North: who drives there, and which routes there are
    _updates: "itertools.count[int]" = dataclasses.field(default_factory=lambda: itertools.count(1))

    async def says(self, chat_id: int, what: dict[str, Any], *, group: bool = False) -> list[str]:
        """All that he is answered: by a toast, and by messages new or edited; or what the group is, where he asks."""
        self.sandbox.network.requests.clear()
        user = {"id": chat_id, "is_bot": False, "first_name": "Who", "language_code": "en"}
        chat = {"id": chat_id, "type": "private", "first_name": "Who"}
        if group:
            chat = {"id": GROUP, "type": "group", "title": "North crew"}
        written = {"message_id": 1, "date": int(NOW.timestamp()), "chat": chat, "from": user}
        body: dict[str, Any] = {"update_id": next(self._updates)}
        if "data" in what:
            query = {"id": str(body["update_id"]), "chat_instance": "1", "from": user, "message": written}
            body["callback_query"] = query | what
        else:
            command = [{"type": "bot_command", "offset": 0, "length": len(what["text"].split()[0])}]
            body["message"] = written | what | {"entities": command if what["text"].startswith("/") else []}
        receipt = await self.rollcall.receiver.receive_json(body)
        assert receipt.outcome is Outcome.DONE, what
        await receipt.send_replies()
        sent = self.sandbox.network.requests.view()
        if group:
            return [text for each in sent if each["chat"] == "north-crew" for text in shown(each["params"])]
        return [receipt.toast.text or "", *(text for request in sent for text in shown(request["params"]))]

    def chat_of(self, name: str) -> int:
        """A linked person's chat."""
        [found] = [phone.telegram_id for phone in self.phones if phone.name == name]
        assert found is not None
        return found

    async def chat_of_driver(self, warehouse: str) -> int:
        """Of somebody who drives there, whom none of the ids is about, and who was asked for nothing."""
        async with self.rollcall.edge.sessions() as session:
            found = await session.scalars(
                select(ChatLink.chat_id)
                .join(Employment, Employment.user_id == ChatLink.user_id)
                .join(Warehouse, Warehouse.id == Employment.warehouse_id)
                .join(User, User.id == ChatLink.user_id)
                .where(Warehouse.name == warehouse, User.role == UserRole.DRIVER, ChatLink.unreachable_at.is_(None))
                .where(ChatLink.user_id.not_in(self.concerned), ChatLink.user_id.not_in(select(WindowAsk.user_id)))
                .order_by(ChatLink.chat_id)
            )
            return next(iter(found))

    async def numbers_but(self, chat_id: int) -> set[str]:
        """Everybody else's."""
        async with self.rollcall.edge.sessions() as session:
            his = select(ChatLink.user_id).where(ChatLink.chat_id == chat_id).scalar_subquery()
            return set(await session.scalars(select(User.phone).where(User.id != his)))

    async def business(self) -> dict[str, list[str]]:
        async with self.rollcall.edge.sessions() as session:
            found = await contents(session)
        return {table: rows for table, rows in found.items() if table not in HIS_CHAT}


def shown(said: Any) -> Iterator[str]:
    """Whatever of a request people read: its texts, and those of its buttons."""
    match said:
        case dict():
            for key, value in said.items():
                if key in ("text", "caption") and isinstance(value, str):
                    yield value
                else:
                    yield from shown(value)
        case list():
            for each in said:
                yield from shown(each)


@pytest.fixture
async def company(database_url: str, settled_fleet: tuple[str, list[Phone]], unpaced: None) -> AsyncIterator[Company]:
    clock, phones = SandboxClock(NOW, running=False), settled_fleet[1]
    async with running(create_app(clock, limits=None)) as sandbox:
        for phone in phones:
            sandbox.network.people.add_from(phone.person())
        stranger = sandbox.network.people.add_from(STRANGER.person())
        crew = {"title": "North crew", "members": [stranger.id]}
        sandbox.network.telegram.groups.add_from(crew, sandbox.network.people).bot = "member"
        chosen = MadeSettings.model_validate(
            {
                "database_url": SecretStr(database_url),
                "telegram_bot_token": SecretStr(sandbox.settings.token),
                "telegram_api_url": sandbox.url,
                "public_url": "https://rollcall.invalid",
            }
        )
        async with core(chosen, clock.now) as rollcall:
            yield Company(sandbox, rollcall, phones, *await norths(rollcall))


STRANGER = Phone("Zoe Park", "", "driver", "+14165559999", "en", 999_999, True, False)


async def norths(rollcall: Rollcall) -> tuple[dict[str, list[uuid.UUID]], set[uuid.UUID], set[str]]:
    """What buttons can be about, all of it of North; and what nobody elsewhere is to read."""
    async with rollcall.edge.sessions.begin() as session:
        [north] = await session.scalars(select(Warehouse.id).where(Warehouse.name == "North"))
        here = select(Assignment.id).where(Assignment.warehouse_id == north)
        managers = select(WarehouseManager.user_id).where(WarehouseManager.warehouse_id == north)
        [nadia, *others] = await session.scalars(managers.order_by(WarehouseManager.user_id))
        drivers = list(
            await session.scalars(
                select(Employment.user_id)
                .join(User, User.id == Employment.user_id)
                .where(Employment.warehouse_id == north, User.role == UserRole.DRIVER)
            )
        )
        manager = await person(session, nadia)
        assert manager is not None
        [unfilled] = await session.scalars(
            here.where(Assignment.on == TODAY, Assignment.status == AssignmentStatus.UNFILLED).limit(1)
        )
        opened = await open_emergency(session, manager, unfilled, 20, None, SAY, POLICY, NOW)
        assert isinstance(opened, Opened)
        held = here.where(Assignment.user_id.in_(drivers[1:]))
        [coming] = await session.scalars(
            held.where(Assignment.on > TODAY, Assignment.status == AssignmentStatus.SCHEDULED).limit(1)
        )
        [driven] = await session.scalars(held.where(Assignment.status == AssignmentStatus.COMPLETED).limit(1))
        whose = select(Assignment.user_id).where(Assignment.id == coming).scalar_subquery()
        incident = {"assignment_id": driven, "kind": "no_show", "occurred_at": NOW - timedelta(days=1)}
        of_driven = select(Assignment.user_id).where(Assignment.id == driven).scalar_subquery()
        made = {
            "incident": insert(Incident).values(user_id=of_driven, **incident).returning(Incident.id),
            "given": insert(GiveAway)
            .values(assignment_id=coming, giver_id=whose, offered_at=NOW, token_hash=b"x" * 32)
            .returning(GiveAway.id),
            "group": insert(WarehouseGroup)
            .values(warehouse_id=north, chat_id=GROUP, title="Crew", language="en", connected_by=nadia)
            .values(connected_at=NOW)
            .returning(WarehouseGroup.id),
            "off": insert(TimeOff)
            .values(user_id=whose, starts_on=TODAY + timedelta(days=9), ends_on=TODAY + timedelta(days=9), kind="sick")
            .returning(TimeOff.id),
        }
        new = {name: (await session.scalars(statement)).one() for name, statement in made.items()}
        concerned = {
            drivers[1],
            *await session.scalars(select(Assignment.user_id).where(Assignment.id.in_([coming, driven]))),
        }
        window = list(await session.scalars(select(BidWindow.id).where(BidWindow.assignment_id.in_(here))))
        route = list(await session.scalars(select(Route.id).where(Route.warehouse_id == north).limit(2)))
        told = list(await session.scalars(select(Notification.id).where(Notification.user_id == nadia).limit(1)))
        hidden = set(await session.scalars(select(Route.name).where(Route.warehouse_id == north)))
        names = await session.execute(select(User.last_name, User.phone).where(User.id.in_([*drivers, nadia, *others])))
        hidden |= {each for row in names for each in row}
        elsewhere = await session.execute(
            select(User.last_name, User.phone).where(User.id.not_in([*drivers, nadia, *others]))
        )
        hidden -= {each for row in elsewhere for each in row}
        hidden -= set(await session.scalars(select(Route.name).where(Route.warehouse_id != north)))
    ids = {
        "assignment_id": [unfilled, coming, driven],
        "window_id": window,
        "warehouse_id": [north],
        "place_id": [north, *route],
        "route_id": route,
        "user_id": [drivers[1], nadia],
        "incident_id": [new["incident"]],
        "about": [new["incident"]],
        "give_away_id": [new["given"]],
        "off_id": [new["off"]],
        "notification_id": told,
        "group_id": [new["group"]],
    }
    return ids, concerned, hidden


def about_nothing(button: type[Callback]) -> Callback:
    """The button, about what there is not."""
    return next(_presses({}, button))


def presses(company: Company, button: type[Callback]) -> Iterator[Callback]:
    """The button, about whatever of North's it can be about; where nothing is known of that kind, about nothing."""
    return _presses(company.ids, button)


def _presses(ids: dict[str, list[uuid.UUID]], button: type[Callback]) -> Iterator[Callback]:
    fields = dataclasses.fields(button)
    kinds = [field for field in fields if "UUID" in str(field.type)]
    days = {"day", "first", "last", "monday"}
    numbers = {f.name: TODAY.toordinal() + 1 if f.name in days else 1 for f in fields if f not in kinds}
    of = [ids.get(field.name) or [uuid.uuid4()] for field in kinds]
    for chosen in itertools.product(*of):
        yield button(**numbers, **{field.name: id_ for field, id_ in zip(kinds, chosen, strict=True)})


def any_of(words: set[str]) -> re.Pattern[str]:
    return re.compile("|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in sorted(words)))


def changed(before: dict[str, list[str]], after: dict[str, list[str]]) -> dict[str, set[str]]:
    tables = before.keys() | after.keys()
    differ = {table: set(before.get(table, ())) ^ set(after.get(table, ())) for table in tables}
    return {table: rows for table, rows in differ.items() if rows}


@pytest.mark.parametrize("who", ["a manager of another warehouse", "a driver of another warehouse", "nobody"])
async def test_r12_3_who_is_not_of_the_warehouse_changes_nothing_and_learns_nothing(company: Company, who: str) -> None:
    """Whatever button he forges, about whatever there is; who is nobody here, also those that are about nothing."""
    chat_id = {
        "a manager of another warehouse": company.chat_of("Marc-André Gagnon"),
        "a driver of another warehouse": await company.chat_of_driver("South"),
        "nobody": STRANGER.telegram_id,
    }[who]
    assert chat_id is not None
    before, secrets = await company.business(), any_of(company.secrets)
    for button in buttons():
        for pressed in presses(company, button) if who == "nobody" or is_about_something(button) else ():
            said = "\n".join(await company.says(chat_id, {"data": pressed.pack()}))
            assert not secrets.findall(said), (pressed, said)
    assert changed(before, await company.business()) == {}


async def test_r12_5a_whatever_its_manager_may_an_owner_may_too(company: Company) -> None:
    """He manages another warehouse. What isn't there for its manager is answered like what is nowhere at all."""
    owner, manager = company.chat_of("Marc-André Gagnon"), company.chat_of("Élise Fortin")
    async with company.rollcall.edge.sessions.begin() as session:
        [phone] = [each.number for each in company.phones if each.telegram_id == owner]
        assert await name_owners(session, [phone], NOW) == []
    may: dict[str, set[int]] = {}
    for button in buttons():
        nowhere = {chat: await company.says(chat, {"data": about_nothing(button).pack()}) for chat in (owner, manager)}
        for pressed in presses(company, button) if is_about_something(button) else ():
            for chat in (owner, manager):  # what he does has been done when the manager comes
                if await company.says(chat, {"data": pressed.pack()}) != nowhere[chat]:
                    may.setdefault(button.__name__, set()).add(chat)
    assert [name for name, who in may.items() if manager in who and owner not in who] == []
    assert {"Slot", "Emergency", "WindowCard", "DriverCard", "Rename"} <= {
        name for name, who in may.items() if owner in who
    }


@pytest.mark.parametrize("flagged", [False, True])
async def test_r12_3_a_colleague_changes_nothing_that_is_not_offered_to_him(company: Company, flagged: bool) -> None:
    """Neither what is a manager's, nor what is another driver's; and no number of anybody's is told him."""
    chat_id = await company.chat_of_driver("North")
    async with company.rollcall.edge.sessions.begin() as session:
        his = select(ChatLink.user_id).where(ChatLink.chat_id == chat_id).scalar_subquery()
        await session.execute(update(User).where(User.id == his).values(is_flagged=flagged))
    before, secrets = await company.business(), any_of(await company.numbers_but(chat_id))
    for button in buttons():
        if button.__name__ in OFFERED or not is_about_something(button):
            continue
        for pressed in presses(company, button):
            said = "\n".join(await company.says(chat_id, {"data": pressed.pack()}))
            assert not secrets.findall(said), (pressed, said)
    assert changed(before, await company.business()) == {}


async def test_r12_3_every_command_is_for_somebody_and_the_others_are_told_so(company: Company) -> None:
    """A manager drives nothing, a driver manages nothing, and who is nobody is asked for his link."""
    known = {name for handler in company.rollcall.app.handlers[0] for name in getattr(handler, "commands", ())}
    assert known == MANAGERS | DRIVERS | ALL
    driver, nadia = await company.chat_of_driver("North"), company.chat_of("Élise Fortin")
    before, secrets = await company.business(), any_of(company.secrets)
    for name in sorted(known):
        to_driver, to_manager, to_nobody = [
            "\n".join(await company.says(chat_id, {"text": f"/{name}"}))
            for chat_id in (driver, nadia, STRANGER.telegram_id or 0)
        ]
        assert ("for managers" in to_driver or "pour les gestionnaires" in to_driver) == (name in MANAGERS), to_driver
        assert ("for drivers" in to_manager or "pour les chauffeurs" in to_manager) == (name in DRIVERS), to_manager
        assert not secrets.findall(to_nobody), to_nobody
        assert to_nobody and "link" in to_nobody, to_nobody
    assert changed(before, await company.business()) == {}


@pytest.mark.parametrize("who", ["a manager of another warehouse", "a colleague", "nobody", "its manager"])
async def test_r12_3_in_a_group_nothing_is_done_and_nothing_read_whoever_presses_or_asks(
    company: Company, who: str
) -> None:
    """Nobody's phone, score, or last name; neither by its own buttons nor by others that somebody forges there."""
    chat_id = {
        "a manager of another warehouse": company.chat_of("Marc-André Gagnon"),
        "a colleague": await company.chat_of_driver("North"),
        "nobody": STRANGER.telegram_id,
        "its manager": company.chat_of("Élise Fortin"),
    }[who]
    assert chat_id is not None
    before, secrets = await company.business(), any_of(company.secrets)
    for button in buttons():
        for pressed in presses(company, button) if is_about_something(button) else ():
            said = "\n".join(await company.says(chat_id, {"data": pressed.pack()}, group=True))
            assert not secrets.findall(said), (pressed, said)
    for name in sorted((MANAGERS | DRIVERS | ALL) - {"connect", "disconnect"}):
        said = "\n".join(await company.says(chat_id, {"text": f"/{name}"}, group=True))
        assert not secrets.findall(said) and len(said.splitlines()) <= 2, (name, said)
    assert changed(before, await company.business()) == {}


# What a step may be about, and a good answer to it; `week` and the like are nobody's.
STEPS: dict[Step, tuple[tuple[str, ...], str]] = {
    Step.CANCEL_NOTE: (("assignment_id",), "I am sorry"),
    Step.ROUTE_NAME: (("warehouse_id",), "R99"),
    Step.CORRECTION: (("assignment_id",), "He called"),
    Step.REFUSED_REVIEW: (("assignment_id",), "Not so"),
    Step.APPEAL: (("about",), "It was not me"),
    Step.APPEAL_ANSWER: (("appeal_id",), "It counts"),
    Step.POOL_DECISION: (("driver_id",), "Well done"),
    Step.CAP_CHOSEN: (("user_id",), "He asked for it"),
    Step.UNFLAG: (("user_id",), "A mistake"),
    Step.EXCUSE: (("incident_id",), "A flat tyre"),
    Step.MESSAGE_TEXT: (("user_id",), "Hello"),
    Step.OVER_CAP: (("assignment_id", "user_id"), "Nobody else"),
    Step.BROADCAST_TEXT: (("warehouse_id",), "Hello all"),
    Step.ILL_UNTIL: ((), "tomorrow"),
    Step.OFF_FROM: (("user_id",), "tomorrow"),
    Step.OFF_UNTIL: (("user_id",), "tomorrow"),
    Step.LAST_DAY: (("user_id",), "tomorrow"),
    Step.ROUTE_WANTED: (("user_id",), "R12"),
    Step.INVITE: ((), "Zed Zeddy 416 555 0177"),
    Step.HIS_NUMBER: (("user_id",), "416 555 0177"),
    Step.NEW_MANAGER: (("warehouse_id",), "Zed Zeddy 416 555 0177"),
    Step.PLACE_NAME: (("place_id",), "Elsewhere"),
    Step.WAREHOUSE_NAME: ((), "Elsewhere"),
    Step.WAREHOUSE_ADDRESS: (("warehouse_id",), "12 King St W, Toronto"),
    Step.SUPPOSED_DRIVER: ((), "Nobody"),
    Step.SUPPOSING: ((), "R99"),
}


@pytest.mark.parametrize("who", ["a manager of another warehouse", "a colleague"])
async def test_r12_3_no_step_of_a_conversation_goes_further_than_who_answers_may(company: Company, who: str) -> None:
    """He was asked, be it that he managed the warehouse then: what he answers now changes nothing there."""
    assert STEPS.keys() == set(Step)
    is_manager = who != "a colleague"
    chat_id = company.chat_of("Marc-André Gagnon") if is_manager else await company.chat_of_driver("North")
    numbers = {"kind": 1, "what": 1, "parcels": 1, "granted": True, "reinstates": True, "cap": 3, "reason": "other"}
    days: dict[str, Any] = {"first": TODAY.isoformat(), "week": TODAY.isoformat()}
    days |= {"driver_id": str(company.ids["user_id"][0]), "days": [1, 2], "routes": [], "any_home_route": True}
    secrets = any_of(company.secrets if is_manager else await company.numbers_but(chat_id))
    ids = company.ids | {"driver_id": company.ids["user_id"]}
    before = await company.business()
    for step, (about, answer) in STEPS.items():
        for chosen in itertools.product(*(ids.get(name) or [uuid.uuid4()] for name in about)):
            data = numbers | days | {name: str(id_) for name, id_ in zip(about, chosen, strict=True)}
            async with company.rollcall.edge.sessions.begin() as session:
                his = await session.scalar(select(ChatLink.user_id).where(ChatLink.chat_id == chat_id))
                assert his is not None
                await conversations.ask(session, his, step, data, NOW)
            said = "\n".join(await company.says(chat_id, {"text": answer}))
            assert not secrets.findall(said), (step, said)
    differ = changed(before, await company.business())
    differ.pop("conversations", None)
    assert differ == {}


def is_about_something(button: type[Callback]) -> bool:
    return any("UUID" in str(field.type) for field in dataclasses.fields(button))
