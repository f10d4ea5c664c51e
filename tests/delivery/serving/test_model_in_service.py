"""The alias is followed; whatever goes wrong, the version in service goes on and /health says why."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest
from mlflow.exceptions import MlflowException

from whychurn.delivery.serving import model_in_service
from whychurn.delivery.serving.model_in_service import ModelInService, Served, UnfitVersionError

COLUMNS = {"x": "double", "answer y": "double"}


def served(version: str, columns: dict[str, str] = COLUMNS) -> Served:
    return Served("risk", version, "champion", columns, lambda rows: rows, 10, None)  # type: ignore[arg-type]


class Registry:
    """Answers what the alias points to."""

    points_to: Any = "1"

    def get_model_version_by_alias(self, name: str, alias: str) -> Any:
        assert (name, alias) == ("risk", "champion")
        if isinstance(self.points_to, Exception):
            raise self.points_to
        return SimpleNamespace(version=self.points_to)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> ModelInService:
    def load(_: str, version: str, __: str) -> Served:
        if version == "3":
            raise OSError("/a/place: no such file")
        if version == "4":
            raise UnfitVersionError("it does not answer its own input example (ValueError)")
        return served(version, {"z": "double"} if version == "5" else COLUMNS)

    monkeypatch.setattr(model_in_service, "load_served", load)
    return ModelInService(Registry(), served("1"))  # type: ignore[arg-type]


def test_a_moved_alias_is_followed_and_a_request_keeps_its_version(service: ModelInService) -> None:
    began_with = service.current
    service.client.points_to = "2"  # type: ignore[attr-defined]
    service.look()
    assert (service.current.version, began_with.version, service.problem) == ("2", "1", "")


@pytest.mark.parametrize(
    ("points_to", "says"),
    [
        ("3", "version 3 was not taken over: it cannot be loaded"),
        ("4", "does not answer its own input example"),
        ("5", "columns or answers differ"),
        (RuntimeError("locked"), "registry cannot be read"),
        (MlflowException("gone", error_code=3001), "no version has the alias"),
    ],
)
def test_what_fails_keeps_the_old_version_and_is_said_once(
    service: ModelInService, caplog: pytest.LogCaptureFixture, points_to: Any, says: str
) -> None:
    service.client.points_to = points_to  # type: ignore[attr-defined]
    if isinstance(points_to, MlflowException):
        points_to.error_code = "RESOURCE_DOES_NOT_EXIST"
    with caplog.at_level(logging.WARNING):
        service.look()
        service.look()
    assert service.current.version == "1" and says in service.problem
    assert "/a/place" not in service.problem and len(caplog.records) == 1
    service.client.points_to = "1"  # type: ignore[attr-defined]
    service.look()
    assert service.problem == ""
