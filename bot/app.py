"""Which handler answers what: all of them on one page."""

from typing import cast

from telegram.ext import (
    ApplicationBuilder,
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    ContextTypes,
    ExtBot,
    MessageHandler,
    filters,
)

from bot.acting import Context, Edge
from bot.callbacks import Accept, AcceptAtHome, AskCapped, Emergency, Home, NotToday, Slot, Unfilled
from bot.delivery.aiohttp_request import AiohttpRequest
from bot.handlers import bidding, coverage, home
from bot.receiving import App, on_error
from bot.settings import Settings


def build_bot(settings: Settings) -> ExtBot[None]:
    """The way to Telegram. To be initialized by who uses it."""
    return ExtBot(
        settings.token,
        base_url=f"{settings.telegram_api_url}/bot",
        base_file_url=f"{settings.telegram_api_url}/file/bot",
        request=AiohttpRequest(),
        get_updates_request=AiohttpRequest(connections=1),
    )


def build_application(bot: ExtBot[None], edge: Edge) -> App:
    """PTB's Application as we use it: it finds the handler; receiving, timers and memory are our own affair."""
    app: App = (
        ApplicationBuilder()
        .bot(bot)
        .context_types(ContextTypes(context=Context, bot_data=cast("type[Edge]", lambda: edge)))
        .updater(None)
        .job_queue(None)
        .build()
    )
    app.add_handlers(
        [
            CommandHandler("start", home.on_start),
            CommandHandler(["today", "home"], home.on_home),
            CommandHandler("help", home.on_help),
            CommandHandler("unfilled", coverage.on_unfilled),
            CommandHandler("emergency", coverage.on_emergency_command),
            CallbackQueryHandler(home.on_home, Home.fits),
            CallbackQueryHandler(coverage.on_unfilled, Unfilled.fits),
            CallbackQueryHandler(coverage.on_slot, Slot.fits),
            CallbackQueryHandler(coverage.on_emergency, Emergency.fits),
            CallbackQueryHandler(coverage.on_ask_capped, AskCapped.fits),
            CallbackQueryHandler(bidding.on_accept, Accept.fits),
            CallbackQueryHandler(bidding.on_accept_at_home, AcceptAtHome.fits),
            CallbackQueryHandler(bidding.on_not_today, NotToday.fits),
            ChatMemberHandler(home.on_membership, ChatMemberHandler.MY_CHAT_MEMBER),
            CallbackQueryHandler(home.on_not_understood),
            MessageHandler(filters.ALL, home.on_not_understood),
        ]
    )
    app.add_error_handler(on_error)
    return app
