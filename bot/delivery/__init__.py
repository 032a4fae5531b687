"""Carries messages: Telegram first, SMS where that fails, at the networks' pace, each once (RULES 11).

outcomes   what can come of an attempt             steps    the one pure function that says what happens next
claims     what Telegram may get next              queue    what came of it; the rows of replies
carrying   from a claim to its record              worker   round after round     replies   at once, after an update
telegram   a screen to a chat                      aiohttp_request   PTB's way to it     pictures   drawn beforehand
texting    the same for SMS: sms_claims what is to be sent or looked up, sms_queue what came of it, sms_reports what
           Twilio reports, sms a text to a phone, gsm7 how long it is
ladder     what becomes of what nobody answers     alerts   what an operator must put right
pace       whose turn it is                        flight   how many are on their way
mail       what all of it takes, put together once                drawing  docs/deliveries.md
"""
