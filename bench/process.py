"""`python -m bench.process web`: the command line as it is, but for Telegram's pace, which is lifted.

No setting does that: with the pace, throughput would be 28 a second on any machine.
"""

from datetime import timedelta
from functools import partial
from unittest import mock

from bot.__main__ import main
from bot.delivery.mail import open_mail

if __name__ == "__main__":
    unpaced = partial(open_mail, telegram_every=timedelta(0), chat_every=timedelta(0))
    with mock.patch("bot.run.open_mail", unpaced):
        main()
