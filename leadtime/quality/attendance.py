"""Whether a visit took place, as exports say it in Swedish and English, and what a log says of it that can't be understood."""

from __future__ import annotations

import narwhals as nw

from leadtime.quality.findings import Sighting, finding
from leadtime.quality.scope import Scope

__all__ = ["missed", "of_attendance"]

_MISSED = (
    "no", "n", "nej", "0", "false", "falskt", "ej", "missed", "absent", "no-show", "no show", "no_show", "noshow", "dna", "did not attend",
    "not attended", "cancelled", "canceled", "cancelled by patient", "cancelled by provider", "rescheduled", "rebooked",
    "uteblev", "utebliven", "uteblivet", "uteblivit", "uteblivna", "frånvarande", "frånvaro", "kom ej", "kom inte", "ej kommit",
    "ej närvarande", "avbokad", "avbokat", "avbokade", "avbokning", "ombokad", "ombokat", "ombokning", "inställd", "inställt", "inställda",
    "återbud", "sent återbud", "ej genomförd", "ej genomfört", "inte genomförd", "inte genomfört", "ej utförd", "ej utfört", "makulerad",
    "makulerat", "struken", "struket",
)  # fmt: skip
_TOOK_PLACE = (
    "yes", "y", "ja", "j", "1", "true", "sant", "x", "attended", "present", "arrived", "showed up", "completed", "complete", "done", "kept",
    "fulfilled", "finished", "late", "närvarande", "närvaro", "närvarade", "deltog", "deltagit", "kom", "kommit", "ankommen", "ankommit",
    "anlänt", "genomförd", "genomfört", "genomförda", "utförd", "utfört", "utförda", "klar", "klart", "avslutad", "avslutat", "försenad",
)  # fmt: skip


def missed() -> nw.Expr:
    """Whether a visit is noted as one that did not take place; false where nothing is noted, or nothing that is known."""
    return _is(_MISSED)


def of_attendance(scope: Scope) -> list[Sighting]:
    """Gives the visits whose attendance isn't known, and with a pathway those that may start or stop the clock and did not take place."""
    if "attended" not in scope.log.columns:
        return []
    noted = ~nw.col("attended").is_null()
    seen = {"attendance-unknown": scope.inside.filter(noted & ~_is(_MISSED) & ~_is(_TOOK_PLACE))}
    if scope.route is not None:
        clock = (scope.route.start, *scope.route.stop)
        reached = sorted({activity for name in clock for activity in scope.route.milestones[name].activities})
        seen["missed-milestones"] = scope.inside.filter(missed() & nw.col("activity").is_in(reached))
    found = []
    for code, frame in seen.items():
        count, rows = scope.counted(frame)
        found += [Sighting(finding(code, count), rows)] if count else []
    return found


def _is(spellings: tuple[str, ...]) -> nw.Expr:
    """Whether what is noted is one of some spellings."""
    return nw.coalesce(nw.col("attended").str.to_lowercase().is_in(list(spellings)), nw.lit(value=False))
