# ruff: noqa: E501  (a table row of Markdown can't be broken)
"""The README of the sample folder, as text, so that it is rebuilt with the files that it describes."""

from __future__ import annotations

__all__ = ["README"]

README = """\
# Synthetic sample: Mark and Svenljunga (SYNTETISKA DATA)

**No child in these files exists.** A seeded program made every event by simulating a care process; nothing was copied from a record.

What is real: the two figures of the published headline, a lead time of 2 years 2.5 months before and 8.5 months after (pilot 2018-2020,
children 0-5 years). Two numbers of the simulation were calibrated to them, once: the pace of all waits on the ordinary route and on the
team's route. No single event was moved. The headline is therefore *put in*; these files can show that a tool computes it, never
that a team shortens anything.

What is made up: everything else. Numbers of children, queues, how many visits, who referred to whom, which referrals came back, ages, who
left. The units have the names of kinds of units in Swedish care; what they do here says nothing of any real unit. Weekends, July and
Christmas are closed; other holidays aren't modelled.

## The process

- **Before** (96 children, detected 2014-2017): detection at the child health centre (BVC) or preschool; then speech therapist, psychologist,
  physician, child psychiatry and habilitation one after another (most children not all of them), each by a new referral that is
  accepted, returned, refused, forwarded or closed, each with a queue, forms and the history told again; diagnosis; intervention.
- **After** (84 children, detected 2018-2020): detection; physician at a specialist BVC; a joint meeting of the team's units in one place;
  a coordinated plan (SIP); intervention and diagnosis. About one in five goes the ordinary way (column `Väg`).
- Some children move away or decline, some still wait at the end of observation, 2020-12-31, and many of the before cohort are still
  on their way when the team begins on 2018-01-01. They stay on the ordinary route.

## The files

| file | holds |
|---|---|
| `events.csv` | one row an event: UTF-8, comma, ISO dates, empty where nothing is known |
| `events_messy.xlsx` | the same events as several systems might export them: a guide sheet, then a sheet per unit (its name is the unit) with title rows, columns in any order, dates in five spellings, stray spaces, exact duplicates and a few rows that can't be used |
| `pathway.toml` | milestones, exits, kinds and minutes of activities, zone, end of observation, cohorts |

| column | role | holds |
|---|---|---|
| Ärende | case_id | one child |
| Händelse | activity | what happened |
| Datum | start | day of the event |
| Enhet | unit | the unit that noted it (in a referral: who sent, received or decided) |
| Organisation | organisation | `kommun`, `region` or both |
| Vårdnivå | level | `general`, `first`, `specialist` |
| Profession, Plats | profession, place | who met the child, and where |
| Syfte | purpose | `screening`, `history` (first contact with a unit after the first of all), `assessment`, `plan`, … |
| Närvaro | attended | `yes`, `no` |
| Remiss-id, Remisstatus, Remiss till | referral_id, referral_status, referral_to | `sent`, `received`, `accepted`, `returned`, `refused`, `forwarded`, `closed` |
| Mötes-id | meeting_id | rows that are one joint meeting, a row a unit |
| Initierad av | initiator | `guardian` or `unit`, at the first contact with a unit |
| Samordnare | coordinator | filled in where the team's coordinator holds the case together |
| Återkoppling till | feedback_to | `family`, `raiser` |
| Kohort, Väg, Kommun | cohort, route, site | `before`/`after`, `ordinary`/`team`, `Mark`/`Svenljunga` |
| Födelsedatum, Kön | birth_date, sex | made up, the same ages at detection in both cohorts |
| Anmärkning | attribute | `syntetiska data` on every row |

## How it is rebuilt

`python -m leadtime.datasets data_samples` writes the same bytes again (the workbook's compression depends on the machine's zlib; its
content doesn't). `leadtime.datasets.mark_svenljunga(seed=…, before=…, after=…, team_share=…)` makes other studies; their medians are
not calibrated. Its `.known` holds the answers: numbers of children by status, wastes put in per child, the bad rows of the workbook.
"""
