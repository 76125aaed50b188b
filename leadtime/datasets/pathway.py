"""The pathway that goes with the synthetic study, as the text of its file; `{until}` stands for the last observed day."""

from __future__ import annotations

__all__ = ["PATHWAY_TOML"]

_HEAD = """\
# SYNTETISKA DATA / SYNTHETIC DATA: the events that this pathway reads are made up; no child in them exists.
name = "Tidig upptäckt, tidiga insatser (syntetiska data)"
start = "detection"
stop = ["diagnosis", "intervention"]  # the first reached stops the clock
order = ["detection", "referral", "assessment", "diagnosis", "intervention"]

[milestones.detection]
activities = ["Upptäckt"]

[milestones.referral]
activities = ["Remiss skickad"]

[milestones.assessment]
activities = [
    "Besök logoped", "Bedömning psykolog", "Läkarbesök", "Bedömning BUP", "Bedömning habilitering", "Teammöte",
]

[milestones.diagnosis]
activities = ["Diagnos"]

[milestones.intervention]
activities = ["Insats"]

[exits.moved]
activities = ["Flyttat"]

[exits.declined]
activities = ["Tackat nej"]
"""

# activity, kind, whether it adds value to the child, minutes that it takes (the files hold dates only)
_KINDS = (
    ("Upptäckt", "contact", "true", 30),
    ("Samtal förskola", "contact", "false", 30),
    ("Besök BVC", "contact", "false", 30),
    ("Remiss skickad", "referral", "false", 15),
    ("Remiss mottagen", "referral", "false", 5),
    ("Remiss accepterad", "referral", "false", 10),
    ("Remiss returnerad", "referral", "false", 10),
    ("Remiss avslagen", "referral", "false", 10),
    ("Remiss vidareskickad", "referral", "false", 10),
    ("Remiss avslutad", "referral", "false", 10),
    ("Formulär", "admin", "false", 20),
    ("Besök logoped", "assessment", "true", 60),
    ("Bedömning psykolog", "assessment", "true", 90),
    ("Läkarbesök", "assessment", "true", 45),
    ("Bedömning BUP", "assessment", "true", 60),
    ("Bedömning habilitering", "assessment", "true", 60),
    ("Teammöte", "team", "true", 90),
    ("SIP-möte", "contact", "true", 60),
    ("Återkoppling familj", "contact", "false", 20),
    ("Återkoppling remittent", "admin", "false", 10),
    ("Diagnos", "decision", "true", 45),
    ("Insats", "intervention", "true", 60),
    ("Flyttat", "other", "false", 5),
    ("Tackat nej", "other", "false", 5),
)

_TAIL = """
[log]
timezone = "Europe/Stockholm"
observed_until = "{until}"

[comparison]
by = "cohort"
before = "before"
after = "after"
"""

_ACTIVITIES = "".join(
    f'\n[activities."{name}"]\nkind = "{kind}"\nvalue_adding = {adds}\nminutes = {minutes}\n' for name, kind, adds, minutes in _KINDS
)

PATHWAY_TOML = _HEAD + _ACTIVITIES + _TAIL
