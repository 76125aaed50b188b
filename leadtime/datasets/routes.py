"""The two routes that a synthetic child may take: one unit after another by referral, or through the small-children team."""

from __future__ import annotations

from leadtime.datasets.journal import Journal
from leadtime.datasets.model import (
    BUP,
    BVC,
    CHAIN,
    HABILITATION,
    MEDICINE,
    PRESCHOOL,
    PSYCHOLOGY,
    REHABILITATION,
    SPECIALIST_BVC,
    SPEECH,
    TEAM,
    Specialist,
    Unit,
)

__all__ = ["ordinary_route", "team_route"]

# How a referral to a specialist fares at first: the rest is accepted at once.
_OUTCOMES = (("accepted", 0.72), ("returned", 0.12), ("refused", 0.06), ("forwarded", 0.06), ("closed", 0.04))


def ordinary_route(journal: Journal) -> None:
    """Lets a child meet one unit after another, each by a new referral, to a diagnosis and an intervention."""
    _detection(journal)
    sender = BVC
    for specialist in _chain(journal):
        _refer(journal, sender, specialist.unit)
        _assess(journal, specialist)
        sender = _who_refers_next(journal, specialist.unit)
    _outcome(journal)


def team_route(journal: Journal) -> None:
    """Lets a child meet a physician at the specialist BVC, then the whole team at once, then get a plan and interventions."""
    draws = journal.draws
    _detection(journal)
    _accepted_at_once(journal, BVC, SPECIALIST_BVC)
    journal.wait(24)
    if draws.chance(0.06):
        journal.missed(SPECIALIST_BVC, "Läkarbesök", "läkare")
        journal.wait(20)
    journal.contact(SPECIALIST_BVC, "Läkarbesök", "läkare", purpose="assessment")
    _accepted_at_once(journal, SPECIALIST_BVC, TEAM)
    _form(journal, TEAM, share=0.5)
    members = _team(journal)
    journal.wait(38)
    journal.joint_meeting("Teammöte", members, TEAM, purpose="assessment")
    if draws.chance(0.45):
        journal.wait(35)
        journal.joint_meeting("Teammöte", members, TEAM, purpose="follow-up")
    journal.wait(24)
    journal.joint_meeting("SIP-möte", [(TEAM, "samordnare"), (PRESCHOOL, "specialpedagog"), *members[:1]], TEAM, purpose="plan")
    _feedback(journal, TEAM, to_raiser=0.9)
    _team_outcome(journal)


def _detection(journal: Journal) -> None:
    """Writes the detection at BVC or preschool, and what the first units try on their own."""
    draws = journal.draws
    at_preschool = draws.chance(0.3)
    if at_preschool:
        journal.contact(PRESCHOOL, "Upptäckt", "förskollärare", purpose="screening")
        journal.wait(18)
        journal.contact(PRESCHOOL, "Samtal förskola", "specialpedagog", purpose="follow-up")
    else:
        journal.contact(BVC, "Upptäckt", "sjuksköterska", purpose="screening")
    for _ in range(draws.whole(1, 2 if journal.child.route == "ordinary" else 1)):
        journal.wait(25)
        journal.contact(BVC, "Besök BVC", "sjuksköterska", purpose="follow-up")


def _chain(journal: Journal) -> list[Specialist]:
    """Gives the child's specialists in turn; at least two, now and then with two neighbours in the other order."""
    drawn = [(specialist, journal.draws.uniform()) for specialist in CHAIN]
    chosen = [specialist for specialist, number in drawn if number < specialist.share]
    if len(chosen) < 2:
        chosen = list(CHAIN[1:3])
    swap, at = journal.draws.chance(0.25), journal.draws.whole(0, 10_000) % (len(chosen) - 1)
    if swap:
        chosen[at], chosen[at + 1] = chosen[at + 1], chosen[at]
    return chosen


def _refer(journal: Journal, sender: Unit, receiver: Unit) -> None:
    """Writes a referral until it is accepted: at once, or after it was returned, refused, forwarded or closed."""
    journal.wait(12)
    outcome = journal.draws.pick([name for name, _ in _OUTCOMES], [share for _, share in _OUTCOMES])
    referral = journal.new_referral()
    if outcome == "forwarded":
        wrong = next(unit for unit in (PSYCHOLOGY, MEDICINE) if unit is not receiver)
        _sent(journal, sender, wrong, referral)
        journal.referral(wrong, "forwarded", referral, receiver)
    else:
        _sent(journal, sender, receiver, referral)
        if outcome != "accepted":
            journal.referral(receiver, outcome, referral, receiver)
            journal.wait(28)
            referral = referral if outcome == "returned" else journal.new_referral()
            _sent(journal, sender, receiver, referral)
    if outcome == "forwarded":
        journal.wait(6)
        journal.referral(receiver, "received", referral, receiver)
        journal.wait(14)
    journal.referral(receiver, "accepted", referral, receiver)


def _sent(journal: Journal, sender: Unit, receiver: Unit, referral: str) -> None:
    """Writes that a referral was sent and received, and stops on the day of its decision."""
    journal.referral(sender, "sent", referral, receiver)
    journal.wait(6)
    journal.referral(receiver, "received", referral, receiver)
    journal.wait(14)


def _accepted_at_once(journal: Journal, sender: Unit, receiver: Unit) -> None:
    """Writes a referral within the team's own flow: it is received and accepted on one day."""
    journal.wait(6)
    referral = journal.new_referral()
    journal.referral(sender, "sent", referral, receiver)
    journal.wait(6)
    journal.referral(receiver, "received", referral, receiver)
    journal.referral(receiver, "accepted", referral, receiver)


def _form(journal: Journal, unit: Unit, *, share: float) -> None:
    """Writes the forms that some families fill in before they are seen."""
    if journal.draws.chance(share):
        journal.wait(10)
        journal.note(unit, "Formulär", "administratör")


def _assess(journal: Journal, specialist: Specialist) -> None:
    """Writes the queue to a specialist and the visits there, with a missed one now and then."""
    draws, unit = journal.draws, specialist.unit
    _form(journal, unit, share=0.65)
    journal.wait(specialist.queue_days)
    for visit in range(draws.whole(*specialist.visits)):
        if visit:
            journal.wait(28)
        if draws.chance(0.06):
            journal.missed(unit, specialist.activity, specialist.profession)
            journal.wait(30)
        journal.contact(unit, specialist.activity, specialist.profession, purpose="assessment")
    again = {BUP: ("Bedömning psykolog", "psykolog", 0.5), HABILITATION: ("Läkarbesök", "läkare", 0.4)}.get(unit)
    if again is not None and draws.chance(again[2]):
        # Another unit did this assessment before: what one unit found isn't always trusted, or known, by the next.
        journal.wait(35)
        journal.contact(unit, again[0], again[1], purpose="assessment")
    if unit is SPEECH and draws.chance(0.08):
        _interventions(journal, SPEECH, "logoped", visits=2)
    if draws.chance(0.35):
        _feedback(journal, unit, to_raiser=0.4)


def _who_refers_next(journal: Journal, unit: Unit) -> Unit:
    """Gives the unit that writes the next referral: the last one, or BVC, to which the child was sent back."""
    if journal.draws.chance(0.3):
        journal.wait(30)
        journal.contact(BVC, "Besök BVC", "sjuksköterska", purpose="follow-up")
        return BVC
    return unit


def _feedback(journal: Journal, unit: Unit, *, to_raiser: float) -> None:
    """Writes feedback to the family, and sometimes to the unit that raised the concern."""
    journal.wait(12)
    journal.note(unit, "Återkoppling familj", feedback_to="family", purpose="feedback")
    if journal.draws.chance(to_raiser):
        journal.note(unit, "Återkoppling remittent", feedback_to="raiser")


def _outcome(journal: Journal) -> None:
    """Writes the end of the ordinary route: most get a diagnosis first, some help without one."""
    draws = journal.draws
    diagnosing, profession = draws.pick(((MEDICINE, "läkare"), (HABILITATION, "läkare"), (BUP, "läkare")), (0.5, 0.25, 0.25))
    helping, helper = draws.pick(((HABILITATION, "specialpedagog"), (SPEECH, "logoped"), (PRESCHOOL, "specialpedagog")), (0.5, 0.3, 0.2))
    if draws.chance(0.82):
        journal.wait(40)
        journal.contact(diagnosing, "Diagnos", profession, purpose="diagnosis")
    journal.wait(55)
    _interventions(journal, helping, helper, visits=draws.whole(3, 9))


def _team_outcome(journal: Journal) -> None:
    """Writes the end of the team route: help starts in the existing units, with a diagnosis before or after it."""
    draws = journal.draws
    order = draws.pick(("help first", "diagnosis first", "help only"), (0.6, 0.2, 0.2))
    helping, helper = draws.pick(((SPEECH, "logoped"), (PRESCHOOL, "specialpedagog"), (HABILITATION, "specialpedagog")), (0.4, 0.35, 0.25))
    if order == "diagnosis first":
        journal.wait(34)
        journal.contact(SPECIALIST_BVC, "Diagnos", "läkare", purpose="diagnosis")
    journal.wait(36)
    _interventions(journal, helping, helper, visits=draws.whole(4, 9))
    if order == "help first":
        journal.wait(30)
        journal.contact(SPECIALIST_BVC, "Diagnos", "läkare", purpose="diagnosis")
    if draws.chance(0.5):
        journal.wait(30)
        second = (PRESCHOOL, "specialpedagog") if helping is SPEECH else (SPEECH, "logoped")
        _interventions(journal, *second, visits=2)


def _interventions(journal: Journal, unit: Unit, profession: str, *, visits: int) -> None:
    """Writes a series of intervention contacts."""
    coordinator = "teamsamordnare" if journal.child.route == "team" else None
    for visit in range(visits):
        if visit:
            journal.wait(26)
        journal.contact(unit, "Insats", profession, purpose="treatment", coordinator=coordinator)


def _team(journal: Journal) -> list[tuple[Unit, str]]:
    """Gives the members of a child's team, each from the own unit; a physiotherapist perhaps."""
    members = [
        (SPEECH, "logoped"),
        (PSYCHOLOGY, "psykolog"),
        (PRESCHOOL, "specialpedagog"),
        (SPECIALIST_BVC, "läkare"),
        (BUP, "konsult"),
    ]
    return [*members, (REHABILITATION, "fysioterapeut")] if journal.draws.chance(0.35) else members
