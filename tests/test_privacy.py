"""Personal numbers are found wherever they stand and nothing else is; keys show themselves nowhere; pseudonyms are stable."""

from __future__ import annotations

import hashlib
import hmac
import os
import pickle
import re
import traceback
from base64 import b32encode
from datetime import date
from hashlib import sha256

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import leadtime as lt
from leadtime.errors import DisclosureError, InputError, LeadtimeError, UsageError
from leadtime.privacy import (
    CANDIDATE,
    PseudonymKey,
    day_shift,
    find_personal_numbers,
    holds_names,
    judge_texts,
    names_persons,
    new_key,
    pseudonyms,
    read_key,
    reserve_pattern,
)
from leadtime.quality import check_persons, identifiers

KEY = PseudonymKey(bytes(range(1, 33)))


def check_digit(nine: str) -> str:
    """The Tax Agency's rule, step by step: weights 2, 1, 2 …; the digits of the products added; what is missing to the next ten."""
    total = 0
    for place, digit in enumerate(nine):
        product = int(digit) * (1 if place % 2 else 2)
        total += sum(map(int, str(product)))
    return str(-total % 10)


@st.composite
def ten_digits(draw: st.DrawFn) -> tuple[str, str]:
    """The century and the ten digits of a valid personal or coordination number."""
    born = draw(st.dates(date(1850, 1, 1), date(2099, 12, 31)))
    day = born.day + draw(st.sampled_from((0, 60)))
    nine = f"{born:%y%m}{day:02}{draw(st.integers(0, 999)):03}"
    return str(born.year // 100), nine + check_digit(nine)


def test_the_rule_is_the_published_one() -> None:
    assert check_digit("121212121") == "2"  # 121212-1212, the Tax Agency's own example
    assert check_digit("701063239") == "1"  # 701063-2391, its example of a coordination number


@given(
    ten_digits(), st.sampled_from(("", "-", "+", " ", "–", " - ")), st.booleans(), st.sampled_from(("{}", "ring {} i dag", "ID:{}", "({})"))
)
def test_every_valid_number_is_found_however_it_is_written(parts: tuple[str, str], sign: str, full: bool, around: str) -> None:  # noqa: FBT001
    century, digits = parts
    text = around.format((century if full else "") + digits[:6] + sign + digits[6:])
    found = find_personal_numbers(text)
    assert len(found) == 1
    assert found[0].kind == ("coordination" if int(digits[4:6]) > 60 else "personal")
    assert re.sub(r"\D", "", text[found[0].start : found[0].end]) == (century if full else "") + digits
    assert re.search(CANDIDATE, text)  # what the engine looks for holds all of them
    assert judge_texts([text]).places == (0,)


@given(ten_digits(), st.integers(0, 9), st.integers(1, 9))
def test_a_number_with_one_digit_changed_is_none(parts: tuple[str, str], place: int, by: int) -> None:
    century, digits = parts
    changed = digits[:place] + str((int(digits[place]) + by) % 10) + digits[place + 1 :]
    assert find_personal_numbers(century + changed[:6] + "-" + changed[6:]) == ()


@given(ten_digits(), st.sampled_from("0123456789"))
def test_a_longer_row_of_digits_holds_no_number(parts: tuple[str, str], digit: str) -> None:
    century, digits = parts
    assert not find_personal_numbers("1234" + century + digits)
    assert not find_personal_numbers(century + digits + digit)


@given(st.text(max_size=40))
def test_any_text_is_looked_through_without_error_and_the_engine_misses_nothing(text: str) -> None:
    found = find_personal_numbers(text)
    assert not found or re.search(CANDIDATE, text)


@pytest.mark.parametrize(
    "text",
    [
        "", "2015-03-12", "2015-03-12 10:30", "20150312", "0701-234567", "556012-5790", "2015-03-12 1212", "19121312-1212", "19120230-1212",
        "120001-1212", "19121292-1213", "1912121212120", "12 12 12 - 12 12",
    ],
)  # fmt: skip
def test_dates_phones_companies_and_impossible_days_are_no_personal_numbers(text: str) -> None:
    assert find_personal_numbers(text) == ()


def test_several_numbers_in_a_text_are_all_found() -> None:
    assert [number.kind for number in find_personal_numbers("121212-1212, 701063-2391 och 19121212-1212")] == [
        "personal", "coordination", "personal",
    ]  # fmt: skip


def test_reserve_numbers_have_the_form_that_is_given() -> None:
    form = reserve_pattern(["99[0-9]{6}-[A-Z][0-9]{3}", "RES[0-9]+"])
    assert [number.kind for number in find_personal_numbers("99123456-B123 RES7", reserve=form)] == ["reserve", "reserve"]
    assert judge_texts(["x", "RES7"], reserve=form).places == (1,)
    assert reserve_pattern([]) is None
    with pytest.raises(UsageError, match="fits the empty text"):
        reserve_pattern(["[0-9]*"])


def test_keys_that_read_as_dates_are_personal_numbers_only_where_more_of_them_are_than_chance_gives() -> None:
    running = [f"20190512-{number:04}" for number in range(500)]
    assert judge_texts(running).by_chance
    assert len(judge_texts(running).places) == 50  # every tenth, which is what a check digit gives
    persons = [f"{year}0101-{number:03}{check_digit(f'{year[2:]}0101{number:03}')}" for year in ("2010", "2011") for number in range(100)]
    judged = judge_texts([*running[:200], *persons])
    assert not judged.by_chance
    assert len(judged.places) == 20 + 200


def test_a_single_number_among_many_texts_is_certain() -> None:
    texts = [f"anteckning {number}" for number in range(500)] + ["19121212-1212"]
    assert judge_texts(texts) == judge_texts(texts, reserve=None)
    assert (judge_texts(texts).places, judge_texts(texts).by_chance) == ((500,), False)


# --- in a log --------------------------------------------------------------------------------------------------------------------------


def log_of(**columns: list[object]) -> lt.EventLog:
    n = len(next(iter(columns.values())))
    plain = {"case_id": [f"c{i}" for i in range(n)], "activity": ["Visit"] * n, "start": ["2019-01-01"] * n}
    return lt.read_log(pd.DataFrame({**plain, **columns}))


@pytest.mark.parametrize(
    ("column", "values", "count"),
    [
        ("case_id", ["19121212-1212", "b"], 1),
        ("unit", ["ok", "701063-2391"], 1),
        ("Anteckning", ["ring 1212121212", "121212-1212"], 2),
        ("number", [191212121212, 191212121213], 1),
        ("number", [191212121212.0, None], 1),
        ("short", [102030405, 101010015], 1),  # a spreadsheet took the zero of 0101010015
    ],
)
def test_numbers_are_found_in_every_column_of_text_or_numbers(column: str, values: list[object], count: int) -> None:
    found = [finding for finding in check_persons(log_of(**{column: values})) if finding.code == "personal-number"]
    assert [(finding.count, finding.values["what"], finding.severity) for finding in found] == [(count, column, "error")]
    assert not any(re.search(r"\d{6}", str(finding)) for finding in found)


def test_a_number_that_repeats_counts_its_rows() -> None:
    (found,) = check_persons(log_of(case_id=["121212-1212", "b", "121212-1212", "701063-2391"]))
    assert (found.count, found.examples) == (3, ("row 0", "row 3"))


def test_a_column_of_clock_times_is_told_of_as_chance_and_does_not_stop() -> None:
    stamps = [f"20190101{hour:02}{minute:02}" for hour in range(24) for minute in range(0, 60, 5)]
    (found,) = check_persons(log_of(stamp=stamps))
    assert (found.code, found.severity) == ("personal-number-like", "warning")
    assert lt.build_report(log_of(stamp=stamps), None, sections=["quality"])


def test_a_reserve_number_stops_where_its_form_is_given() -> None:
    log = log_of(case_id=["RES-77", "b"])
    assert check_persons(log) == ()
    assert check_persons(log, reserve_numbers=["RES-[0-9]+"])[0].severity == "error"


def test_a_log_is_looked_through_for_persons_once_by_each_form_of_reserve_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[object] = []
    look = identifiers._in_frame
    monkeypatch.setattr(identifiers, "_in_frame", lambda scope, frame, **how: looked.append(scope.reserve) or look(scope, frame, **how))
    log, other = log_of(case_id=["121212-1212", "RES-1", "c"]), log_of(case_id=["a", "b", "c"])
    assert [len(check_persons(log)), len(check_persons(log)), len(check_persons(other))] == [1, 1, 0]
    assert len(looked) == 2
    assert "2 values" in check_persons(log, reserve_numbers=["RES-[0-9]+"])[0].message
    assert "1 value " in check_persons(log)[0].message
    assert len(looked) == 3


def test_a_report_of_personal_numbers_is_refused_and_made_when_told() -> None:
    log = log_of(case_id=["19121212-1212", "b"], note=["x", "701063-2391"])
    with pytest.raises(DisclosureError, match=r"column 'case_id' holds a personal number \(row 0\); 1 value in column 'note'") as caught:
        lt.build_report(log, None)
    assert "1212" not in str(caught.value)
    report = lt.build_report(log, None, allow_personal_numbers=True)
    assert "1212-1212" not in str(report.to_dict())
    assert "personal-number" in str(report.to_dict())


# --- names -----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", ["Namn", "Patient", "patient_name", "Barnets namn", "Efternamn", "VÅRDNADSHAVARE", "org:resource"])
def test_headers_that_speak_of_persons(header: str) -> None:
    assert names_persons(header) is (header != "org:resource")


@pytest.mark.parametrize("header", ["Enhetsnamn", "activity_name", "concept:name", "Filnamn", "Kommun", "Datum", "Barngrupp"])
def test_headers_that_speak_of_things(header: str) -> None:
    assert not names_persons(header)


def test_names_are_told_by_header_and_values_together() -> None:
    assert holds_names("Patient", ["Anna Berg", "Öst, Åke", "Eva-Lena Å Sjö"])
    assert not holds_names("Patient", ["P-001", "17", "anna"])
    assert not holds_names("Patient", [])
    assert not holds_names("Enhetsnamn", ["Norra Skolan", "Anna Berg"])


# --- keys and pseudonyms -----------------------------------------------------------------------------------------------------------------


def test_a_pseudonym_is_the_hmac_of_its_domain_and_id() -> None:
    digest = hmac.new(bytes(range(1, 33)), b"4:case:Kim", sha256).digest()
    assert pseudonyms(["Kim"], KEY, domain="case") == {"Kim": "c" + b32encode(digest).decode().lower()[:16]}


@given(st.lists(st.text(max_size=12), max_size=20), st.randoms())
def test_the_same_id_has_the_same_pseudonym_in_any_file_and_order_and_others_have_others(ids: list[str], random) -> None:
    made = pseudonyms(ids, KEY, domain="case")
    shuffled = [*ids, "another"]
    random.shuffle(shuffled)
    again = pseudonyms(shuffled, KEY, domain="case")
    assert all(again[one] == made[one] for one in ids)
    assert len(set(again.values())) == len(set(shuffled))
    assert all(re.fullmatch(r"c[a-z2-7]{16}", name) for name in again.values())


def test_other_keys_and_other_domains_give_other_pseudonyms() -> None:
    ids = [str(number) for number in range(50)]
    made = [set(pseudonyms(ids, key, domain=domain).values()) for key, domain in
            ((KEY, "case"), (KEY, "code"), (PseudonymKey(bytes(range(2, 34))), "case"))]  # fmt: skip
    assert not made[0] & made[1]
    assert not made[0] & made[2]


def test_a_length_at_which_two_ids_would_meet_is_refused() -> None:
    ids = [str(number) for number in range(5000)]
    with pytest.raises(UsageError, match="share a pseudonym; use a greater length"):
        pseudonyms(ids, KEY, domain="case", length=4)
    assert len(set(pseudonyms(ids, KEY, domain="case", length=12).values())) == 5000
    with pytest.raises(UsageError, match="length=3"):
        pseudonyms(["a"], KEY, domain="case", length=3)


@pytest.mark.parametrize(
    "secret",
    [b"", b"password", b"a" * 64, b"0123456789abcdef" * 3, bytes(31), os.urandom(31), b"ab" * 40, "x" * 64],
    ids=["empty", "a word", "one letter", "48 digits", "zeros", "31 bytes", "a pattern", "text"],
)
def test_a_weak_key_is_refused_and_not_shown(secret: object) -> None:
    with pytest.raises(UsageError) as caught:
        PseudonymKey(secret)  # type: ignore[arg-type]
    assert not secret or str(secret) not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        hashlib.sha256(b"bytes that are no text").digest(),
        b"0123456789abcdef" * 4,
        b"0123456789ABCDEF" * 4 + b"\r\n",
        b"q7" + b"Zk3+Xw/9abcdefghijklmnopqrstuvwxyzABCDEFG" + b"\n",
    ],
    ids=["bytes", "hexadecimal", "capitals and a line end", "base64"],
)
def test_a_key_file_may_hold_bytes_or_text_and_its_line_end_does_not_count(content: bytes, tmp_path) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    key = read_key(file=path)
    path.write_bytes(content.rstrip(b"\r\n") if content.isascii() else content)
    assert key.name == read_key(file=path).name


def test_a_key_comes_from_one_place(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADTIME_TEST_KEY", "0123456789abcdef" * 4)
    (tmp_path / "key").write_text("0123456789abcdef" * 4 + "\n")
    assert read_key(environment="LEADTIME_TEST_KEY").name == read_key(file=tmp_path / "key").name
    for wrong in ({}, {"file": tmp_path / "key", "environment": "LEADTIME_TEST_KEY"}):
        with pytest.raises(UsageError, match="one of them"):
            read_key(**wrong)
    with pytest.raises(InputError, match="LEADTIME_NO_SUCH_KEY"):
        read_key(environment="LEADTIME_NO_SUCH_KEY")
    with pytest.raises(InputError, match="no key file"):
        read_key(file=tmp_path / "none")


def test_a_new_key_is_its_owners_alone_and_never_written_over(tmp_path) -> None:
    path = tmp_path / "key"
    key = new_key(path)
    assert read_key(file=path).name == key.name
    assert os.name != "posix" or path.stat().st_mode & 0o777 == 0o600
    before = path.read_bytes()
    with pytest.raises(InputError, match="already"):
        new_key(path)
    assert path.read_bytes() == before


def test_a_key_shows_itself_in_no_text_pickle_or_traceback() -> None:
    secret = b"Zk3+Xw/9abcdefghijklmnopqrstuvwxyzABCDEFGhq"
    key = PseudonymKey(secret)
    told = [repr(key), str(key), f"{key}", key.name]
    with pytest.raises(TypeError):
        pickle.dumps(key)
    try:
        pseudonyms(["a"], key, domain="case", length=99)
    except LeadtimeError:
        told.append(traceback.format_exc())
    assert not any(secret.decode()[:8] in text for text in told)


@given(st.integers(0, 400), st.sampled_from((1, 7)), st.text(max_size=5))
def test_a_shift_is_within_its_bounds_in_whole_steps_and_always_the_same(days: int, step: int, subject: str) -> None:
    shift = day_shift(subject, KEY, days=days, step=step)
    assert abs(shift) <= days
    assert shift % step == 0
    assert shift == day_shift(subject, KEY, days=days, step=step)


def test_shifts_are_spread_evenly() -> None:
    drawn = pd.Series([day_shift(f"person {number}", KEY, days=3) for number in range(7000)]).value_counts()
    assert sorted(drawn.index) == list(range(-3, 4))
    assert drawn.min() > 850  # a thousand each, give or take five standard deviations
