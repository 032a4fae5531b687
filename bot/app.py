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
from bot.callbacks import (
    Accept,
    AcceptAtHome,
    AddNote,
    AskCapped,
    AskedFor,
    BackAtHome,
    CancelBecause,
    CancelShift,
    CannotCome,
    ChooseLanguage,
    ChooseQuietHours,
    ChooseSms,
    ChooseWakeMe,
    Confirm,
    ConfirmAll,
    DiscardMessage,
    Emergency,
    EnterParcels,
    FixParcels,
    GoAway,
    GotIt,
    Home,
    ImHere,
    Inbox,
    Keypad,
    MessageStands,
    NotToday,
    OpenAway,
    OpenNotice,
    OpenSettings,
    ReadAll,
    Recipients,
    Schedule,
    SendMessage,
    ShiftCard,
    Slot,
    StillWanted,
    ToConfirm,
    Unfilled,
    WindowCard,
    WriteTo,
)
from bot.delivery.aiohttp_request import AiohttpRequest
from bot.handlers import bidding, coverage, home, inbox, messages, settings, shifts
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
            CommandHandler("schedule", shifts.on_schedule),
            CommandHandler("confirm", shifts.on_to_confirm),
            CommandHandler("unfilled", coverage.on_unfilled),
            CommandHandler("emergency", coverage.on_emergency_command),
            CommandHandler("message", messages.on_message),
            CommandHandler("inbox", inbox.on_inbox),
            CommandHandler("settings", settings.on_settings),
            CommandHandler("away", settings.on_away),
            CallbackQueryHandler(home.on_home, Home.fits),
            CallbackQueryHandler(coverage.on_unfilled, Unfilled.fits),
            CallbackQueryHandler(coverage.on_slot, Slot.fits),
            CallbackQueryHandler(coverage.on_emergency, Emergency.fits),
            CallbackQueryHandler(coverage.on_ask_capped, AskCapped.fits),
            CallbackQueryHandler(coverage.on_asked, AskedFor.fits),
            CallbackQueryHandler(coverage.on_window, WindowCard.fits),
            CallbackQueryHandler(messages.on_recipients, Recipients.fits),
            CallbackQueryHandler(messages.on_write_to, WriteTo.fits),
            CallbackQueryHandler(messages.on_send, SendMessage.fits),
            CallbackQueryHandler(messages.on_discard, DiscardMessage.fits),
            CallbackQueryHandler(messages.on_message_stands, MessageStands.fits),
            CallbackQueryHandler(messages.on_got_it, GotIt.fits),
            CallbackQueryHandler(inbox.on_inbox, Inbox.fits),
            CallbackQueryHandler(inbox.on_open_notice, OpenNotice.fits),
            CallbackQueryHandler(inbox.on_read_all, ReadAll.fits),
            CallbackQueryHandler(settings.on_settings, OpenSettings.fits),
            CallbackQueryHandler(settings.on_language, ChooseLanguage.fits),
            CallbackQueryHandler(settings.on_sms, ChooseSms.fits),
            CallbackQueryHandler(settings.on_quiet_hours, ChooseQuietHours.fits),
            CallbackQueryHandler(settings.on_wake_me, ChooseWakeMe.fits),
            CallbackQueryHandler(settings.on_away, OpenAway.fits),
            CallbackQueryHandler(settings.on_go_away, GoAway.fits),
            CallbackQueryHandler(settings.on_back_at_home, BackAtHome.fits),
            CallbackQueryHandler(shifts.on_schedule, Schedule.fits),
            CallbackQueryHandler(shifts.on_shift, ShiftCard.fits),
            CallbackQueryHandler(shifts.on_to_confirm, ToConfirm.fits),
            CallbackQueryHandler(shifts.on_confirm, Confirm.fits),
            CallbackQueryHandler(shifts.on_confirm_all, ConfirmAll.fits),
            CallbackQueryHandler(shifts.on_here, ImHere.fits),
            CallbackQueryHandler(shifts.on_keypad, Keypad.fits),
            CallbackQueryHandler(shifts.on_parcels, EnterParcels.fits),
            CallbackQueryHandler(shifts.on_fix, FixParcels.fits),
            CallbackQueryHandler(shifts.on_cannot_come, CannotCome.fits),
            CallbackQueryHandler(shifts.on_cancel_because, CancelBecause.fits),
            CallbackQueryHandler(shifts.on_add_note, AddNote.fits),
            CallbackQueryHandler(shifts.on_cancel, CancelShift.fits),
            CallbackQueryHandler(shifts.on_still_wanted, StillWanted.fits),
            CallbackQueryHandler(bidding.on_accept, Accept.fits),
            CallbackQueryHandler(bidding.on_accept_at_home, AcceptAtHome.fits),
            CallbackQueryHandler(bidding.on_not_today, NotToday.fits),
            ChatMemberHandler(home.on_membership, ChatMemberHandler.MY_CHAT_MEMBER),
            CallbackQueryHandler(home.on_not_understood),
            MessageHandler(filters.TEXT & ~filters.COMMAND, shifts.on_text),
            MessageHandler(filters.ALL, home.on_not_understood),
        ]
    )
    app.add_error_handler(on_error)
    return app
