"""Claims on written dates: each spelling's bounds, and what a column decides for all its texts (DEFINITIONS 1.2, 1.4; DESIGN 3)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadtime.durations import DateRules, DateValue, read_dates, read_moment
from leadtime.errors import InputError, UsageError

EPOCH = date(1970, 1, 1)
HOUR = 3_600_000_000
DAYS = st.dates(min_value=date(1800, 1, 1), max_value=date(2200, 12, 31))
SWEDISH = "januari februari mars april maj juni juli augusti september oktober november december".split()  # noqa: SIM905
ENGLISH = "January February March April May June July August September October November December".split()  # noqa: SIM905


def bounds(text, **options):
    value = read_dates([text], **options).values.get(text)
    return None if value is None else tuple((EPOCH + timedelta(day)).isoformat() for day in (value.lower_day, value.upper_day))


@pytest.mark.parametrize(
    "text",
    [
        "2019-03-14", "2019/03/14", "2019/3/14", "2019.03.14", "20190314", "14/3 2019", "14/3/2019", "14-03-2019",
        "14.3.2019", "3/14/2019", "14 mars 2019", "14 mar 2019", "14 MARS  2019.", "14\u00a0mars\u00a02019", "den 14 mars 2019",
        "den 14:e mars 2019", "March 14, 2019", "Mar. 14 2019", "14th of March 2019", "14-Mar-2019", "14mars2019", "190314",
        "14/3-19", "14/3 -19", "14/3-2019", "14 mars -19", "14 mars '19", "14-MAR-19", "tors 14 mars 2019", "Torsdagen den 14 mars 2019",
        "Thu, 14 Mar 2019", "2019-W11-4", " 2019-03-14 ", "2019‐03‐14",
    ],
)  # fmt: skip
def test_full_dates_are_read(text):
    assert bounds(text) == ("2019-03-14", "2019-03-14")


@pytest.mark.parametrize(
    ("text", "lower", "upper"),
    [
        ("2019-08", "2019-08-01", "2019-08-31"), ("augusti 2019", "2019-08-01", "2019-08-31"), ("aug 2019", "2019-08-01", "2019-08-31"),
        ("Aug. 2019", "2019-08-01", "2019-08-31"), ("8/2019", "2019-08-01", "2019-08-31"), ("feb 2020", "2020-02-01", "2020-02-29"),
        ("v 10 2021", "2021-03-08", "2021-03-14"), ("v. 10 2021", "2021-03-08", "2021-03-14"),
        ("vecka 10, 2021", "2021-03-08", "2021-03-14"),
        ("2021-W10", "2021-03-08", "2021-03-14"), ("2021 v 10", "2021-03-08", "2021-03-14"), ("v 53 2020", "2020-12-28", "2021-01-03"),
        ("vår 2022", "2022-03-01", "2022-05-31"), ("sommar 2021", "2021-06-01", "2021-08-31"), ("hösten 2021", "2021-09-01", "2021-11-30"),
        ("vinter 2021", "2021-12-01", "2022-02-28"), ("vintern 2019/2020", "2019-12-01", "2020-02-29"),
        ("220701-221130", "2022-07-01", "2022-11-30"), ("220701 – 221130", "2022-07-01", "2022-11-30"),
        ("2018 augusti – december", "2018-08-01", "2018-12-31"), ("2018 augusti - december", "2018-08-01", "2018-12-31"),
        ("2018 augusti-december", "2018-08-01", "2018-12-31"),
        ("2019 (sept –dec)", "2019-09-01", "2019-12-31"),
        ("aug–dec 2019", "2019-08-01", "2019-12-31"), ("14 mars - 18 april 2019", "2019-03-14", "2019-04-18"),
        ("2019-03-14 till 2019-03-18", "2019-03-14", "2019-03-18"), ("2019-03-14 - 2019-03-18", "2019-03-14", "2019-03-18"),
        ("årsskiftet 2022/2023", "2022-12-15", "2023-01-15"), ("årsskiftet 2022/23", "2022-12-15", "2023-01-15"),
        ("2021 Q3", "2021-07-01", "2021-09-30"), ("kvartal 3 2021", "2021-07-01", "2021-09-30"), ("Q3 2021", "2021-07-01", "2021-09-30"),
        ("2021K3", "2021-07-01", "2021-09-30"), ("1–3 mars 2019", "2019-03-01", "2019-03-03"),
        ("årsskiftet 22/23", "2022-12-15", "2023-01-15"),
        ("H1 2020", "2020-01-01", "2020-06-30"), ("2020 H2", "2020-07-01", "2020-12-31"), ("2020-H1", "2020-01-01", "2020-06-30"),
        ("första halvåret 2020", "2020-01-01", "2020-06-30"), ("Andra halvåret av 2020", "2020-07-01", "2020-12-31"),
        ("2:a halvåret 2020", "2020-07-01", "2020-12-31"), ("the first half of 2020", "2020-01-01", "2020-06-30"),
        ("2nd half of 2020", "2020-07-01", "2020-12-31"), ("H1 2020 - H1 2021", "2020-01-01", "2021-06-30"),
        ("Början av maj 2020", "2020-05-01", "2020-05-31"), ("i mitten av maj 2020", "2020-05-01", "2020-05-31"),
        ("slutet på våren 2020", "2020-03-01", "2020-05-31"), ("late May 2020", "2020-05-01", "2020-05-31"),
        ("mid-May 2020", "2020-05-01", "2020-05-31"), ("the beginning of May 2020", "2020-05-01", "2020-05-31"),
        ("slutet av 2020", "2020-01-01", "2020-12-31"),
        ("2021", "2021-01-01", "2021-12-31"), ("2021-2022", "2021-01-01", "2022-12-31"),
    ],
)  # fmt: skip
def test_partial_dates_keep_their_bounds(text, lower, upper):
    assert bounds(text) == (lower, upper)
    assert read_moment(text).is_partial


@pytest.mark.parametrize(
    "text",
    [
        "3/14-2019", "fre 14 mars 2019", "3-1 mars 2019", "mån mars 2019", "20190314250000", "201903140830",
        "", " ", "unknown", "okänt", "x 2019", "2019-02-30", "31/4 2019", "2019-13-01", "2019-00-10", "2019-08-00",
        "1799-12-31", "2201-01-01", "0000-01-01", "2019-03-14 24:00", "2019-03-14 12:60", "2019-03-14 9", "aug 2019 14:05", "14:05",
        "v 53 2021", "v 0 2021", "43538", "221130-220701", "årsskiftet 2022/2024", "sommar 2021/2022", "3/14 2019", "13.14.2019",
        "2019-03-14 10:00+15:00", "2019-03-14 10:00+01:75", "2019-03-14 13:00 pm", "2019-03-14 10:00:61", "1" * 500,
        "ring 14 mars 2019", "ca mars 2020", "circa 2020", "~2020-03-14", "omkring 14 mars 2020", "början av 14 mars 2020", "H3 2020", "H1",
        "första halvåret", "tredje halvåret 2020", "början av maj", "slutet av 3/4/2020", "mån " * 2000 + "2019-03-14",
        "early " * 2000 + "May 2020", "2019-03-14\n2019-03-15", "2019-03-14 0:30 PM", "2019-08-15 - aug 2019", "aug 2019 - 2019-08-15",
    ],
)  # fmt: skip
def test_what_is_no_date_is_unread_and_named(text):
    reading = read_dates([text, "2019-03-14"])
    assert reading.unread == (text,)
    assert set(reading.values) == {"2019-03-14"}


def test_dates_that_systems_write_for_none_are_read_for_the_checks_to_find():
    assert bounds("9999-12-31") == ("9999-12-31", "9999-12-31")
    assert not read_dates(["0001-01-01", "1601-01-01", "1753-01-01", "2999-12-31"]).unread
    near = ["0001-01-02", "1601-01-02", "1753-02-01", "2999-12-30", "9999-12-30", "9999-11-31"]
    assert list(read_dates(near).unread) == near


@pytest.mark.parametrize(
    ("clock", "time_us", "offset_us"),
    [
        (" 14:05", 14 * HOUR + HOUR // 12, None), ("T14:05", 14 * HOUR + HOUR // 12, None), (" kl 14:05", 14 * HOUR + HOUR // 12, None),
        (" kl. 14.05", 14 * HOUR + HOUR // 12, None), (" kl 9", 9 * HOUR, None),
        (" kl. 09", 9 * HOUR, None), (", 14:05", 14 * HOUR + HOUR // 12, None), (" 2:05 PM", 14 * HOUR + HOUR // 12, None),
        (" 12:00 am", 0, None), (" 1:00 AM", HOUR, None), (" 12:00 pm", 12 * HOUR, None),
        (" 00:00", 0, None), (" 00:00:01", 1_000_000, None), ("T00:00:00.5", 500_000, None),
        (" 00:00:00,000001", 1, None), ("T00:00:00.1234567", 123_456, None), ("T00:00Z", 0, 0), (" 00:00:00 UTC", 0, 0),
        ("T00:00+01:00", 0, HOUR), ("T00:00-0530", 0, -5 * HOUR - HOUR // 2), (" 00:00:00+02", 0, 2 * HOUR), (" 9:00", 9 * HOUR, None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("day", ["2019-03-14", "14.3.2019", "14 mars 2019", "20190314"])
def test_a_clock_time_may_follow_a_full_date(day, clock, time_us, offset_us):
    number = (date(2019, 3, 14) - EPOCH).days
    assert read_moment(day + clock) == DateValue(number, number, time_us, offset_us)


@pytest.mark.parametrize("day", ["14.3.2019", "14/3 2019", "14 mars 2019", "2019-03-14", "den 14 mars 2019,"])
def test_a_dot_parts_hours_and_minutes_behind_a_year(day):
    assert read_moment(f"{day} 9.30") == read_moment("2019-03-14 09:30")
    assert read_dates([f"{day} 9", f"{day} 9.3", "mars 2019 9.30", "3/2019 9.30"]).values == {}


@given(DAYS)
def test_every_day_reads_the_same_in_every_unambiguous_spelling(day):
    spellings = [
        day.isoformat(), f"{day:%Y%m%d}", f"{day.year}/{day.month}/{day.day}", f"{day.day}/{day.month} {day.year}",
        f"{day.day}.{day.month}.{day.year}", f"{day.day} {SWEDISH[day.month - 1]} {day.year}",
        f"{ENGLISH[day.month - 1]} {day.day}, {day.year}", f"{day.day} {SWEDISH[day.month - 1][:3]} {day.year}",
    ]  # fmt: skip
    reading = read_dates(spellings)
    assert not reading.unread
    assert reading.order is None
    assert {(value.lower_day, value.upper_day) for value in reading.values.values()} == {((day - EPOCH).days,) * 2}


@given(st.lists(DAYS, min_size=1, max_size=8, unique=True), st.sampled_from(["dmy", "mdy"]))
def test_a_column_is_read_in_its_order_or_refused_never_in_the_other(days, order):
    form = "{0.day}/{0.month}/{0.year}" if order == "dmy" else "{0.month}/{0.day}/{0.year}"
    texts = {form.format(day): day for day in days}
    try:
        reading = read_dates(texts)
    except InputError as error:
        assert "ambiguous" in str(error)  # noqa: PT017 - refusal is one of two right outcomes
        assert all(day.day <= 12 for day in days)
        return
    assert {text: EPOCH + timedelta(value.lower_day) for text, value in reading.values.items()} == texts


def test_the_order_is_decided_once_for_the_column():
    assert bounds("3/4/2019", date_order="dmy") == ("2019-04-03", "2019-04-03")
    reading = read_dates(["3/4/2019", "4/25/2019"])
    assert reading.order == "mdy"
    assert reading.values["3/4/2019"] == read_moment("2019-03-04")
    assert read_dates(["5/5/2019"]).order is None
    assert read_dates(["5/5/2019"], date_order="dmy").order is None
    assert read_dates(["14/3/2019"]).order == read_dates(["3/4/2019"], date_order="dmy").order == "dmy"


def test_an_ambiguous_column_is_an_error_that_says_how_to_decide():
    with pytest.raises(InputError, match=r"'Datum'.*ambiguous in '3/4/2019', '1/2/2019', '5/6/2019', and.*=\"dmy\"") as caught:
        read_dates(["3/4/2019", "1/2/2019", "5/6/2019", "7/8/2019", "5/5/2019"], column="Datum")
    assert "7/8/2019" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_column_that_proves_both_orders_is_an_error_that_shows_both():
    with pytest.raises(InputError, match=r"'14/3/2019' must be day first but '3/14/2019' must be month first; mend"):
        read_dates(["3/4/2019", "14/3/2019", "3/14/2019"])
    reading = read_dates(["14/3/2019", "3/14/2019"], date_order="dmy")
    assert reading.unread == ("3/14/2019",)


def test_an_impossible_date_proves_nothing():
    reading = read_dates(["31/31/2019", "14/3/2019", "3/4/2019"])
    assert (reading.order, reading.unread) == ("dmy", ("31/31/2019",))


def test_the_swedish_way_and_dots_are_day_first_in_a_month_first_column():
    reading = read_dates(["4/25/2019", "3/4 2019", "3.4.2019"])
    assert reading.values["3/4 2019"] == reading.values["3.4.2019"] == read_moment("2019-04-03")


def test_two_digit_years_follow_the_pivot_and_the_columns_order():
    assert bounds("690314") == ("2069-03-14", "2069-03-14")
    assert bounds("700314") == ("1970-03-14", "1970-03-14")
    assert bounds("690314", pivot=25) == ("1969-03-14", "1969-03-14")
    reading = read_dates(["31-12-98", "30-01-69", "01-02-03"])
    assert reading.order == "dmy"
    assert reading.values["01-02-03"] == read_moment("2003-02-01")
    assert read_dates(["99-12-31", "01-02-03"]).order == "ymd"


def test_two_digit_triples_that_leave_no_common_order_are_a_contradiction():
    with pytest.raises(InputError, match="must be"):
        read_dates(["31-12-98", "99-12-31"])


def test_six_digits_are_yymmdd_unless_the_column_can_only_be_months():
    assert read_dates(["201908", "201012"]).values["201012"] == read_moment("2010-12")
    reading = read_dates(["201908", "560312", "201012"])
    assert reading.unread == ("201908",)
    assert reading.values["201012"] == read_moment("2020-10-12")


def test_an_order_that_does_not_exist_is_refused():
    with pytest.raises(UsageError, match=r"date_order='ydm'.*'dmy'|did you mean"):
        read_dates([], date_order="ydm")
    with pytest.raises(InputError, match=r"'soon' is no date.*2020-12-31"):
        read_moment("soon")


@given(st.text(max_size=30))
def test_no_text_makes_it_fail_or_goes_missing(text):
    reading = read_dates([text], date_order="dmy")
    assert (text in reading.values) != (text in reading.unread)
    for value in reading.values.values():
        assert value.lower_day <= value.upper_day


@given(st.text(alphabet="0123456789/-.: TZaprmv–q+", max_size=24))
def test_no_digits_make_it_fail_or_go_missing(text):
    reading = read_dates([text], date_order="mdy")
    assert (text in reading.values) != (text in reading.unread)


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("20190314083015", "08:30:15"), ("20190314T083015", "08:30:15"), ("20190314 0830", "08:30:00"), ("2019-03-14 08.30", "08:30:00"),
        ("20190314T083015Z", "08:30:15"), ("20190314083015+0100", "08:30:15"), ("Thu, 14 Mar 2019 08:30:15 +0100", "08:30:15"),
    ],
)  # fmt: skip
def test_clock_times_as_hl7_iso_and_mail_write_them_are_read(text, clock):
    value = read_dates([text]).values[text]
    assert value.lower_day == value.upper_day == 17969
    assert str(timedelta(microseconds=value.time_us)).zfill(8) == clock
    assert (value.offset_us is None) is (text[-1] != "Z" and "+" not in text)


def test_a_named_weekday_decides_what_the_order_leaves_open():
    # 3 April 2019 was a Wednesday, 4 March 2019 a Monday.
    assert bounds("ons 3/4/2019") == ("2019-04-03", "2019-04-03")
    assert bounds("Mon 3/4/2019") == ("2019-03-04", "2019-03-04")
    assert "pivot" in read_dates(["14/3-19"]).assumed
    assert bounds("14/3-19", pivot=18) == ("1919-03-14", "1919-03-14")


def test_a_pivot_of_99_puts_all_two_digit_years_in_the_2000s_and_says_so():
    rules = DateRules(pivot=99)
    assert (rules.year_of("00"), rules.year_of("99"), rules.year_of("1985")) == (2000, 2099, 1985)
    assert rules.in_words("pivot") == "two-digit years = 2000-2099"
    assert DateRules(pivot=98).in_words("pivot") == "two-digit years 99-99 = 1999-1999 and 00-98 = 2000-2098"


def test_clock_times_and_offsets_at_their_last_minute_are_read_and_past_it_not():
    last = {
        "23:59:59.999999": 24 * HOUR - 1,
        "12:59 am": 59 * HOUR // 60,
        "12:59 pm": 12 * HOUR + 59 * HOUR // 60,
        "11:59 pm": 23 * HOUR + 59 * HOUR // 60,
    }
    assert [read_moment(f"2019-03-14 {text}").time_us for text in last] == list(last.values())
    offsets = {"+14:00": 14 * HOUR, "-14:00": -14 * HOUR, "+13:59": 14 * HOUR - HOUR // 60, "+00:59": 59 * HOUR // 60, "gmt": 0}
    assert [read_moment(f"2019-03-14T10:00:00{text}").offset_us for text in offsets] == list(offsets.values())
    wrong = ["08:00-09:00", "24:00:00", "23:60", "23:59:60", "13:00 am", "0:59 am", "10:00:00+14:01", "10:00:00-14:01", "10:00:00+00:60"]
    assert read_dates([f"2019-03-14 {text}" for text in wrong]).values == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1800-01-01", ("1800-01-01", "1800-01-01")), ("2200-12-31", ("2200-12-31", "2200-12-31")), ("1799", None), ("2201", None),
        ("jan 1800", ("1800-01-01", "1800-01-31")), ("dec 2200", ("2200-12-01", "2200-12-31")), ("1800", ("1800-01-01", "1800-12-31")),
        ("v 1 1800", ("1799-12-30", "1800-01-05")), ("v 53 2200", None), ("v 52 2200", ("2200-12-22", "2200-12-28")), ("v 1 2201", None),
        ("2019-W11-1", ("2019-03-11", "2019-03-11")), ("2019-W11-7", ("2019-03-17", "2019-03-17")),
        ("2019-12", ("2019-12-01", "2019-12-31")),
        ("vinter 2200", ("2200-12-01", "2201-02-28")), ("Q1 2019", ("2019-01-01", "2019-03-31")), ("Q4 2019", ("2019-10-01", "2019-12-31")),
        ("ht 21", ("2021-08-01", "2021-12-31")), ("årsskiftet 1999/00", ("1999-12-15", "2000-01-15")),
        ("vinter 99/00", ("1999-12-01", "2000-02-29")),
        ("sommaren 2019/2020", None), ("1-1 mars 2019", ("2019-03-01", "2019-03-01")), ("mars-mars 2019", ("2019-03-01", "2019-03-31")),
        ("2019-2019", ("2019-01-01", "2019-12-31")), ("2020-2019", None), ("dec-jan 2019", None),
        ("mars 2019 - 2019-03-31", ("2019-03-01", "2019-03-31")), ("mån 11 mars 2019", ("2019-03-11", "2019-03-11")),
        ("sön 17 mars 2019", ("2019-03-17", "2019-03-17")), ("mån 12 mars 2019", None),
    ],
)  # fmt: skip
def test_spellings_at_the_edges_of_what_they_mean(text, expected):
    assert bounds(text) == expected


def test_a_texts_length_is_bounded_by_what_a_range_in_words_needs():
    text = "den 14 september 2019"
    assert bounds(text + " " * 500) == bounds(text)
    assert bounds("x" * 500) is None


@pytest.mark.parametrize("pivot", [0, 99])
def test_the_first_and_last_pivot_are_allowed(pivot):
    assert DateRules(pivot=pivot).year_of("00") == 2000
    assert DateRules(pivot=0).year_of("01") == 1901


def test_seasons_and_the_turn_of_the_year_may_be_as_long_as_they_make_sense():
    for months in ((1, 1), (1, 12), (12, 12), (12, 23)):
        assert DateRules(seasons={"summer": months}).months_of("summer") == months
    for months in ((0, 3), (13, 14), (5, 4), (1, 13), (12, 24)):
        with pytest.raises(UsageError, match="seasons: summer"):
            DateRules(seasons={"summer": months})
    assert bounds("årsskiftet 2019/2020", rules=DateRules(turn_of_year=(1, 31))) == ("2019-12-01", "2020-01-31")
    assert DateRules(turn_of_year=(31, 1)).in_words("turn_of_year") == "turn of the year = 31 December to 1 January"
    assert DateRules(seasons={"winter": (11, 15)}).in_words("winter") == "winter = November to March"
    assert DateRules().in_words("spring_term") == "spring term = January to June"
    for wrong in ((0, 15), (15, 0), (32, 15), (15, 32)):
        with pytest.raises(UsageError, match="turn_of_year"):
            DateRules(turn_of_year=wrong)


def test_numbers_are_days_of_excel_up_to_the_end_of_2099_and_may_round_to_the_next_day():
    def days(*texts, **rules):
        return {
            text: (value.lower_day, value.time_us)
            for text, value in read_dates(texts, numeric=True, rules=DateRules(**rules)).values.items()
        }

    assert days("73050", "10000") == {"73050": ((date(2099, 12, 31) - EPOCH).days, None), "10000": ((date(1927, 5, 18) - EPOCH).days, None)}
    assert days("73051", "43538") == {}
    assert days("43538.99999999999", "43539") == {"43538.99999999999": (17970, 0), "43539": (17970, 0)}
    assert days("43538,25") == {"43538,25": (17969, 6 * HOUR)}
    assert days("50101", "51301") == {"50101": (24532, None), "51301": (25732, None)}  # the second is no yymmdd, so neither is
    assert days("50101.5")["50101.5"] == (24532, 12 * HOUR)
    for short in ("50101", "51231", "50228", "40229"):
        with pytest.raises(InputError, match=f"'{short}'"):
            days(short)
    for no_day in ("50001", "51301", "50100", "50229", "51232"):
        assert len(days(no_day)) == 1
    assert days("43538", serials="none") == {}
    assert days("42076", serials="1904") == {"42076": (17969, None)}
