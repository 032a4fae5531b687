"""Carries messages: Telegram first, SMS where that fails, at the networks' pace, each once (RULES 11).

steps      what an attempt can come to, and the one pure function that says what happens next
claims     what may be sent next, and the lease on it      queue     what came of it; the rows of replies
pace       whose turn it is                                mail      what all of it takes, put together once
telegram   a screen to a chat       sms, gsm7   a text to a phone       aiohttp_request   PTB's way to Telegram
carrying   from a claim to its record       worker   round after round       replies   at once, after an update
"""
