"""Claims on the catalogues and the headline: same keys in each language, ordinary spaces, no claim that the figures don't hold."""

from __future__ import annotations

import re
import string
import subprocess
import sys
from datetime import date
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadtime.cli import options
from leadtime.errors import UsageError
from leadtime.results import Estimate
from leadtime.words import CohortFacts, HeadlineFacts, Language, bias_note, headline, languages, words

LANGUAGES = languages()
ODD_SPACES = re.compile(r"[\u00a0\u2000-\u200f\u202f\u2028\u2029\u205f\u3000\u00ad\n\t]|  ")
FELL = {"en": "fell", "sv": "minskade"}
ROSE = {"en": "rose", "sv": "ökade"}
UNCLEAR = {"en": "could be shown", "sv": "kunde påvisas"}
DIFFERS = {"en": "Lead times differ", "sv": "Ledtiderna skiljer sig"}
DIRECTIONS = {"en": ("shorter", "longer"), "sv": ("kortare", "längre")}


def cohort(label, median, lower=None, upper=None, *, n=90, open=12, left=0, **others):
    return CohortFacts(label, n, open, left, Estimate(median, lower, upper, interval="log-log"), **others)


BEFORE = cohort("before", 806.6, 745.0, 880.0, completed_only_median=700.0)
AFTER = cohort("after", 258.7, 220.0, 300.0, n=80, open=9, completed_only_median=258.7)
UNREACHED = cohort("2021", None, 220.0, None, n=80, open=60, completed_only_median=200.0)


def facts(ratio=(0.321, 0.26, 0.40), p=0.00001, before=BEFORE, after=AFTER, **others):
    return HeadlineFacts(before, after, Estimate(*ratio, interval="mover"), p, **others)


def places(text):
    return sorted({name for _, name, _, _ in string.Formatter().parse(text) if name})


@pytest.mark.parametrize("language", LANGUAGES)
def test_catalogues_have_the_keys_and_places_of_the_english_one(language):
    english, other = words("en"), words(language)
    assert other.keys == english.keys
    assert set(other.plurals) == set(english.plurals)
    assert {key: places(text) for key, text in other.texts.items()} == {key: places(text) for key, text in english.texts.items()}
    for key, forms in other.plurals.items():
        assert {tuple(places(form)) for form in forms.values()} == {tuple(places(english.plurals[key]["other"]))}


@pytest.mark.parametrize("language", LANGUAGES)
def test_catalogue_texts_are_filled_with_ordinary_spaces(language):
    content = words(language)
    forms = [(key, form) for key, forms in content.plurals.items() for form in forms.values()]
    for key, text in [*content.texts.items(), *forms]:
        assert text.strip() == text != "", key
        assert not any(ODD_SPACES.search(line) for line in text.split("\n")), key


def test_no_sentence_is_left_in_english():
    sentence = re.compile(r"[a-z]{2,} [a-z]{2,} [a-z]{2,}")
    texts = {key: re.sub(r"\{.*?\}", "x", text) for key, text in words("sv").texts.items()}
    assert not [key for key, text in texts.items() if text == words("en").texts[key] and sentence.search(text)]


def test_an_unknown_language_is_named_with_those_there_are():
    with pytest.raises(UsageError, match=r"language='de' has no catalogue.*'en', 'sv'"):
        words("de")


@given(st.floats(min_value=-1e9, max_value=1e9), st.integers(0, 4), st.sampled_from(LANGUAGES), st.booleans())
def test_numbers_have_ordinary_spaces_and_their_decimals(value, digits, language, fixed):
    said = words(language).number(value, digits=digits, fixed=fixed)
    assert not ODD_SPACES.search(said)
    assert re.fullmatch(r"-?[0-9]{1,3}([ ,][0-9]{3})*([.,][0-9]+)?", said)
    plain = float(said.replace(" ", "").replace(",", ".") if language == "sv" else said.replace(",", ""))
    assert abs(plain - value) <= 0.5 * 10**-digits * (1 + 1e-6) + 1e-6


def test_numbers_dates_and_lists_follow_the_language():
    english, swedish = words("en"), words("sv")
    assert (english.integer(1342), swedish.integer(1342)) == ("1,342", "1 342")
    assert (english.number(2.675, digits=2), swedish.number(-0.01)) == ("2.68", "0")
    assert (english.percent(0.679), swedish.percent(0.5, digits=1)) == ("68 %", "50 %")
    assert (english.date(date(2020, 12, 31)), swedish.date(date(2020, 12, 31))) == ("31 December 2020", "31 december 2020")
    assert (english.join(["a", "b", "c"]), swedish.join(["a", "b", "c"])) == ("a, b and c", "a, b och c")
    assert (english.count("unit.case", 1), swedish.count("unit.case", 1342)) == ("1 case", "1 342 ärenden")


@pytest.mark.parametrize(
    ("p", "said"),
    [
        (0.0, "p < 0.001"), (0.00099, "p < 0.001"), (0.001, "p = 0.001"), (0.0499, "p = 0.0499"), (0.05, "p = 0.050"),
        (0.0501, "p = 0.0501"), (0.34, "p = 0.34"), (1.0, "p = 1.00"),
    ],
)  # fmt: skip
def test_p_values_are_never_rounded_to_zero_or_onto_the_limit(p, said):
    assert words("en").p_value(p) == said


def test_the_headline_of_the_pilot_in_both_languages():
    assert headline(facts()).startswith(
        "Median lead time fell from 2 years 2.5 months to 8.5 months: 68 % shorter (95 % CI 60 to 74 % shorter; log-rank p < 0.001)."
        " Median before: 95 % CI 2 years 0.5 months to 2 years 5 months; n = 90, of whom 12 still waiting."
    )
    assert headline(facts(), language="sv").startswith(
        "Ledtiden i median minskade från 2 år och 2,5 månader till 8,5 månader: "
        "68 % kortare (95 % KI 60 till 74 % kortare; log-rank p < 0,001)."
        " Medianen före: 95 % KI 2 år och 0,5 månader till 2 år och 5 månader; n = 90, varav 12 som fortfarande väntar."
    )


LIMITS = st.one_of(st.none(), st.floats(0.01, 1.0), st.floats(1.0, 20.0))


@given(st.floats(0.01, 20.0), LIMITS, LIMITS, st.one_of(st.none(), st.floats(0, 1)), st.sampled_from(LANGUAGES))
def test_a_change_is_claimed_only_if_interval_and_test_both_show_it(ratio, lower, upper, p, language):
    lower, upper = (None if lower is None else min(lower, ratio)), (None if upper is None else max(upper, ratio))
    said = headline(facts((ratio, lower, upper), p), language=language)
    tested = p is not None and p < 0.05
    fell, rose = tested and upper is not None and upper < 1, tested and lower is not None and lower > 1
    assert (FELL[language] in said) == fell
    assert (ROSE[language] in said) == rose
    assert (DIFFERS[language] in said) == (tested and not fell and not rose)
    assert (UNCLEAR[language] in said) == (not tested)
    # The words of a direction claim one, so they stand only where there is a claim; elsewhere the change has a sign.
    assert any(word in said for word in DIRECTIONS[language]) == (fell or rose)
    assert ("log-rank p" in said) == (p is not None)
    assert not ODD_SPACES.search(said)
    assert not re.search(r"None|nan|inf\b|\{|\}", said)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("before", "after"), [(BEFORE, UNREACHED), (UNREACHED, AFTER), (UNREACHED, UNREACHED)])
def test_an_unreached_median_is_said_in_words_and_no_p_value_stands_alone(before, after, language):
    said = headline(facts((None,), 0.003, before, after), language=language)
    assert {"en": "reached", "sv": "uppnå"}[language] in said
    assert "0.003" not in said
    assert "0,003" not in said
    assert FELL[language] not in said


def test_where_a_median_is_not_reached_the_restricted_mean_is_the_effect():
    unreached = {"ratio": (None,), "p": 0.003, "after": UNREACHED, "tau": 700.0}
    said = headline(facts(**unreached, restricted_mean_difference=Estimate(-200.0, -300.0, -100.0)))
    assert "Within 1 year 11 months of the start, mean lead time fell: 6.5 months shorter (95 % CI 3.5 months shorter" in said
    assert "to 10 months shorter; log-rank p = 0.003)." in said
    said = headline(facts(**unreached, restricted_mean_difference=Estimate(-200.0, -300.0, 100.0)))
    assert "lead times differ between the cohorts, but how much the mean changed is uncertain: -6.5 months (95 % CI -10 months to" in said
    said = headline(facts(**{**unreached, "p": 0.3}, restricted_mean_difference=Estimate(-200.0, -300.0, 100.0)))
    assert "no difference in mean lead time could be shown: -6.5 months" in said


def test_open_limits_are_said_in_words():
    assert "95 % CI 10 % shorter to no limit on the shorter side" in headline(facts((0.5, None, 0.9), 0.01))
    assert "100 % longer (95 % CI 20 % longer to no limit on the longer side" in headline(facts((2.0, 1.2, None), 0.01))
    assert "-50 % (95 % CI -80 % to no upper limit; log-rank p = 0.010)" in headline(facts((0.5, 0.2, None), 0.01))
    assert "-50 % (95 % CI no lower limit to +20 %; log-rank p = 0.40)" in headline(facts((0.5, None, 1.2), 0.4))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_change_from_a_median_of_0_is_told_by_restricted_means_and_never_denied(language):
    at_once = cohort("before", 0.0, None, None, open=0)
    change = {"tau": 365.25, "restricted_mean_difference": Estimate(90.0, 80.0, 100.0, interval="normal")}
    said = headline(facts((None, None, None), 0.0001, before=at_once, **change), language=language)
    assert ROSE[language] in said
    assert UNCLEAR[language] not in said
    assert UNCLEAR[language] not in headline(facts((None, None, None), 0.0001, before=at_once), language=language)


def test_an_interval_that_ties_leave_open_is_not_blamed_on_the_unfinished():
    done = [cohort(name, 10.0, None, None, open=0) for name in ("before", "after")]
    said = headline(facts((1.0, None, None), None, *done))
    assert "(95 % CI open at both ends)" in said
    assert "too few have finished" in headline(facts((1.0, None, None), None, done[0], AFTER))


def test_a_small_p_beside_an_interval_open_at_both_ends_claims_a_difference_of_unknown_size():
    said = headline(facts((0.6, None, None), 0.0004))
    assert said.startswith(
        "Lead times differ between the cohorts, but how much the median changed is uncertain: it went from 2 years 2.5 months"
    )
    assert "-40 % (95 % CI open at both ends, as too few have finished; log-rank p < 0.001)" in said
    said = headline(facts((0.6, None, None), 0.0004), language="sv")
    assert "-40 % (95 % KI öppet åt båda håll, eftersom för få har blivit klara; log-rank p < 0,001)" in said


def test_cohorts_that_are_not_comparable_get_no_change_and_no_p_value():
    said = headline(facts(comparable=False))
    assert said.startswith("The cohorts are not comparable")
    assert not re.search(r"shorter|longer|fell|p [<=]", said)


def test_the_declared_restricted_mean_leads_the_headline():
    means = {"restricted_mean": Estimate(500.0, interval="skewed t")}
    change = {
        "statistic": "restricted_mean",
        "tau": 700.0,
        "restricted_mean_difference": Estimate(-200.0, -300.0, -100.0, interval="skewed t"),
    }
    before = cohort("before", 806.6, 745.0, 880.0, **means)
    after = cohort("after", 258.7, 220.0, 300.0, restricted_mean=Estimate(300.0, interval="skewed t"))
    said = headline(facts(before=before, after=after, p=0.003, test="permutation_restricted_mean", **change))
    assert said.startswith("Within 1 year 11 months of the start, mean lead time fell from 1 year 4.5 months to 10 months: 6.5 months")
    assert "permutation test of restricted means p = 0.003" in said
    assert "Student's t (widened for skewness) for the change" in said
    assert headline(facts(p=0.003, statistic="restricted_mean")).startswith("No horizon can be had")


@pytest.mark.parametrize(
    ("language", "says"), [("en", "limits: log-log for the medians, MOVER for the change"), ("sv", "gränser: log-log")]
)
def test_the_kinds_of_all_intervals_are_named(language, says):
    assert says in headline(facts(), language=language)


def test_medians_without_a_ratio_or_tau_claim_nothing():
    said = headline(facts((None,), 0.01))
    assert said.startswith("The median lead times are 2 years 2.5 months and 8.5 months; their ratio is not computable")
    assert "p = " not in said
    leaving = cohort("after", 258.7, 220.0, 300.0, left=10, left_probability=0.12, done=Estimate(0.8))
    assert "More than a tenth" not in headline(facts(after=leaving))
    staying = cohort("before", 806.6, 745.0, 880.0, done=Estimate(0.5))
    assert "50 % had finished before and 80 % after" in headline(facts(before=staying, after=leaving, tau=730.5))


def test_the_same_median_is_no_change():
    said = headline(facts((1.0, 0.8, 1.2), 0.9))
    assert "no change (95 % CI -20 % to +20 %; log-rank p = 0.90)" in said


def test_a_limit_close_to_no_change_is_not_rounded_onto_it():
    assert "95 % CI 0.2 to 74 % shorter" in headline(facts((0.321, 0.26, 0.998), 0.02))


def test_the_share_done_is_added_where_over_a_tenth_left():
    leaving = cohort("after", 258.7, 220.0, 300.0, left=10, done=Estimate(0.8, 0.7, 0.9), left_probability=0.12)
    staying = cohort("before", 806.6, 745.0, 880.0, done=Estimate(0.5, 0.4, 0.6), left_probability=0.0)
    said = headline(facts(before=staying, after=leaving, tau=730.5))
    assert "within 2 years, 50 % (95 % CI 40 to 60 %) had finished before and 80 % (95 % CI 70 to 90 %) after" in said
    assert "of whom 12 still waiting and 10 who left before finishing" in said
    assert "More than a tenth" not in headline(facts(before=staying, after=AFTER, tau=730.5))


def test_cohorts_that_are_not_called_before_and_after_keep_their_names():
    said = headline(facts(after=cohort("Team 2021", 258.7, 220.0, 300.0)), language="sv")
    assert "Medianen efter (Team 2021): " in said
    assert "Medianen före: " in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_completed_only_figure_is_named_as_biased_with_its_bias(language):
    said = bias_note(facts(), language=language)
    assert said.startswith({"en": "Biased", "sv": "Snedvridet"}[language])
    assert {"en": "3.5 months shorter than the estimate", "sv": "3,5 månader kortare än skattningen"}[language] in said
    assert bias_note(facts(after=cohort("after", 258.7)), language=language) == ""
    unknown = bias_note(facts(after=UNREACHED), language=language)
    assert {"en": "the estimate is not reached", "sv": "skattningen är inte uppnådd"}[language] in unknown


def test_importing_the_words_does_not_import_babel():
    code = "import sys, leadtime.words; leadtime.words.words('sv'); sys.exit('babel' in sys.modules or 'pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_languages_of_annotations_and_of_the_command_line_are_those_with_a_catalogue() -> None:
    assert get_args(Language) == languages()
    assert options.Language == Language
