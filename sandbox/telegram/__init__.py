"""Telegram: the Bot API on one side, people's phones on the other."""
