"""What a server is started with: no token, no callers from elsewhere; nothing secret in the environment's settings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from whychurn.contract.errors import WhychurnError
from whychurn.delivery.serving.settings import TOKEN, ServeSettings, is_authorized, is_loopback

SETTINGS = ServeSettings("a study", "风险", "champion", "127.0.0.1", 5001, 2, 128, 1024)
LONG = "a-token-of-24-characters"


def test_settings_travel_through_the_environment() -> None:
    assert ServeSettings.from_environment(SETTINGS.environment()) == SETTINGS


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("localhost", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        ("10.0.0.4", False),
        ("localhost.example.org", False),
    ],
)
def test_only_this_machine_is_served_without_a_token(
    monkeypatch: pytest.MonkeyPatch, host: str, here: bool
) -> None:
    monkeypatch.delenv(TOKEN, raising=False)
    assert is_loopback(host) == here
    if here:
        replace(SETTINGS, host=host).check()
        return
    with pytest.raises(WhychurnError, match="without a token"):
        replace(SETTINGS, host=host).check()
    monkeypatch.setenv(TOKEN, LONG)
    replace(SETTINGS, host=host).check()


def test_a_token_comes_from_a_file_or_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{LONG}\n", encoding="utf-8")
    other = {TOKEN: "another-of-24-characters"}
    assert replace(SETTINGS, token_file=str(file)).token(other) == LONG.encode()
    assert SETTINGS.token(other) == other[TOKEN].encode()
    assert SETTINGS.token({}) is None
    assert LONG not in str(replace(SETTINGS, token_file=str(file)).environment())


@pytest.mark.parametrize("text", ["", "short", "   \n"])
def test_a_short_token_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "token").write_text(text, encoding="utf-8")
    for settings, environment in ((replace(SETTINGS, token_file=str(tmp_path / "token")), {}), (SETTINGS, {TOKEN: text})):  # fmt: skip
        with pytest.raises(WhychurnError, match="fewer than 16"):
            settings.token(environment)


def test_files_that_are_not_there_are_named(tmp_path: Path) -> None:
    for change in ({"token_file": str(tmp_path / "a")}, {"certfile": str(tmp_path / "a"), "keyfile": "b"}):
        with pytest.raises(WhychurnError, match="cannot be read"):
            replace(SETTINGS, **change).check()
    with pytest.raises(WhychurnError, match="TLS needs"):
        replace(SETTINGS, certfile="a").check()


def test_a_key_of_another_certificate_is_refused(certificates: list[tuple[Path, Path]]) -> None:
    (one, key), (_, other) = certificates
    replace(SETTINGS, certfile=str(one), keyfile=str(key)).check()
    with pytest.raises(WhychurnError, match="do not belong together"):
        replace(SETTINGS, certfile=str(one), keyfile=str(other)).check()


def test_only_the_token_itself_lets_a_caller_in() -> None:
    token = LONG.encode()
    assert is_authorized(b"Bearer " + token, token) and is_authorized(b"bearer  " + token, token)
    for wrong in (
        b"",
        token,
        b"Bearer",
        b"Bearer " + token[:-1],
        b"Basic " + token,
        b"Bearer " + token + b"x",
    ):
        assert not is_authorized(wrong, token)
