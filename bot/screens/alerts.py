"""What an operator must put right, in the words of whoever runs the company."""

from bot.reader import Reader


def sentence(name: str, reader: Reader) -> str:
    """What is the matter and what to do about it, by the name under which it was raised; else the name itself."""
    _ = reader.gettext
    texts = {
        "telegram": _("Telegram takes nothing from us: compare TELEGRAM_BOT_TOKEN with @BotFather's."),
        "twilio": _("Twilio takes no SMS from us: rollcall check tells which setting is wrong."),
        "twilio for some numbers": _("Twilio refuses SMS to some numbers: allow their country in its console."),
        "carriers take no SMS": _("Phone companies stop our SMS: register our number with Twilio."),
        "sms budget at": _("This month's SMS are nearly used up: raise SMS_MONTHLY_BUDGET."),
        "sms budget used up": _("This month's SMS are used up, only urgent ones still go: raise SMS_MONTHLY_BUDGET."),
        "no manager to tell": _(
            "A shift needs a manager, and its warehouse has none: name one by rollcall create-manager."
        ),
        "an owner's number": _("An owner has a new phone number: change OWNERS before the next start."),
        "roster not made": _("A week's shifts can't be given out by a fault of ours: the log tells which."),
    }
    known = [start for start in texts if name.startswith(start)]
    return texts[max(known, key=len)] if known else name
