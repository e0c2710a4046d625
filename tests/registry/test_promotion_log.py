import json
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recsys_core.errors import RegistryError
from registry.promotion_log import LogEntry, PromotionLog, utc_text


def entry(number: int, state="decided") -> LogEntry:
    return LogEntry(
        id=f"run-{number}",
        kind="decision",
        at="2026-01-02T03:04:05.000Z",
        actor="gate",
        version=str(number),
        verdict="PROMOTED",
        reasons=("besser – ja",),
        before={"champion": None},
        after={"champion": str(number)},
        figures={"gain": 0.01},
        state=state,
    )


@pytest.fixture
def log(tmp_path):
    return PromotionLog(tmp_path / "home" / "promotion_log.jsonl")


def test_entries_come_back_as_they_were_written(log):
    written = [entry(1), entry(1, "applied"), entry(2)]
    for line in written:
        log.append(line)
    assert log.lines() == written
    assert log.entries() == [entry(1, "applied"), entry(2)]
    assert log.pending() == [entry(2)]
    assert log.find("run-1") == entry(1, "applied")
    assert log.find("run-9") is None


def test_a_log_that_is_not_there_is_empty(log):
    assert (log.lines(), log.pending()) == ([], [])


def test_each_entry_is_one_line_of_json(log):
    log.append(entry(1))
    log.append(entry(2))
    lines = log.path.read_text().splitlines()
    assert [json.loads(line)["version"] for line in lines] == ["1", "2"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(data=st.data())
def test_a_line_cut_short_anywhere_is_dropped_and_the_log_goes_on(log, data):
    log.path.unlink(missing_ok=True)
    log.append(entry(1))
    whole = log.path.stat().st_size
    log.append(entry(2))
    cut = data.draw(st.integers(whole, log.path.stat().st_size - 2), label="bytes left")
    log.path.write_bytes(log.path.read_bytes()[:cut])
    assert log.lines() == [entry(1)]
    log.append(entry(3))
    assert log.lines() == [entry(1), entry(3)]


def test_a_last_line_that_lacks_only_its_end_counts(log):
    log.append(entry(1))
    log.path.write_bytes(log.path.read_bytes().rstrip(b"\n"))
    assert log.lines() == [entry(1)]
    log.append(entry(2))
    assert log.lines() == [entry(1), entry(2)]


@pytest.mark.parametrize("damage", ["not json", '{"id": "x"}', "[]"])
def test_a_damaged_line_in_the_middle_is_named(log, damage):
    log.append(entry(1))
    with log.path.open("a") as opened:
        opened.write(damage + "\n")
    log.append(entry(2))
    with pytest.raises(RegistryError, match=r"promotion_log\.jsonl, line 2"):
        log.lines()


def test_times_are_written_in_utc():
    at = datetime(2026, 1, 2, 5, 4, 5, tzinfo=timezone(timedelta(hours=2)))
    assert utc_text(at) == "2026-01-02T03:04:05.000Z"
    with pytest.raises(RegistryError, match="time zone"):
        utc_text(datetime(2026, 1, 2))
