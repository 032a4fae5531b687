"""What can be done here, and what is said of what can't."""

from bot.reader import Reader
from bot.screens import meant
from bot.screens.home import home_button
from bot.screens.screen import Screen, escape
from domain.schedule.queries import Place


def help_for_drivers(reader: Reader) -> Screen:
    return Screen(
        reader.gettext(
            "<b>What you can do here</b>\n"
            "/today shows your day with its next step, what is open to you, and your week.\n"
            "/schedule has your shifts week by week, /confirm those that wait for your word.\n"
            "On the day press <b>I'm here</b>, then say how many parcels you load and bring back. <b>Running late</b>, "
            "said a quarter of an hour ahead or typed like “late 15”, gives you half an hour.\n"
            "Ill? Write “sick”, on any day. <b>Give it away</b>, on a shift, offers it to your colleagues.\n"
            "When a route loses its driver, an offer arrives here. Press <b>Accept</b> to take it; "
            "whoever is first has it. Further ahead you <b>bid</b>: the best score gets it. "
            "<b>Not today</b> stops offers for that day. What a bid has won at short notice, <b>Give it back</b> hands "
            "back within the hour.\n"
            "/open shows all that is open to you, your bids, and why you won or lost.\n"
            "/health has your score and stars, /why what counts for and against you, and how to appeal.\n"
            "/preferences has the days and routes that you like, by which the weekly roster goes; /calendar puts your "
            "shifts into the calendar of your phone.\n"
            "/inbox keeps whatever you were told, /settings has your language, SMS and quiet hours, /privacy what is "
            "recorded about you.\n\n"
            "Anything wrong? Call your warehouse."
        ),
        ((home_button(reader),),),
    )


def help_for_managers(mine: tuple[Place, ...], reader: Reader) -> Screen:
    """`mine`: his warehouses; one is in the examples."""
    return Screen(
        reader.gettext(
            "<b>What you can do here</b>\n"
            "/shifts shows how today's shifts stand, and keeps itself current.\n"
            "/coverage draws a map of the week; /coverage friday one of that day.\n"
            "/unfilled lists the routes without a driver. Press one to open bids, to make it an emergency, or to give "
            "it to a driver.\n"
            "/fill lists them, too, and who can take one: /fill R12 tomorrow Amara Osei gives it in one line.\n"
            "/emergency R12 goes straight to route R12. /windows shows what is offered, and who has bid.\n"
            "/roster shows what the coming weeks will look like, why shifts stay empty, and what would help.\n"
            "/close {warehouse} tomorrow closes a day. /routes has the weekdays of each route, /warehouses your "
            "warehouses, /managers who manages them.\n"
            "/invite Amara Osei 416 555 0101 brings in a driver. For many, send me a file (CSV) with the columns first "
            "name, last name, phone, warehouse; routes come in the same way.\n"
            "/drivers lists your drivers, who needs you first. /driver Amara shows one: score, incidents, shifts, "
            "time off.\n"
            "/appeals has what your drivers appeal, /reviews the absences: both wait for your decision.\n"
            "/report shows how last week went, and gives it as a file; /report 16 nov shows the week of that day.\n"
            "/audit R12 yesterday tells who did what with it, and when; of a driver, too.\n"
            "/message Amara Osei: please call me writes to one of your people, and shows when it was seen; "
            "/message {warehouse}: or /message all: to many.\n"
            "The best drivers are asked first, until somebody takes the route; your card tells who.\n"
            "/inbox keeps whatever you were told, /settings has your language, SMS and quiet hours, /privacy what is "
            "recorded about you.\n"
            "/away lets others get your notices while you're away.\n"
            "/connect, written in a group, tells it when a route of your warehouse needs a driver."
        ).format(warehouse=escape(meant.example(mine, reader))),
        ((home_button(reader),),),
    )


def not_understood(reader: Reader) -> Screen:
    """Whatever a person sends that we can't read: text, stickers, photos."""
    return Screen(
        reader.gettext("Sorry, I didn't understand that. Use the buttons, or /help to see what I can do."),
        ((home_button(reader),),),
    )


def for_managers_only(reader: Reader) -> Screen:
    return Screen(reader.gettext("That is for managers. Here is what you can do: /help"), ((home_button(reader),),))


def for_drivers_only(reader: Reader) -> Screen:
    return Screen(reader.gettext("That is for drivers. Here is what you can do: /help"), ((home_button(reader),),))
