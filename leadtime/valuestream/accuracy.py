"""What a step hands on that can be used as it is, from a log: the referrals it sent that weren't bounced.

Source: DEFINITIONS 4.9 (%C&A, judged by the receiver), 4.7 W5 (bounced).
"""

from __future__ import annotations

import narwhals as nw

from leadtime.cases import LeadTimes
from leadtime.valuestream.window import history
from leadtime.waste.referrals import BOUNCED

__all__ = ["complete_accurate"]

_COLUMNS = ("referral_id", "referral_status")


def complete_accurate(times: LeadTimes, by: str) -> dict[str, float]:
    """Gives, for each step that sent referrals within the windows of finished cases, the share of its sendings that weren't bounced.

    A sending is an event with the status ``sent``; it is bounced where the receiver returned, refused or forwarded that referral before it
    was sent again. A referral that comes back and is sent anew is thus two sendings, the first of them bad. Steps that sent nothing
    aren't there; without `referral_id` and `referral_status` none is.
    """
    log = times.log
    if not set(_COLUMNS) <= set(log.columns):
        return {}
    status = nw.col("referral_status").str.to_lowercase()
    steps = history(times, _COLUMNS).filter(~nw.col("referral_id").is_null()).with_columns(
        sent=(status == "sent").cast(nw.Int64), bad=status.is_in(list(BOUNCED)).cast(nw.Int64)
    )  # fmt: skip
    numbered = steps.with_columns(sending=nw.col("sent").cum_sum().over("case_id", "referral_id", order_by=("begin", "row")))
    sendings = numbered.filter(nw.col("sending") > 0).group_by("case_id", "referral_id", "sending").agg(
        step=nw.when(nw.col("sent") == 1).then(nw.col(by)).max(), bad=nw.coalesce("bad", nw.lit(0)).max()
    )  # fmt: skip
    counted = sendings.filter(~nw.col("step").is_null()).group_by("step").agg(n=nw.len(), bad=nw.col("bad").sum())
    return {str(row["step"]): 1 - int(row["bad"]) / int(row["n"]) for row in log.session.collect(counted).to_dict(orient="records")}
