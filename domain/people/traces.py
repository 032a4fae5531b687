"""What others were told of somebody by name, or have noted about him, without his name (R12.6).

A company has notices by the million, and no index knows the names in them. So they are looked for by what they are
about: by his shifts and whatever hangs on those, a few thousand rows; besides, among the few kinds that list several
people, and in what managers have written themselves.
"""

import json
import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models.words import UserRole
from domain.db.sql import sql
from domain.notices.kinds import Kind
from domain.people.naming import Instead

# Notices that name drivers and are not about any of a driver's own things: lists, and somebody's asking for a shift.
OF_SEVERAL: Final = (Kind.MISSING_LIST, Kind.HELD_LIST, Kind.GIVE_AWAY_ASKED, Kind.DIGEST)

# By the words of the audit log; whoever had his slots before or after him may have been told of him, too.
_THINGS = """
    WITH slots AS (
        SELECT slot.id FROM assignments his
        JOIN assignments slot ON slot.route_id = his.route_id AND slot.date = his.date
        WHERE his.user_id = :driver
        UNION SELECT g.assignment_id FROM give_away_asks asked JOIN give_aways g ON g.id = asked.give_away_id
        WHERE asked.user_id = :driver
    ), things (what, id) AS (
        SELECT 'user', CAST(:driver AS uuid)
        UNION SELECT what, slots.id FROM slots, unnest(ARRAY['assignment', 'shift', 'shift_review']) AS what
        UNION SELECT 'bid_window', w.id FROM slots CROSS JOIN LATERAL (
            SELECT w.id FROM bid_windows w WHERE w.assignment_id = slots.id OFFSET 0  -- looked up, each by itself
        ) AS w
        UNION SELECT 'give_away', g.id FROM slots JOIN give_aways g ON g.assignment_id = slots.id
        UNION SELECT 'bid', id FROM bids WHERE user_id = :driver
        UNION SELECT 'incident', id FROM incidents WHERE user_id = :driver
        UNION SELECT 'appeal', id FROM appeals WHERE user_id = :driver
        UNION SELECT 'hard_stop', id FROM hard_stops WHERE user_id = :driver
        UNION SELECT 'message', id FROM messages WHERE strpos(text, :name) > 0 OR strpos(sought, :name) > 0
    )
"""
_DELIVERIES = f"""
    {_THINGS}, told AS (
        SELECT d.id, d.notification_id FROM things CROSS JOIN LATERAL (
            SELECT d.id, d.notification_id FROM deliveries d WHERE d.about = things.id OFFSET 0
        ) AS d
        UNION SELECT d.id, d.notification_id FROM users manager JOIN deliveries d ON d.user_id = manager.id
        WHERE manager.role = '{UserRole.MANAGER}' AND d.kind IN ({", ".join(f"'{kind}'" for kind in OF_SEVERAL)})
    )
"""  # noqa: S608 - our own words
_GIVEN: Mapping[str, Any] = {"driver": Uuid(), "name": Text()}
_TOLD = sql(
    f"""
    {_DELIVERIES}
    SELECT n.id, n.title, n.body, n.data FROM notifications n
    WHERE n.id IN (SELECT notification_id FROM told)
      AND (strpos(n.title, :name) > 0 OR strpos(n.body, :name) > 0 OR strpos(n.data::text, :as_json) > 0)
    ORDER BY n.id FOR NO KEY UPDATE
    """,  # noqa: S608 - as above
    as_json=Text(),
    **_GIVEN,
)
_TELL = sql(
    """
    UPDATE notifications n SET title = new.title, body = new.body, data = new.data
    FROM unnest(CAST(:ids AS uuid[]), CAST(:titles AS text[]), CAST(:bodies AS text[]), CAST(:data AS jsonb[]))
        AS new (id, title, body, data)
    WHERE n.id = new.id
    """,
    ids=ARRAY(Uuid()),
    titles=ARRAY(Text()),
    bodies=ARRAY(Text()),
    data=ARRAY(JSONB()),
)
_TEXTED = sql(
    f"""
    {_DELIVERIES}
    SELECT sms.id, sms.body FROM sms_attempts sms
    WHERE sms.delivery_id IN (SELECT id FROM told) AND strpos(sms.body, :name) > 0
    ORDER BY sms.id FOR NO KEY UPDATE
    """,  # noqa: S608 - as above
    **_GIVEN,
)
_TEXT = sql(
    """
    UPDATE sms_attempts sms SET body = new.body
    FROM unnest(CAST(:ids AS uuid[]), CAST(:bodies AS text[])) AS new (id, body) WHERE sms.id = new.id
    """,
    ids=ARRAY(Uuid()),
    bodies=ARRAY(Text()),
)
_NOTED = sql(
    f"""
    {_THINGS}
    SELECT log.id, log.changes FROM audit_logs log
    WHERE (log.entity_type, log.entity_id) IN (SELECT what, id FROM things) AND strpos(log.changes::text, :as_json) > 0
    ORDER BY log.id FOR NO KEY UPDATE
    """,  # noqa: S608 - as above
    as_json=Text(),
    **_GIVEN,
)
_NOTE = sql(
    """
    UPDATE audit_logs log SET changes = new.changes
    FROM unnest(CAST(:ids AS uuid[]), CAST(:changes AS jsonb[])) AS new (id, changes) WHERE log.id = new.id
    """,
    ids=ARRAY(Uuid()),
    changes=ARRAY(JSONB()),
)
_WRITTEN = sql(
    """
    SELECT id, sought, text FROM messages WHERE strpos(text, :name) > 0 OR strpos(sought, :name) > 0
    ORDER BY id FOR NO KEY UPDATE
    """,
    name=Text(),
)
_WRITE = sql(
    """
    UPDATE messages m SET sought = new.sought, text = new.text
    FROM unnest(CAST(:ids AS uuid[]), CAST(:sought AS text[]), CAST(:texts AS text[])) AS new (id, sought, text)
    WHERE m.id = new.id
    """,
    ids=ARRAY(Uuid()),
    sought=ARRAY(Text()),
    texts=ARRAY(Text()),
)
# Whoever is called the same, or so with more names: his are left alone.
_CALLED_LIKE = sql(
    """
    SELECT first_name || ' ' || last_name FROM users
    WHERE id <> :driver AND strpos(first_name || ' ' || last_name, :name) > 0
    """,
    driver=Uuid(),
    name=Text(),
)


async def forget_name(
    session: AsyncSession, driver_id: uuid.UUID, name: str, phones: Collection[str], nobody: str
) -> None:
    """All that tells of this driver says `nobody` for his name and nothing for his numbers, and nothing else changes.

    Where somebody else is called the same, who is meant can't be known: then nothing is changed. The statements are
    constant in number.
    """
    like = set((await session.scalars(_CALLED_LIKE, {"driver": driver_id, "name": name})).all())
    if name in like:
        return
    instead = Instead({each: each for each in like} | {name: nobody} | {phone: "" for phone in phones if phone})
    given = {"driver": driver_id, "name": name}
    with_json = given | {"as_json": json.dumps(name, ensure_ascii=False)[1:-1]}
    if told := (await session.execute(_TOLD, with_json)).all():
        titles, bodies, data = _columns(instead, [row[1:] for row in told])
        ids = [row.id for row in told]
        await session.execute(_TELL, {"ids": ids, "titles": titles, "bodies": bodies, "data": data})
    if texted := (await session.execute(_TEXTED, given)).all():
        [bodies] = _columns(instead, [row[1:] for row in texted])
        await session.execute(_TEXT, {"ids": [row.id for row in texted], "bodies": bodies})
    if noted := (await session.execute(_NOTED, with_json)).all():
        [changes] = _columns(instead, [row[1:] for row in noted])
        await session.execute(_NOTE, {"ids": [row.id for row in noted], "changes": changes})
    if written := (await session.execute(_WRITTEN, {"name": name})).all():  # last: by them their notices are found
        sought, texts = _columns(instead, [row[1:] for row in written])
        await session.execute(_WRITE, {"ids": [row.id for row in written], "sought": sought, "texts": texts})


def _columns(instead: Instead, rows: Sequence[Any]) -> list[list[Any]]:
    return [[instead.within(value) for value in column] for column in zip(*rows, strict=True)]
