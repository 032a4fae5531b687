"""What this process answers at once to the update that it has in hand; what it can't is left to the workers."""

from bot.delivery import pace, queue, telegram
from bot.delivery.carrying import Remove, carry, screen_for, settle
from bot.delivery.claims import Claimed
from bot.delivery.mail import Mail
from bot.delivery.steps import Halted, MessageGone, Outcome, Unreachable
from bot.screens.screen import Screen


async def carry_reply(mail: Mail, claimed: Claimed) -> Outcome | None:
    """The first attempt of a reply that `track` wrote, after the commit. None: a worker brings it in its turn.

    A message that is to be edited and is gone is sent anew: whoever pressed or asked gets an answer. A press about
    nothing that there is leaves the message as it was.
    """
    assert claimed.chat_id is not None
    if not await mail.pace.turn(claimed.chat_id):
        await queue.release(mail.db, claimed)
        return None
    outcome = await _shown(mail, claimed, await screen_for(mail, claimed))
    await settle(mail, claimed, outcome)
    return outcome


async def _shown(mail: Mail, claimed: Claimed, content: Screen | Remove | Outcome) -> Outcome:
    assert claimed.chat_id is not None
    if isinstance(content, Remove):
        return MessageGone("it would show nothing")
    if not isinstance(content, Screen):
        return content
    outcome = await carry(mail, claimed, content)
    if isinstance(outcome, MessageGone) and await mail.pace.turn(claimed.chat_id):
        return await telegram.send(mail.bot, claimed.chat_id, content)
    return outcome


async def say(mail: Mail, chat_id: int, message_id: int | None, screen: Screen) -> Outcome | None:
    """Shows what needs no keeping: in place of a message, or as a new one. Tried once; None: there was no turn."""
    if not await mail.pace.turn(chat_id):
        return None
    if message_id is None:
        outcome = await telegram.send(mail.bot, chat_id, screen)
    else:
        outcome = await telegram.edit(mail.bot, chat_id, message_id, screen)
    match outcome:
        case Halted(retry_after=retry_after):
            await mail.pace.halt(pace.TELEGRAM, retry_after)
        case Unreachable():
            await queue.mark_unreachable(mail.db, chat_id, mail.now())
        case _:
            pass
    return outcome
