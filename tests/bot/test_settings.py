"""Settings: each that is missing or wrong is named, in a line of its own, and secrets are never shown."""

from pathlib import Path

import pytest

from bot.settings import MadeSettings, Settings, SettingsError, load

TOKEN = "123456789:AbCdEfGhIjKlMnOpQrStUvWxYz"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing is set, and there is no .env."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def refused(*required: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(*required)
    return caught.value.lines


def test_nothing_need_be_set() -> None:
    settings = load()
    assert (settings.port, str(settings.timezone), settings.sms_is_on) == (8080, "America/Toronto", False)
    assert settings.policy.emergency_bonus_percent == 20


def test_owners_and_budget_are_terms_of_the_company(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (load().owners, load().policy.sms_monthly_budget) == ((), None)
    monkeypatch.setenv("OWNERS", "416-555-0100, +15145550123,")
    monkeypatch.setenv("SMS_MONTHLY_BUDGET", "2000")
    assert load().owners == ("+14165550100", "+15145550123")
    assert load().policy.sms_monthly_budget == 2000


def test_each_missing_one_is_named() -> None:
    lines = refused("DATABASE_URL", "TELEGRAM_BOT_TOKEN", "PUBLIC_URL")
    assert [line.split()[0] for line in lines] == ["DATABASE_URL", "TELEGRAM_BOT_TOKEN", "PUBLIC_URL"]
    assert "ask @BotFather" in lines[1]


WRONG = {
    "DATABASE_URL": ["mysql://u@h/db", "postgresql://host", "host/db"],
    "TELEGRAM_BOT_TOKEN": ["token", "123:", ":abc", "123:a b"],
    "TELEGRAM_API_URL": ["api.telegram.org", "ftp://x"],
    "PUBLIC_URL": ["rollcall.example", "https://", "https://x/?a=1"],
    "WEBHOOK_SECRET": ["two words", "é", "a" * 257],
    "PORT": ["http", "-1", "65536", "80.5"],
    "TWILIO_ACCOUNT_SID": ["AC1", "XX" + "0" * 32],
    "TWILIO_FROM_NUMBER": ["4165550100", "+0416"],
    "TWILIO_MESSAGING_SERVICE_SID": ["MG"],
    "TWILIO_API_URL": ["twilio"],
    "SMS_SEGMENTS_PER_SECOND": ["0", "fast"],
    "SMS_MONTHLY_BUDGET": ["0", "-1", "much"],
    "OWNERS": ["Nadia", "+1416555", "4165550100, 911"],
    "COMPANY_NAME": ["x" * 31],
    "TIMEZONE": ["Mars/Olympus", "../../etc/passwd", "Toronto "],
    "EMERGENCY_BONUS_PERCENT": ["-1", "101", "20%"],
    "LOG_LEVEL": ["loud"],
    "LOG_FORMAT": ["xml"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_each_wrong_one_is_named_and_not_repeated(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    (line,) = refused()
    assert line == f"{name} must be {Settings.model_fields[name.lower()].description}."


def test_missing_and_wrong_ones_are_told_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "x")
    monkeypatch.setenv("LOG_LEVEL", "x")
    assert [line.split()[0] for line in refused("TELEGRAM_BOT_TOKEN")] == ["TELEGRAM_BOT_TOKEN", "LOG_LEVEL", "PORT"]


def test_an_empty_one_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    assert load().database_url is None
    assert refused("DATABASE_URL")


def test_they_are_read_from_a_file_too(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"TELEGRAM_BOT_TOKEN={TOKEN}\nSOMEBODY_ELSES=1\n")
    assert load("TELEGRAM_BOT_TOKEN").token == TOKEN


def test_those_that_a_program_makes_are_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PUBLIC_URL=https://rollcall.example\n")
    monkeypatch.setenv("PORT", "1")
    made = MadeSettings.model_validate({"company_name": "Demo"})
    assert (made.public_url, made.port, made.company_name) == (None, 8080, "Demo")


def test_half_of_twilio_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", "AC" + "0" * 32)
    assert [line.split()[0] for line in refused()] == ["TWILIO_AUTH_TOKEN", "TWILIO_FROM_NUMBER"]
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "secret")
    monkeypatch.setenv("TWILIO_MESSAGING_SERVICE_SID", "MG" + "0" * 32)
    assert load().sms_is_on


def test_telegram_itself_takes_only_https(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_URL", "http://rollcall.example")
    assert refused() == ["PUBLIC_URL must start with https://: Telegram takes no other."]
    monkeypatch.setenv("TELEGRAM_API_URL", "http://127.0.0.1:8081")
    assert load().public_url == "http://rollcall.example"


def test_r12_4_there_is_always_a_webhook_secret_alike_in_every_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", TOKEN)
    derived = load().webhook_token
    assert derived == load().webhook_token
    assert len(derived) == 64
    assert derived.isalnum()
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", TOKEN + "x")
    assert load().webhook_token != derived
    monkeypatch.setenv("WEBHOOK_SECRET", "chosen")
    assert load().webhook_token == "chosen"


def test_secrets_are_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", TOKEN)
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:hunter2@h/db")
    assert TOKEN not in repr(load())
    assert "hunter2" not in repr(load())
