from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from recsys_core.errors import RegistryError
from registry.gate import Decision
from registry.promotion import ChampionChangedError, Promotions
from registry.tracking import Tracking

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FIRST = Decision("FIRST", ("there was no champion",), {"challenger": 0.3})
PROMOTED = Decision("PROMOTED", ("better",), {"gain": 0.02})
KEPT = Decision("KEPT", ("not better",), {"gain": 0.0})
REFRESHED = Decision("PROMOTED", ("not worse",), {"rule": "not_inferior", "superior": False})
SUPERIOR = Decision("PROMOTED", ("better",), {"rule": "superior", "superior": True})
REFRESHED_AND_BETTER = Decision("PROMOTED", ("better",), {"rule": "not_inferior", "superior": True})
SUSPICIOUS = Decision("SUSPICIOUS", ("too good",), {"gain": 0.5})


class PowerCutError(Exception):
    pass


class FakeVersions:
    """Versions 1 to 5 in memory; dies before or after its nth write when told to."""

    def __init__(self) -> None:
        self.known = [str(number) for number in range(1, 6)]
        self.alias_of: dict[str, str] = {}
        self.tags: dict[str, dict[str, str]] = {}
        self.writes_left = 1_000

    def spend(self) -> None:
        if self.writes_left == 0:
            raise PowerCutError
        self.writes_left -= 1

    def all(self):
        return [SimpleNamespace(version=version) for version in self.known]

    def get(self, reference):
        version = self.alias_of.get(str(reference), str(reference))
        if version not in self.known:
            raise RegistryError(f"no version {reference}")
        return SimpleNamespace(version=version)

    def aliases(self):
        return dict(self.alias_of)

    def set_alias(self, alias, version):
        self.spend()
        if version is None:
            del self.alias_of[alias]
        else:
            self.alias_of[alias] = version

    def tag(self, version, tags):
        self.spend()
        self.tags.setdefault(version, {}).update(tags)


@pytest.fixture
def versions():
    return FakeVersions()


@pytest.fixture
def promotions(tmp_path, versions):
    made = Promotions(Tracking(tmp_path), versions)
    append = made.log.append

    def append_or_die(entry):
        versions.spend()
        append(entry)

    made.log.append = append_or_die
    return made


def judge(promotions, decision, version, against=None, decision_id=None):
    return promotions.apply(decision, version, against=against, decision_id=decision_id or f"run-{version}", at=AT)


@pytest.fixture
def two_champions(promotions):
    """Version 1 was the first champion, version 2 took over."""
    judge(promotions, FIRST, "1")
    judge(promotions, PROMOTED, "2", against="1")
    return promotions


def test_the_first_version_becomes_champion(promotions, versions):
    promotions.announce("1")
    assert versions.alias_of == {"challenger": "1"}
    judge(promotions, FIRST, "1")
    assert versions.alias_of == {"champion": "1"}
    assert versions.tags["1"]["verdict"] == "FIRST"


def test_a_promoted_version_leaves_the_old_champion_to_go_back_to(two_champions, versions):
    assert versions.alias_of == {"champion": "2", "previous_champion": "1"}


@pytest.mark.parametrize("decision", [KEPT, SUSPICIOUS])
def test_a_version_that_is_not_promoted_stays_challenger(promotions, versions, decision):
    judge(promotions, FIRST, "1")
    judge(promotions, decision, "2", against="1")
    assert versions.alias_of == {"champion": "1", "challenger": "2"}
    assert versions.tags["2"]["verdict"] == decision.verdict


def test_every_decision_is_on_the_record_with_its_figures(two_champions):
    first, second = two_champions.log.entries()
    assert (first.verdict, first.figures, first.at, first.actor) == (
        "FIRST", {"challenger": 0.3}, "2026-01-02T03:04:05.000Z", "gate",
    )  # fmt: skip
    assert (second.before["champion"], second.after["champion"], second.state) == ("1", "2", "applied")


def test_the_same_decision_counts_once(promotions, versions):
    judge(promotions, FIRST, "1")
    done = judge(promotions, PROMOTED, "2", against="1")
    lines = promotions.log.path.read_bytes()
    versions.writes_left = 0
    assert judge(promotions, PROMOTED, "2", against="1") == done
    assert promotions.log.path.read_bytes() == lines


def test_a_decision_id_used_for_another_version_is_refused(promotions):
    judge(promotions, FIRST, "1", decision_id="run")
    with pytest.raises(RegistryError, match="about version 1, not 2"):
        judge(promotions, KEPT, "2", against="1", decision_id="run")


def test_judging_the_champion_itself_moves_nothing_and_keeps_its_verdict(two_champions, versions):
    entry = judge(two_champions, PROMOTED, "2", against="2", decision_id="again")
    assert entry.verdict == "KEPT"
    assert versions.alias_of == {"champion": "2", "previous_champion": "1"}
    assert (versions.tags["2"]["verdict"], versions.tags["2"]["decision_id"]) == ("PROMOTED", "run-2")


@pytest.mark.parametrize(("decision", "against"), [(FIRST, None), (PROMOTED, "1")])
def test_a_decision_about_a_champion_of_yesterday_is_refused(two_champions, versions, decision, against):
    with pytest.raises(RegistryError, match="champion is now version 2"):
        judge(two_champions, decision, "3", against=against)
    assert versions.alias_of["champion"] == "2"


def test_announcing_the_champion_makes_it_no_challenger(two_champions, versions):
    two_champions.announce("2")
    assert "challenger" not in versions.alias_of


def test_rollback_swaps_and_swaps_back(two_champions, versions):
    two_champions.rollback(at=AT, actor="ada")
    assert versions.alias_of == {"champion": "1", "previous_champion": "2"}
    two_champions.rollback(at=AT, actor="ada")
    assert versions.alias_of == {"champion": "2", "previous_champion": "1"}
    assert [entry.verdict for entry in two_champions.log.entries()] == ["FIRST", "PROMOTED", "ROLLBACK", "ROLLBACK"]


def test_rollback_without_a_previous_champion_is_refused(promotions):
    with pytest.raises(RegistryError, match="champion is no version"):
        promotions.rollback(at=AT, actor="ada")
    judge(promotions, FIRST, "1")
    with pytest.raises(RegistryError, match="champion is version 1"):
        promotions.rollback(at=AT, actor="ada")


def test_a_person_may_promote_what_the_gate_did_not(two_champions, versions):
    judge(two_champions, SUSPICIOUS, "3", against="2")
    entry = two_champions.promote("3", reason="checked by hand", at=AT, actor="ada")
    assert versions.alias_of == {"champion": "3", "previous_champion": "2"}
    assert (entry.actor, entry.reasons) == ("ada", ("checked by hand",))
    assert versions.tags["3"]["verdict"] == "SUSPICIOUS"
    with pytest.raises(RegistryError, match="champion already"):
        two_champions.promote("3", reason="again", at=AT, actor="ada")


def test_an_unknown_version_cannot_be_promoted(two_champions):
    with pytest.raises(RegistryError):
        two_champions.promote("99", reason="", at=AT, actor="ada")
    assert len(two_champions.log.entries()) == 2


OPERATIONS = {
    "promoted": lambda p: judge(p, PROMOTED, "3", against="2"),
    "kept": lambda p: judge(p, KEPT, "3", against="2"),
    "by hand": lambda p: p.promote("1", reason="r", at=AT, actor="ada"),
    "rollback": lambda p: p.rollback(at=AT, actor="ada"),
}
EXPECTED = {
    "promoted": {"champion": "3", "previous_champion": "2"},
    "kept": {"champion": "2", "previous_champion": "1", "challenger": "3"},
    "by hand": {"champion": "1", "previous_champion": "2"},
    "rollback": {"champion": "1", "previous_champion": "2"},
}


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("n_writes", range(7))
def test_a_death_after_any_write_is_finished_by_the_next_start(two_champions, versions, name, n_writes):
    before = dict(versions.alias_of)
    versions.writes_left = n_writes
    try:
        OPERATIONS[name](two_champions)
    except PowerCutError:
        survived = False
    else:
        survived = True
    # at no moment is there no champion
    assert versions.alias_of["champion"] in {before["champion"], EXPECTED[name]["champion"]}
    versions.writes_left = 1_000
    two_champions.recover()
    begun = len(two_champions.log.entries()) == 3
    assert versions.alias_of == (EXPECTED[name] if begun else before)
    assert begun or not survived
    assert two_champions.log.pending() == []
    assert two_champions.recover() == []


def test_a_decision_taken_up_again_after_a_death_gives_the_same_end(two_champions, versions):
    versions.writes_left = 3
    with pytest.raises(PowerCutError):
        OPERATIONS["promoted"](two_champions)
    versions.writes_left = 1_000
    assert OPERATIONS["promoted"](two_champions).state == "applied"
    assert versions.alias_of == EXPECTED["promoted"]
    assert versions.tags["3"]["verdict"] == "PROMOTED"


def test_a_half_made_decision_about_a_deleted_version_is_given_up(two_champions, versions):
    versions.writes_left = 1
    with pytest.raises(PowerCutError):
        OPERATIONS["promoted"](two_champions)
    versions.writes_left = 1_000
    versions.known.remove("3")
    assert two_champions.recover() == []
    assert two_champions.log.entries()[-1].state == "abandoned"
    assert versions.alias_of["champion"] == "2"


def test_a_change_of_champion_meanwhile_can_be_told_from_other_faults(two_champions):
    with pytest.raises(ChampionChangedError, match="judge it again"):
        judge(two_champions, PROMOTED, "3", against="1")
    with pytest.raises(RegistryError) as caught:
        judge(two_champions, PROMOTED, "99", against="2")
    assert not isinstance(caught.value, ChampionChangedError)


def test_a_question_that_was_judged_is_settled_by_the_latest_judgement(promotions, versions):
    assert promotions.settled("m-2/policy") is None
    judge(promotions, FIRST, "1")
    assert promotions.settled("m-2/policy") is None
    assert promotions.fresh_id("m-2/policy") == "m-2/policy"
    judge(promotions, KEPT, "2", against="1", decision_id="m-2/policy")
    assert promotions.settled("m-2/policy").verdict == "KEPT"
    assert promotions.fresh_id("m-2/policy") == "m-2/policy/2"
    judge(promotions, PROMOTED, "2", against="1", decision_id=promotions.fresh_id("m-2/policy"))
    assert promotions.settled("m-2/policy").verdict == "PROMOTED"
    assert promotions.fresh_id("m-2/policy") == "m-2/policy/3"


def test_an_id_that_only_begins_alike_is_another_question(promotions):
    judge(promotions, FIRST, "1", decision_id="m-1")
    for other in ("m-10", "m-1/x", "m-1/2/3"):
        judge(promotions, KEPT, "2", against="1", decision_id=other)
    assert promotions.settled("m-1").verdict == "FIRST"
    assert promotions.fresh_id("m-1") == "m-1/2"


def test_nothing_is_settled_without_a_champion(promotions, versions):
    judge(promotions, FIRST, "1", decision_id="m-1")
    del versions.alias_of["champion"]
    assert promotions.settled("m-1") is None
    assert promotions.fresh_id("m-1") == "m-1/2"


def test_what_a_killed_process_decided_is_settled_once_it_is_finished(two_champions, versions):
    versions.writes_left = 2
    with pytest.raises(PowerCutError):
        OPERATIONS["promoted"](two_champions)
    versions.writes_left = 1_000
    assert two_champions.settled("run-3").state == "applied"
    assert versions.alias_of == EXPECTED["promoted"]


@pytest.mark.parametrize(
    ("decisions", "reference"),
    [
        ([FIRST], "1"),
        ([FIRST, REFRESHED, REFRESHED], "1"),
        ([FIRST, SUPERIOR, REFRESHED, REFRESHED], "2"),
        ([FIRST, REFRESHED, REFRESHED_AND_BETTER, REFRESHED], "3"),
        ([FIRST, REFRESHED, KEPT, SUSPICIOUS], "1"),
    ],
)
def test_refreshes_are_measured_against_the_last_superior_version(promotions, versions, decisions, reference):
    for number, decision in enumerate(decisions, 1):
        judge(promotions, decision, str(number), against=versions.alias_of.get("champion"))
    assert promotions.last_superior(versions.alias_of["champion"]) == reference


def test_the_last_superior_version_after_a_rollback_and_by_hand(promotions):
    for decision, version, champion in ((FIRST, "1", None), (REFRESHED, "2", "1"), (SUPERIOR, "3", "2")):
        judge(promotions, decision, version, against=champion)
    promotions.rollback(at=AT, actor="ada")
    assert promotions.last_superior("2") == "1"
    judge(promotions, REFRESHED, "4", against="2")
    assert promotions.last_superior("4") == "1"
    promotions.promote("2", reason="by hand", at=AT, actor="ada")
    judge(promotions, REFRESHED, "5", against="2")
    assert promotions.last_superior("5") == "2"


def test_a_champion_that_the_log_does_not_know_counts_as_superior(promotions):
    assert promotions.last_superior("7") == "7"
